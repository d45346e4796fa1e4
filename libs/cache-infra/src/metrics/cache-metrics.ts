import type { CacheHealth } from '../cache/contract/health.js';
import type { CacheEventName } from '../cache/contract/events.js';
import type { CacheStats } from '../cache/contract/stats.js';
import { each, single, states, type MetricRow } from './sample.js';

/** Events that a scrape would miss: a state that came and went between two of them. */
export const countedEvents = [
  'degraded',
  'recovered',
  'breakerOpen',
  'coherenceLost',
  'coherenceRestored',
  'journalOverflow',
] as const satisfies readonly CacheEventName[];

/** A cache as one scrape sees it. */
export interface ScrapedCache {
  readonly stats: CacheStats;
  /** Undefined for a cache that has no health. */
  readonly health: CacheHealth | undefined;
  readonly events: Readonly<Record<(typeof countedEvents)[number], number>>;
}

/**
 * The metrics of a cache. Names are those of Micrometer's `CacheMeterBinder` where it has them, so that dashboards for
 * it read them.
 */
export const cacheMetrics: readonly MetricRow<ScrapedCache>[] = [
  {
    name: 'cache_gets_total',
    type: 'counter',
    help: 'Look-ups, by the tier that answered and the result. A miss has the tier none: no tier answered.',
    labels: ['tier', 'result'],
    samples: ({ stats }) => [
      { labels: { tier: 'l1', result: 'hit' }, value: stats.l1.hits },
      { labels: { tier: 'l2', result: 'hit' }, value: stats.l2.hits },
      { labels: { tier: 'none', result: 'miss' }, value: stats.misses },
    ],
  },
  {
    name: 'cache_puts_total',
    type: 'counter',
    help: 'Values stored, by sets and after loads.',
    labels: [],
    samples: ({ stats }) => single(stats.sets),
  },
  {
    name: 'cache_removals_total',
    type: 'counter',
    help: 'Keys deleted, and entries removed by patterns and clears.',
    labels: [],
    samples: ({ stats }) => single(stats.deletes),
  },
  {
    name: 'cache_evictions_total',
    type: 'counter',
    help: 'Entries evicted from a full L1.',
    labels: [],
    samples: ({ stats }) => single(stats.evictions),
  },
  {
    name: 'cache_size',
    type: 'gauge',
    help: 'Entries in the L1.',
    labels: [],
    samples: ({ stats }) => single(stats.size),
  },
  {
    name: 'cache_size_bytes',
    type: 'gauge',
    help: 'Estimated bytes of the L1; 0 without a limit in bytes.',
    labels: [],
    samples: ({ stats }) => single(stats.bytes),
  },
  {
    name: 'cache_loads_total',
    type: 'counter',
    help: 'Loader runs that ended, by their result.',
    labels: ['result'],
    samples: ({ stats: { loads, loadErrors } }) =>
      each('result', { success: loads - loadErrors, failure: loadErrors }),
  },
  {
    name: 'cache_coalesced_total',
    type: 'counter',
    help: 'Callers that joined a load in flight.',
    labels: [],
    samples: ({ stats }) => single(stats.coalesced),
  },
  {
    name: 'cache_stale_hits_total',
    type: 'counter',
    help: 'Calls answered with a stale value. They count as misses, too.',
    labels: [],
    samples: ({ stats }) => single(stats.staleHits),
  },
  {
    name: 'cache_refreshes_total',
    type: 'counter',
    help: 'Loads started by a hit, ahead of the end of the ttl.',
    labels: [],
    samples: ({ stats }) => single(stats.refreshes),
  },
  {
    name: 'cache_not_stored_total',
    type: 'counter',
    help: 'Values that a tier did not store: unstorable, read while a replica may lag, or too large for the L1.',
    labels: ['reason'],
    samples: ({ stats: { notStored, lagging, tooLarge } }) =>
      each('reason', { unstorable: notStored, replica_lag: lagging, too_large: tooLarge }),
  },
  {
    name: 'cache_unusable_entries_total',
    type: 'counter',
    help: 'Entries found that their readers could not use: another version, another schema, unreadable bytes.',
    labels: ['reason'],
    samples: ({ stats: { otherVersion, schemaMisses, corrupt } }) =>
      each('reason', { version: otherVersion, schema: schemaMisses, corrupt }),
  },
  {
    name: 'cache_errors_total',
    type: 'counter',
    help: 'Failed calls to Redis.',
    labels: [],
    samples: ({ stats }) => single(stats.errors),
  },
  {
    name: 'cache_compression_bytes_total',
    type: 'counter',
    help: 'Bytes of compressed values, before (in) and after (out).',
    labels: ['side'],
    samples: ({ stats: { compression } }) =>
      each('side', { in: compression.bytesIn, out: compression.bytesOut }),
  },
  {
    name: 'cache_verifications_total',
    type: 'counter',
    help: 'Hits that the truth meter verified, by the result.',
    labels: ['result'],
    samples: ({ stats: { truth } }) =>
      each('result', {
        true: truth.verified - truth.untrue,
        untrue: truth.untrue,
        inconclusive: truth.inconclusive,
        skipped: truth.skipped,
      }),
  },
  {
    name: 'cache_untrue_hits_total',
    type: 'counter',
    help: 'Verified hits with a wrong value, by the cause.',
    labels: ['cause'],
    samples: ({ stats: { truth } }) => each('cause', truth.causes),
  },
  {
    name: 'cache_journal_size',
    type: 'gauge',
    help: 'Changes that wait for Redis.',
    labels: [],
    samples: ({ stats }) => single(stats.journal.size),
  },
  {
    name: 'cache_journal_bytes',
    type: 'gauge',
    help: 'Bytes of the changes that wait for Redis.',
    labels: [],
    samples: ({ stats }) => single(stats.journal.bytes),
  },
  {
    name: 'cache_journal_changes_total',
    type: 'counter',
    help: 'Changes of the journal, by what happened to them.',
    labels: ['outcome'],
    samples: ({ stats: { journal } }) => {
      const { recorded, replayed, superseded, dropped, expired } = journal;
      return each('outcome', { recorded, replayed, superseded, dropped, expired });
    },
  },
  {
    name: 'cache_status',
    type: 'gauge',
    help: '1 for the state of the cache, 0 for the others.',
    labels: ['status'],
    samples: ({ health }) => states('status', ['up', 'degraded', 'down'], health?.status),
  },
  {
    name: 'cache_breaker_state',
    type: 'gauge',
    help: '1 for the state of the circuit breaker in front of Redis, 0 for the others.',
    labels: ['state'],
    samples: ({ health }) => states('state', ['closed', 'open', 'half-open'], health?.tiers.l2?.breaker),
  },
  {
    name: 'cache_coherence_state',
    type: 'gauge',
    help: '1 for the state of the invalidation channel, 0 for the others. lost: changes elsewhere are missed.',
    labels: ['state'],
    samples: ({ health }) => states('state', ['armed', 'lost', 'none'], health?.tiers.l2?.coherence),
  },
  {
    name: 'cache_redis_ping_seconds',
    type: 'gauge',
    help: 'Duration of a PING during the scrape. Absent while Redis does not answer.',
    labels: [],
    samples: ({ health }) => {
      const latencyMs = health?.tiers.l2?.latencyMs;
      return single(latencyMs === undefined ? undefined : latencyMs / 1000);
    },
  },
  {
    name: 'cache_events_total',
    type: 'counter',
    help: 'Changes of state since the cache is watched, by the name of the event.',
    labels: ['event'],
    samples: ({ events }) => each('event', events),
  },
];
