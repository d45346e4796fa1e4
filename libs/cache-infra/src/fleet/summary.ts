import type { AiCounters } from '../ai/index.js';
import type { CacheHealth } from '../cache/contract/health.js';
import type { CacheStats } from '../cache/contract/stats.js';
import type { WindowName, WindowReport } from '../monitoring/windows/window-report.js';

/** One instance of an application, as it publishes itself. Plain data for JSON, without credentials and values. */
export interface InstanceSummary {
  /** Format of this summary; a reader skips others. */
  readonly version: 1;
  /** Random, new for each start of the process. */
  readonly id: string;
  /** For people: `host:pid`, or the configured name. */
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly at: number;
  readonly node: string;
  readonly release: string;
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  readonly caches: readonly CacheSummary[];
  readonly ai: readonly AiSummary[];
  readonly windows: Readonly<Record<WindowName, WindowReport>>;
}

/** One cache of an instance. */
export interface CacheSummary {
  readonly name: string;
  readonly kind: 'memory' | 'redis' | 'disabled';
  readonly keyPrefix: string;
  readonly health: CacheHealth;
  /** Since the start of the process. */
  readonly stats: CacheStats;
  /** Changes of state, newest first: at most 20. */
  readonly events: readonly CacheChange[];
}

/** A change of state of a cache. */
export interface CacheChange {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly event:
    'degraded' | 'recovered' | 'breakerOpen' | 'coherenceLost' | 'coherenceRestored' | 'journalOverflow';
}

/** The savings of one AI cache since the start of the process. */
export interface AiSummary {
  readonly cache: string;
  readonly totals: AiCounters;
  readonly operations: readonly (AiCounters & { readonly name: string })[];
}

/** All instances, and their sum. */
export interface FleetSummary {
  readonly at: number;
  /** Oldest start first. */
  readonly instances: readonly InstanceSummary[];
  /** All of them as if they were one: counts added, health the worst, latencies weighted by their counts. */
  readonly total: Pick<InstanceSummary, 'caches' | 'ai' | 'windows'>;
}
