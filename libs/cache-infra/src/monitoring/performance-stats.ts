import type { CacheOperation } from '../cache/contract/monitor.js';
import type { CompressionStats, TierStats } from '../cache/contract/stats.js';
import type { CacheCounters } from './cache-counters.js';
import { addCounters, zeroCounters } from './cache-counters.js';
import type { LatencySummary } from './histogram.js';
import type { HttpRouteReport, RouteReport } from './route-report.js';

/** All metrics of the monitor, as plain data for JSON. */
export interface PerformanceStats {
  /** Start of counting or last reset, in ISO 8601. */
  since: string;
  /** Seconds since `since`. */
  durationSeconds: number;
  /** Totals of all caches. */
  totals: CounterReport;
  byTier: { l1: TierReport; l2: TierReport };
  /** By name; caches with the same name are summed, closed ones included. */
  byCache: CacheReport[];
  /** By route, for requests through the `CacheMonitoringInterceptor`. */
  byRoute: RouteReport[];
  /** By route, for requests through the `HttpCacheInterceptor`. */
  byHttpRoute: HttpRouteReport[];
  /** By cache, operation and answering tier. L1 hits are sampled (`sampleEvery`): `count` is the number of samples. */
  latencies: OperationLatency[];
  keyGeneration: KeyGenerationReport;
  compression: CompressionReport;
  /** One in this many L1 hits is timed. */
  sampleEvery: number;
  /** Measurements counted under `(other)` because `maxSeries` was reached. */
  overflowed: number;
}

export interface CounterReport {
  /** Reads, sets and deletes. */
  operations: number;
  hits: number;
  misses: number;
  sets: number;
  deletes: number;
  errors: number;
  loads: number;
  loadErrors: number;
  coalesced: number;
  evictions: number;
  corrupt: number;
  /** hits / (hits + misses), 0-1; 0 without reads. */
  hitRatio: number;
}

export interface TierReport extends TierStats {
  /** 0-1; 0 without reads. */
  hitRatio: number;
}

export interface CacheReport extends CounterReport {
  cache: string;
  /** Open caches of this name. */
  instances: number;
  /** Current entries in their L1s. */
  size: number;
  l1: TierReport;
  l2: TierReport;
  compression: CompressionReport;
}

export interface CompressionReport extends CompressionStats {
  /** bytesOut / bytesIn: 0.25 = compressed to a quarter; 1 when nothing was compressed. */
  ratio: number;
  savedBytes: number;
}

export interface OperationLatency extends LatencySummary {
  cache: string;
  operation: CacheOperation;
  /** The tier that answered; `null` for writes and misses. */
  tier: 'l1' | 'l2' | null;
  /** Calls among `count` that failed. */
  failures: number;
}

/** One latency series as a histogram. */
export interface LatencyBuckets extends Pick<OperationLatency, 'cache' | 'operation' | 'tier'> {
  /** Number of timed calls. */
  readonly count: number;
  readonly sumMs: number;
  /** Calls that took at most the bound of the same index. */
  readonly within: readonly number[];
}

export interface KeyGenerationReport extends LatencySummary {
  /** Total input of key generation, in bytes or characters. */
  inputLength: number;
  byOperation: (LatencySummary & { cache: string; operation: string; inputLength: number })[];
}

/** Counters of one open cache, or of closed ones. */
export interface CountedCache {
  readonly cache: string;
  readonly counters: CacheCounters;
  readonly instances: number;
  readonly size: number;
}

export function reportTotals(caches: readonly CountedCache[]): CacheCounters {
  return caches.reduce((sum, { counters }) => addCounters(sum, counters), zeroCounters);
}

export function reportByCache(caches: readonly CountedCache[]): CacheReport[] {
  const byName = new Map<string, CountedCache[]>();
  for (const counted of caches) byName.set(counted.cache, [...(byName.get(counted.cache) ?? []), counted]);
  return [...byName].map(([cache, group]) => {
    const counters = reportTotals(group);
    return {
      cache,
      instances: group.reduce((sum, { instances }) => sum + instances, 0),
      size: group.reduce((sum, { size }) => sum + size, 0),
      ...counterReport(counters),
      l1: tierReport(counters.l1),
      l2: tierReport(counters.l2),
      compression: compressionReport(counters.compression),
    };
  });
}

export function counterReport(counters: CacheCounters): CounterReport {
  const { hits, misses, sets, deletes, errors, loads, loadErrors, coalesced, evictions, corrupt } = counters;
  const own = { hits, misses, sets, deletes, errors, loads, loadErrors, coalesced, evictions, corrupt };
  return { operations: operationsOf(counters), ...own, hitRatio: ratio(hits, hits + misses) };
}

/** Reads, sets and deletes. */
export function operationsOf({ hits, misses, sets, deletes }: CacheCounters): number {
  return hits + misses + sets + deletes;
}

export function tierReport(tier: TierStats): TierReport {
  return { ...tier, hitRatio: ratio(tier.hits, tier.hits + tier.misses) };
}

export function compressionReport(compression: CompressionStats): CompressionReport {
  const { bytesIn, bytesOut } = compression;
  return { ...compression, ratio: bytesIn === 0 ? 1 : bytesOut / bytesIn, savedBytes: bytesIn - bytesOut };
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
