import { readsOf, weighted, type Combined } from './combine.js';

/** How often the origin was asked, and how often it would have been asked without the cache. */
export interface OriginLoad {
  readonly asked: number;
  readonly without: number;
  /** 0-1: the share of asking that the cache spared; null without reads. */
  readonly spared: number | null;
}

/**
 * Without the cache, every read asks the origin. With it, a miss asks unless it joined a running load or was answered
 * with a stale value; loads ahead of time ask, too.
 */
export function originLoad({ counts }: Combined): OriginLoad {
  const without = readsOf(counts);
  const asked = Math.max(counts.loads, counts.misses - counts.coalesced - counts.staleHits, 0);
  return { asked, without, spared: without === 0 ? null : Math.max(0, 1 - asked / without) };
}

/** What a read takes with the cache, and what it takes without: milliseconds, null if it is not known. */
export interface ReadTimes {
  readonly withMs: number | null;
  readonly withoutMs: number | null;
  /** How many times faster; null if one of them is not known. */
  readonly factor: number | null;
}

/** The mean of the medians of L1, L2 and load by how many reads each answered, beside the median of a load. */
export function readTimes({ counts, latency }: Combined): ReadTimes {
  const withMs = weighted([
    [latency.l1.p50Ms, counts.l1Hits],
    [latency.l2.p50Ms, counts.l2Hits],
    [latency.load.p50Ms, counts.misses],
  ]);
  const withoutMs = latency.load.p50Ms;
  const isKnown = withMs !== null && withoutMs !== null && withMs > 0;
  return { withMs, withoutMs, factor: isKnown ? withoutMs / withMs : null };
}

/** The shares of the reads that each tier answered, by step; null for steps without reads. */
export function shares({ series }: Combined): readonly (Shares | null)[] {
  return series.misses.map((misses, step) => {
    const l1 = series.l1Hits[step] ?? 0;
    const l2 = series.l2Hits[step] ?? 0;
    const reads = l1 + l2 + misses;
    const stale = Math.min(series.staleHits[step] ?? 0, misses);
    return reads === 0
      ? null
      : { l1: l1 / reads, l2: l2 / reads, stale: stale / reads, load: (misses - stale) / reads };
  });
}

/** Of the reads of a step, 0-1 each. `stale`: answered with a stale value; `load`: by the origin, or not at all. */
export interface Shares {
  readonly l1: number;
  readonly l2: number;
  readonly stale: number;
  readonly load: number;
}

/** Savings of AI caches together. */
export interface AiBenefit {
  readonly calls: number;
  readonly answered: number;
  readonly cost: number;
  readonly tokens: number;
  readonly timeMs: number;
  /** Answers without a known price, which `cost` leaves out. */
  readonly unpriced: number;
}

interface AiTotals {
  readonly totals: {
    readonly calls: number;
    readonly hits: number;
    readonly collapsed: number;
    readonly costSaved: number;
    readonly inputTokensSaved: number;
    readonly outputTokensSaved: number;
    readonly timeSavedMs: number;
    readonly unpriced: number;
    readonly unmetered: number;
  };
}

/** Undefined without an AI cache. */
export function aiBenefit(caches: readonly AiTotals[]): AiBenefit | undefined {
  if (caches.length === 0) return undefined;
  const add = (value: (totals: AiTotals['totals']) => number) =>
    caches.reduce((total, each) => total + value(each.totals), 0);
  return {
    calls: add(({ calls }) => calls),
    answered: add(({ hits, collapsed }) => hits + collapsed),
    cost: add(({ costSaved }) => costSaved),
    tokens: add(({ inputTokensSaved, outputTokensSaved }) => inputTokensSaved + outputTokensSaved),
    timeMs: add(({ timeSavedMs }) => timeSavedMs),
    unpriced: add(({ unpriced, unmetered }) => unpriced + unmetered),
  };
}
