import type { AiCounters } from '../ai/index.js';
import type { CacheHealth } from '../cache/contract/health.js';
import type { CacheOperation } from '../cache/contract/monitor.js';
import type { CacheStats } from '../cache/contract/stats.js';
import {
  answerers,
  countNames,
  windowNames,
  windowSteps,
  type CacheWindow,
  type WindowName,
  type WindowReport,
} from '../monitoring/windows/window-report.js';
import {
  Unreadable,
  count,
  countOrZero,
  each,
  list,
  listOrEmpty,
  nullable,
  number,
  oneOf,
  optional,
  record,
  row,
  text,
} from './shape.js';
import type { Read } from './shape.js';
import type { AiSummary, CacheSummary, InstanceSummary } from './summary.js';

/** Most elements of the lists of a summary, and characters of its texts. Published data is untrusted. */
export const limits = {
  caches: 200,
  lines: 200,
  events: 20,
  name: 200,
  key: 1100,
  message: 500,
  namespaces: 20,
} as const;

/** The lists of changes of state that a summary names. */
export const changeNames = [
  'degraded',
  'recovered',
  'breakerOpen',
  'coherenceLost',
  'coherenceRestored',
  'journalOverflow',
] as const;

const operationNames = [
  ...['get', 'getMany', 'set', 'setMany', 'getOrSet', 'getOrSetMany', 'keys', 'has', 'ttl'],
  ...['expire', 'delete', 'deleteMany', 'invalidateTags', 'expireTags', 'invalidatePattern', 'clear'],
] as const satisfies readonly CacheOperation[];

const name = text(limits.name);
const ratio = nullable(number);

const truth = record<CacheStats['truth']>({
  verified: countOrZero,
  untrue: countOrZero,
  rate: number,
  interval: (value) => {
    const [low, high] = row(number, 2)(value);
    return [low ?? 0, high ?? 1];
  },
  causes: each(['ttl', 'tag', 'key', 'writer'], countOrZero),
  oldestMs: countOrZero,
  inconclusive: countOrZero,
  skipped: countOrZero,
});

const tier = each(['hits', 'misses', 'sets', 'deletes', 'errors'], countOrZero);

const stats = record<CacheStats>({
  name,
  ...counts([
    'hits',
    'misses',
    'sets',
    'deletes',
    'errors',
    'loads',
    'loadErrors',
    'notStored',
    'schemaMisses',
  ]),
  ...counts(['otherVersion', 'notModified', 'lagging', 'staleHits', 'refreshes', 'coalesced', 'evictions']),
  ...counts(['tooLarge', 'corrupt', 'hitRatio', 'size', 'bytes']),
  truth,
  compression: each(['count', 'bytesIn', 'bytesOut'], countOrZero),
  journal: each(['size', 'bytes', 'recorded', 'replayed', 'superseded', 'dropped', 'expired'], countOrZero),
  l1: tier,
  l2: tier,
});

const health = record<CacheHealth>({
  status: oneOf('up', 'degraded', 'down'),
  tiers: record<CacheHealth['tiers']>({
    l1: optional(
      record<NonNullable<CacheHealth['tiers']['l1']>>({
        size: count,
        maxSize: count,
        unheardMs: optional(count),
      }),
    ),
    l2: optional(
      record<NonNullable<CacheHealth['tiers']['l2']>>({
        status: oneOf('ready', 'connecting', 'away'),
        latencyMs: optional(count),
        lastError: optional(text(limits.message)),
        breaker: oneOf('closed', 'open', 'half-open'),
        coherence: oneOf('armed', 'lost', 'none'),
        journalSize: countOrZero,
      }),
    ),
  }),
  truth: optional(truth),
});

const cache = record<CacheSummary>({
  name,
  kind: oneOf('memory', 'redis', 'disabled'),
  keyPrefix: name,
  health,
  stats,
  events: list(record({ at: number, event: oneOf(...changeNames) }), limits.events),
});

const counters = {
  ...counts(['calls', 'hits', 'collapsed', 'misses', 'bypassed', 'failures', 'notStored', 'notAccepted']),
  ...counts(['hitRatio', 'inputTokensSaved', 'outputTokensSaved', 'costSaved', 'unpriced', 'unmetered']),
  ...counts(['timeSavedMs']),
};

const ai = record<AiSummary>({
  cache: name,
  totals: record<AiCounters>(counters),
  operations: list(record<AiCounters & { name: string }>({ ...counters, name }), limits.lines),
});

const latency = { p50Ms: ratio, p95Ms: ratio, p99Ms: ratio, count };

function windowShape(window: WindowName): Read<WindowReport> {
  const { steps } = windowSteps[window];
  return record<WindowReport>({
    window: oneOf(window),
    stepSeconds: number,
    endsAt: number,
    caches: list(
      record<CacheWindow>({
        cache: name,
        counts: each(countNames, countOrZero),
        hitRatio: ratio,
        series: each(countNames, row(count, steps)),
        latency: each(answerers, record(latency)),
        p50Series: each(answerers, row(ratio, steps)),
      }),
      limits.caches,
    ),
    operations: list(
      record({ cache: name, operation: oneOf(...operationNames), ...latency, calls: count, failures: count }),
      limits.lines,
    ),
    groups: list(
      record({
        ...{ cache: name, group: text(limits.key), hits: count, misses: count, loads: count },
        ...{ loadErrors: count, loadMs: count, hitRatio: ratio },
      }),
      limits.lines,
    ),
    routes: list(
      record({
        ...{ route: text(limits.key), requests: count, hits: count, misses: count },
        ...{ loads: count, loadMs: count, hitRatio: ratio },
      }),
      limits.lines,
    ),
    topKeys: list(
      record({
        ...{ cache: name, namespaces: listOrEmpty(name, limits.namespaces) },
        ...{ key: text(limits.key), reads: count, share: count },
      }),
      limits.lines,
    ),
    topTags: list(record({ cache: name, tag: text(limits.key), invalidations: count }), limits.lines),
  });
}

/**
 * Checks and returns a summary. Another program may have written it. Throws `Unreadable` for another version or shape.
 */
export const readSummary = record<InstanceSummary>({
  version: (value) => {
    if (value !== 1) throw new Unreadable('another version');
    return 1;
  },
  id: text(64),
  name,
  startedAt: number,
  at: number,
  node: text(32),
  release: text(32),
  rssBytes: count,
  heapUsedBytes: count,
  caches: list(cache, limits.caches),
  ai: list(ai, limits.caches),
  windows: record<InstanceSummary['windows']>(
    Object.fromEntries(windowNames.map((window) => [window, windowShape(window)])) as Record<
      WindowName,
      Read<WindowReport>
    >,
  ),
});

/** The readers of counters, to be spread into those of a record. */
function counts<const N extends string>(names: readonly N[]): Record<N, Read<number>> {
  return Object.fromEntries(names.map((one) => [one, countOrZero])) as Record<N, Read<number>>;
}
