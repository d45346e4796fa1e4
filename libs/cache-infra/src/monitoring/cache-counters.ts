import type { CacheStats, CompressionStats, TierStats } from '../cache/contract/stats.js';

const names = [
  'hits',
  'misses',
  'sets',
  'deletes',
  'errors',
  'loads',
  'loadErrors',
  'coalesced',
  'evictions',
  'corrupt',
] as const;
const tierNames = ['hits', 'misses', 'sets', 'deletes', 'errors'] as const;
const compressionNames = ['count', 'bytesIn', 'bytesOut'] as const;

/** The monotonic counters of a cache's statistics, which can be added and subtracted. */
export interface CacheCounters extends Pick<CacheStats, (typeof names)[number]> {
  readonly l1: TierStats;
  readonly l2: TierStats;
  readonly compression: CompressionStats;
}

type Combine = (a: number, b: number) => number;

function combine(a: CacheCounters, b: CacheCounters, how: Combine): CacheCounters {
  return {
    ...fields(names, a, b, how),
    l1: fields(tierNames, a.l1, b.l1, how),
    l2: fields(tierNames, a.l2, b.l2, how),
    compression: fields(compressionNames, a.compression, b.compression, how),
  };
}

function fields<N extends string>(
  of: readonly N[],
  a: Readonly<Record<N, number>>,
  b: Readonly<Record<N, number>>,
  how: Combine,
): Record<N, number> {
  const pairs = of.map((name) => [name, how(a[name], b[name])] as const);
  return Object.fromEntries(pairs) as Record<N, number>;
}

const zeroTier: TierStats = { hits: 0, misses: 0, sets: 0, deletes: 0, errors: 0 };

export const zeroCounters: CacheCounters = {
  hits: 0,
  misses: 0,
  sets: 0,
  deletes: 0,
  errors: 0,
  loads: 0,
  loadErrors: 0,
  coalesced: 0,
  evictions: 0,
  corrupt: 0,
  l1: zeroTier,
  l2: zeroTier,
  compression: { count: 0, bytesIn: 0, bytesOut: 0 },
};

export function addCounters(a: CacheCounters, b: CacheCounters): CacheCounters {
  return combine(a, b, (x, y) => x + y);
}

/** Counters since `baseline`. A counter below its baseline has been reset to zero, so all of it is new. */
export function countersSince(now: CacheCounters, baseline: CacheCounters): CacheCounters {
  return combine(now, baseline, (x, y) => (x >= y ? x - y : x));
}

/** Extracts the counters of a cache's statistics. */
export function countersOf(stats: CacheCounters): CacheCounters {
  return addCounters(stats, zeroCounters);
}
