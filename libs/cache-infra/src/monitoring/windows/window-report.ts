import type { CacheOperation } from '../../cache/contract/monitor.js';

/** The windows of a monitor, shortest first. Each ends now. */
export const windowNames = ['1m', '5m', '1h', '24h'] as const;
export type WindowName = (typeof windowNames)[number];

/** Steps of each window: how many, and the length of one in seconds. */
export const windowSteps: Readonly<Record<WindowName, { readonly steps: number; readonly seconds: number }>> =
  {
    '1m': { steps: 60, seconds: 1 },
    '5m': { steps: 60, seconds: 5 },
    '1h': { steps: 60, seconds: 60 },
    '24h': { steps: 96, seconds: 900 },
  };

/** What is counted, exactly, in each step. */
export const countNames = [
  'l1Hits',
  'l2Hits',
  'misses',
  'staleHits',
  'loads',
  'loadErrors',
  'coalesced',
  'sets',
  'deletes',
  'evictions',
  'errors',
] as const;
export type CountName = (typeof countNames)[number];
export type WindowCounts = Readonly<Record<CountName, number>>;

/** How fast calls were answered in one step or window, milliseconds; null = no call was timed. */
export interface WindowLatency {
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  /** Timed calls. Hits in the L1 are sampled. */
  readonly count: number;
}

/** By what answered a read: `load` = calls that ran or joined a loader. */
export const answerers = ['l1', 'l2', 'load'] as const;
export type Answerer = (typeof answerers)[number];

/** One cache in one window. */
export interface CacheWindow {
  readonly cache: string;
  /** Sums of the window. */
  readonly counts: WindowCounts;
  /** hits / (hits + misses), 0-1; null without reads. */
  readonly hitRatio: number | null;
  /** By step, oldest first. Steps before the start of the process are 0. */
  readonly series: Readonly<Record<CountName, readonly number[]>>;
  readonly latency: Readonly<Record<Answerer, WindowLatency>>;
  /** The medians by step, milliseconds, oldest first. */
  readonly p50Series: Readonly<Record<Answerer, readonly (number | null)[]>>;
}

/** One operation of one cache in one window. */
export interface OperationWindow extends WindowLatency {
  readonly cache: string;
  readonly operation: CacheOperation;
  /** Calls: estimated where hits in the L1 are sampled. */
  readonly calls: number;
  readonly failures: number;
}

/**
 * Keys with a common template in one window: the parts of a key that vary are `*` (`user:*`,
 * `ProductsService.find(*)`). Estimates: hits are sampled, and of more than 256 reads or loads a second one in 16
 * counts for 16.
 */
export interface GroupWindow {
  readonly cache: string;
  /** `(other)`: the groups beyond the limit. */
  readonly group: string;
  readonly hits: number;
  readonly misses: number;
  readonly loads: number;
  readonly loadErrors: number;
  /** Total milliseconds in loaders. */
  readonly loadMs: number;
  /** 0-1; null without reads. */
  readonly hitRatio: number | null;
}

/** One route in one window: requests that the monitoring interceptor, or the HTTP cache, watched. */
export interface RouteWindow {
  /** For example `GET /products/:id`. */
  readonly route: string;
  readonly requests: number;
  readonly hits: number;
  readonly misses: number;
  readonly loads: number;
  readonly loadMs: number;
  readonly hitRatio: number | null;
}

/** One of the keys that are asked for most, by a bounded sketch. */
export interface TopKey {
  readonly cache: string;
  /** Of the key, from the outermost to the innermost; empty = the root. */
  readonly namespaces: readonly string[];
  readonly key: string;
  /** Estimated reads in the window. */
  readonly reads: number;
  /** 0-1: the share of all reads of the cache. */
  readonly share: number;
}

/** One of the tags that are invalidated most. */
export interface TopTag {
  readonly cache: string;
  readonly tag: string;
  readonly invalidations: number;
}

/** Everything of one window. Plain data for JSON. */
export interface WindowReport {
  readonly window: WindowName;
  readonly stepSeconds: number;
  /** End of the last step, milliseconds since 1970. */
  readonly endsAt: number;
  readonly caches: readonly CacheWindow[];
  readonly operations: readonly OperationWindow[];
  /** Most loads first. */
  readonly groups: readonly GroupWindow[];
  readonly routes: readonly RouteWindow[];
  /** Most reads first. */
  readonly topKeys: readonly TopKey[];
  readonly topTags: readonly TopTag[];
}
