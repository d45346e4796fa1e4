import { hostname } from 'node:os';

import type { AiCacheService } from '../ai/index.js';
import { release } from '../base/release.js';
import type { Cache } from '../cache/contract/cache.js';
import type { CacheHealth } from '../cache/contract/health.js';
import { engineOf, TieredCache } from '../cache/tiered-cache.js';
import { windowNames, type WindowName, type WindowReport } from '../monitoring/windows/window-report.js';
import type { ChangeLog } from './change-log.js';
import { emptyReport } from './empty-report.js';
import type { AiSummary, CacheSummary, InstanceSummary } from './summary.js';

/** The windows of a monitor, such as `CachePerformanceMonitor`. */
export interface WindowSource {
  windows(name: WindowName): WindowReport;
}

/** A cache of the instance, and its latest changes of state. */
export interface SummarisedCache {
  readonly cache: Cache;
  readonly changes?: ChangeLog | undefined;
}

/** An AI cache of the instance. `name`: of its cache. */
export interface SummarisedAi {
  readonly name: string;
  readonly ai: AiCacheService;
}

/** The parts of an instance. */
export interface InstanceParts {
  /** Random, new for each start of the process. */
  readonly id: string;
  /** Default: `<host>:<pid>`. */
  readonly name?: string | undefined;
  readonly caches: readonly SummarisedCache[];
  readonly ai?: readonly SummarisedAi[] | undefined;
  /** Without a monitor the windows are empty. */
  readonly monitor?: WindowSource | undefined;
}

const startedAt = Math.round(Date.now() - process.uptime() * 1000);

/** `<host>:<pid>`. */
export function instanceName(): string {
  return `${hostname()}:${String(process.pid)}`;
}

/**
 * An instance as it is now. Sends one `PING` to the Redis of each cache. Contains no credentials and no values; it
 * names hot keys. Never rejects.
 */
export async function instanceSummary(parts: InstanceParts): Promise<InstanceSummary> {
  const { id, name = instanceName(), caches, ai = [], monitor } = parts;
  const summaries = await Promise.all(caches.map(cacheSummary));
  const at = Date.now();
  const { rss, heapUsed } = process.memoryUsage();
  const windows = windowNames.map((each) => [each, reportOf(monitor, each, at)]);
  return {
    ...{ version: 1, id, name, startedAt, at, release },
    node: process.versions.node,
    rssBytes: rss,
    heapUsedBytes: heapUsed,
    caches: summaries,
    ai: ai.map(aiSummary),
    windows: Object.fromEntries(windows) as Record<WindowName, WindowReport>,
  };
}

function reportOf(monitor: WindowSource | undefined, window: WindowName, at: number): WindowReport {
  try {
    return monitor?.windows(window) ?? emptyReport(window, at);
  } catch {
    // The monitor keeps no windows.
    return emptyReport(window, at);
  }
}

async function cacheSummary({ cache, changes }: SummarisedCache): Promise<CacheSummary> {
  const { kind, keyPrefix } = homeOf(cache);
  return {
    ...{ name: cache.name, kind, keyPrefix },
    health: await healthOf(cache),
    stats: cache.stats(),
    events: changes?.changes() ?? [],
  };
}

function homeOf(cache: Cache): Pick<CacheSummary, 'kind' | 'keyPrefix'> {
  if (!(cache instanceof TieredCache)) return { kind: 'memory', keyPrefix: '' };
  const { l1, l2, keyPrefix } = engineOf(cache);
  if (l2 !== undefined) return { kind: 'redis', keyPrefix };
  return { kind: l1 === undefined ? 'disabled' : 'memory', keyPrefix: '' };
}

async function healthOf(cache: Cache): Promise<CacheHealth> {
  // A cache of the user's own may have no health.
  if (!(cache instanceof TieredCache)) return { status: 'up', tiers: {} };
  return cache.health();
}

function aiSummary({ name, ai }: SummarisedAi): AiSummary {
  const { totals, groups } = ai.stats({ by: 'operation' });
  return { cache: name, totals, operations: groups };
}
