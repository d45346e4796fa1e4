import type { CacheStats } from '../../cache/contract/stats.js';
import { StepRings } from './step-rings.js';
import { countNames, type CountName, type WindowCounts, type WindowName } from './window-report.js';

/** The counters of a cache that the windows keep, in the order of `countNames`. */
export function countsOf(stats: CacheStats): readonly number[] {
  const { l1, l2, misses, staleHits, loads, loadErrors, coalesced, sets, deletes, evictions, errors } = stats;
  const counts: Record<CountName, number> = {
    ...{ l1Hits: l1.hits, l2Hits: l2.hits, misses, staleHits, loads, loadErrors },
    ...{ coalesced, sets, deletes, evictions, errors },
  };
  return countNames.map((name) => counts[name]);
}

/** The counts of the caches of one name, by step. */
export class CacheCounts {
  readonly #rings = new StepRings(countNames.length);

  /** Adds the difference of two readings. A counter below the earlier reading has been reset: all of it is new. */
  add(second: number, now: readonly number[], before: readonly number[]): void {
    now.forEach((count, i) => {
      const earlier = before[i] as number;
      const added = count >= earlier ? count - earlier : count;
      if (added > 0) this.#rings.add(second, i, added);
    });
  }

  report(window: WindowName, second: number): CountsReport {
    const sums = this.#rings.sums(window, second);
    const counts = byName((i) => sums[i] as number);
    const series = byName((i) => this.#rings.series(window, second, i));
    return { counts, hitRatio: hitRatio(counts.l1Hits + counts.l2Hits, counts.misses), series };
  }

  clear(): void {
    this.#rings.clear();
  }

  get bytes(): number {
    return this.#rings.bytes;
  }
}

interface CountsReport {
  readonly counts: WindowCounts;
  readonly hitRatio: number | null;
  readonly series: Readonly<Record<CountName, readonly number[]>>;
}

function byName<T>(valueOf: (index: number) => T): Readonly<Record<CountName, T>> {
  const pairs = countNames.map((name, i) => [name, valueOf(i)] as const);
  return Object.fromEntries(pairs) as Record<CountName, T>;
}

/** 0-1; null without reads. */
export function hitRatio(hits: number, misses: number): number | null {
  return hits + misses === 0 ? null : hits / (hits + misses);
}
