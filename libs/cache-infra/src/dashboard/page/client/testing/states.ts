import type { CacheSummary } from '../../../../fleet/summary.js';
import {
  countNames,
  windowNames,
  windowSteps,
  type CacheWindow,
  type CountName,
  type WindowCounts,
  type WindowName,
  type WindowReport,
} from '../../../../monitoring/windows/window-report.js';
import type { DashboardState, InstanceLine } from '../../../state.js';

/** The moment of all made-up states. */
export const now = Date.UTC(2026, 0, 1, 12);

type L2 = NonNullable<CacheSummary['health']['tiers']['l2']>;

export interface CacheChanges {
  /** null = the cache is in memory. */
  readonly l2?: Partial<L2> | null;
  readonly hasL1?: boolean;
  readonly status?: CacheSummary['health']['status'];
  readonly kind?: CacheSummary['kind'];
  readonly truth?: CacheSummary['stats']['truth'];
  readonly events?: CacheSummary['events'];
  readonly journal?: Partial<CacheSummary['stats']['journal']>;
}

export const noTruth: CacheSummary['stats']['truth'] = {
  ...{ verified: 0, untrue: 0, rate: 1, interval: [0, 1], oldestMs: 0, inconclusive: 0, skipped: 0 },
  causes: { ttl: 0, tag: 0, key: 0, writer: 0 },
};

const tier = { hits: 0, misses: 0, sets: 0, deletes: 0, errors: 0 };

/** A healthy cache with both tiers, and what differs from it. */
export function cacheOf(name: string, changes: CacheChanges = {}): CacheSummary {
  const { l2 = {}, hasL1 = true, status = 'up', truth, events = [] } = changes;
  return {
    ...{ name, kind: changes.kind ?? (l2 === null ? 'memory' : 'redis'), keyPrefix: `${name}:`, events },
    health: {
      ...{ status, truth },
      tiers: {
        l1: hasL1 ? { size: 250, maxSize: 1000 } : undefined,
        l2:
          l2 === null
            ? undefined
            : {
                status: 'ready',
                latencyMs: 0.4,
                breaker: 'closed',
                coherence: 'armed',
                journalSize: 0,
                ...l2,
              },
      },
    },
    stats: {
      ...{
        name,
        hits: 90,
        misses: 10,
        sets: 10,
        deletes: 0,
        errors: 0,
        loads: 10,
        loadErrors: 0,
        notStored: 0,
      },
      ...{
        schemaMisses: 0,
        otherVersion: 0,
        notModified: 0,
        lagging: 0,
        staleHits: 0,
        refreshes: 0,
        coalesced: 0,
      },
      ...{
        evictions: 0,
        tooLarge: 0,
        corrupt: 0,
        hitRatio: 0.9,
        size: 250,
        bytes: 0,
        truth: truth ?? noTruth,
      },
      compression: { count: 0, bytesIn: 0, bytesOut: 0 },
      journal: {
        ...{ size: 0, bytes: 0, recorded: 0, replayed: 0, superseded: 0, dropped: 0, expired: 0 },
        ...changes.journal,
      },
      ...{ l1: tier, l2: tier },
    },
  };
}

export function instanceOf(name: string, changes: Partial<InstanceLine> = {}): InstanceLine {
  return {
    ...{
      id: `id-${name}`,
      name,
      startedAt: now - 3_600_000,
      at: now,
      node: 'v22',
      release: '1',
      rssBytes: 1e8,
    },
    ...{ status: 'up', ...changes },
  };
}

/** A window of a cache with the same number of hits in the L1 and of misses in each of its 60 steps. */
export function windowOf(cache: string, l1Hits: number, misses: number): CacheWindow {
  const perStep: Partial<Record<CountName, number>> = { l1Hits, misses, loads: misses };
  const reads = l1Hits + misses;
  const none = { p50Ms: null, p95Ms: null, p99Ms: null, count: 0 };
  return {
    counts: Object.fromEntries(countNames.map((name) => [name, (perStep[name] ?? 0) * 60])) as WindowCounts,
    series: Object.fromEntries(
      countNames.map((name) => [name, Array.from({ length: 60 }, () => perStep[name] ?? 0)]),
    ) as Record<CountName, number[]>,
    ...{ cache, hitRatio: reads === 0 ? null : l1Hits / reads },
    latency: { l1: none, l2: none, load: { p50Ms: 42, p95Ms: 80, p99Ms: 90, count: misses * 60 } },
    p50Series: { l1: [], l2: [], load: [] },
  };
}

/** The state of a fleet. All windows hold the same `report`. */
export function stateOf(
  caches: readonly CacheSummary[],
  changes: Partial<Omit<DashboardState, 'summary'>> & {
    readonly report?: Partial<WindowReport>;
    readonly ai?: DashboardState['summary']['ai'];
  } = {},
): DashboardState {
  const { report = {}, ai = [], ...rest } = changes;
  const empty = { caches: [], operations: [], groups: [], routes: [], topKeys: [], topTags: [] };
  const windows = Object.fromEntries(
    windowNames.map((window) => [
      window,
      { window, stepSeconds: windowSteps[window].seconds, endsAt: now, ...empty, ...report },
    ]),
  ) as Record<WindowName, WindowReport>;
  return {
    ...{ at: now, source: 'application', rights: { readOnly: true, showsValues: false } },
    ...{ instances: [instanceOf('web-1')], shown: null, summary: { caches, ai, windows }, ...rest },
  };
}
