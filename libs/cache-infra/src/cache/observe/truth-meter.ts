import type { TruthStats, UntruthCause } from '../contract/truth.js';

/** Quantile of the normal distribution for an interval of 95 %. */
const z = 1.959964;
const minuteMs = 60_000;

/** Chooses the hits to verify, and counts what was found. */
export class TruthMeter {
  readonly #perMinute: number;
  readonly #causes: Record<UntruthCause, number> = { ttl: 0, tag: 0, key: 0, writer: 0 };
  #verified = 0;
  #oldestMs = 0;
  #inconclusive = 0;
  #skipped = 0;
  #minute = -Infinity;
  #inMinute = 0;

  /** `perMinute`: most verifications of one minute. */
  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  /** True for this share of calls, at random: a fixed distance would meet the same caller again and again. */
  chooses(share: number): boolean {
    return share > 0 && Math.random() < share;
  }

  /** True if the minute has room for another verification. Counts it. `now`: milliseconds. */
  admits(now: number): boolean {
    if (now - this.#minute >= minuteMs) {
      this.#minute = now;
      this.#inMinute = 0;
    }
    if (this.#inMinute >= this.#perMinute) return false;
    this.#inMinute++;
    return true;
  }

  skipped(): void {
    this.#skipped++;
  }

  wasTrue(): void {
    this.#verified++;
  }

  /** `ageMs`: undefined = unknown. */
  wasUntrue(cause: UntruthCause, ageMs: number | undefined): void {
    this.#verified++;
    this.#causes[cause]++;
    this.#oldestMs = Math.max(this.#oldestMs, ageMs ?? 0);
  }

  wasInconclusive(): void {
    this.#inconclusive++;
  }

  snapshot(): TruthStats {
    const { ttl, tag, key, writer } = this.#causes;
    const verified = this.#verified;
    const untrue = ttl + tag + key + writer;
    return {
      verified,
      untrue,
      rate: verified === 0 ? 1 : (verified - untrue) / verified,
      interval: wilson(verified - untrue, verified),
      causes: { ...this.#causes },
      oldestMs: this.#oldestMs,
      inconclusive: this.#inconclusive,
      skipped: this.#skipped,
    };
  }
}

/** The 95 % interval of a rate, from `hits` of `trials`. */
export function wilson(hits: number, trials: number): [low: number, high: number] {
  if (trials === 0) return [0, 1];
  const rate = hits / trials;
  const scale = 1 + z ** 2 / trials;
  const middle = (rate + z ** 2 / (2 * trials)) / scale;
  const half = (z * Math.sqrt((rate * (1 - rate)) / trials + z ** 2 / (4 * trials ** 2))) / scale;
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}
