/** What became of a look-up that found a candidate. */
export type LookupOutcome = 'served' | 'checked' | 'missed';

/** Look-ups whose closest candidate was as similar as `from`, up to the next bin. */
export interface SimilarityBin extends Readonly<Record<LookupOutcome, number>> {
  /** Lower end of the cosine. The first bin also has everything below it. */
  readonly from: number;
}

/** Bins per unit of similarity: each is 0.02 wide. */
const binsPerUnit = 50;

/** Number of the bin of a similarity. Bands of the error budget are these bins. */
export function binOf(similarity: number): number {
  // A cosine of 0.9 may be 0.8999999 in floats of 32 bits.
  return Math.max(0, Math.min(binsPerUnit - 1, Math.floor(similarity * binsPerUnit + 1e-5)));
}

/** Name of the band of a similarity: its lower end, `'0.86'`. */
export function bandOf(similarity: number): string {
  return (binOf(similarity) / binsPerUnit).toFixed(2);
}

/** Similarities of look-ups, hits and misses, in a memory of 50 bins. */
export class SimilarityHistogram {
  readonly #counts: Readonly<Record<LookupOutcome, Float64Array>> = {
    served: new Float64Array(binsPerUnit),
    checked: new Float64Array(binsPerUnit),
    missed: new Float64Array(binsPerUnit),
  };

  add(similarity: number, outcome: LookupOutcome): void {
    const bin = binOf(similarity);
    this.#counts[outcome][bin] = (this.#counts[outcome][bin] as number) + 1;
  }

  /** The bins with a look-up, in the order of similarity. */
  bins(): SimilarityBin[] {
    const { served, checked, missed } = this.#counts;
    return Array.from({ length: binsPerUnit }, (_, bin) => ({
      from: bin / binsPerUnit,
      served: served[bin] as number,
      checked: checked[bin] as number,
      missed: missed[bin] as number,
    })).filter((bin) => bin.served + bin.checked + bin.missed > 0);
  }
}
