import type { EntryMeta } from '../../codec/codec.js';
import { L1Entry } from '../../tiers/memory/l1-entry.js';
import type { Keyspace } from './keyspace.js';
import type { StorePlan } from './store-plan.js';

/** The times of an entry, milliseconds since the epoch; `ttlMs` is a duration. */
interface Times {
  /** End of its life in the L1. */
  readonly expiresAt: number;
  /** End of its ttl in Redis. */
  readonly endsAt: number;
  /** End of its grace. */
  readonly staleUntil: number;
  readonly ttlMs: number;
  /** From then on a hit refreshes it. */
  readonly refreshAt: number;
}

/** The version of an entry, if it is not the cache's own. */
type OtherVersion = number | undefined;

/** The L1 entry for a value stored now. */
export function newEntry(
  keyspace: Keyspace,
  value: unknown,
  plan: StorePlan,
  tagEpoch: number,
  now: number,
  carryTtl: boolean,
): L1Entry {
  const expiresAt = plan.ttlMs === 0 ? Infinity : now + plan.ttlMs;
  const times = {
    expiresAt,
    endsAt: expiresAt,
    staleUntil: expiresAt + plan.graceMs,
    ttlMs: plan.ttlMs,
    refreshAt: refreshTime(expiresAt, plan.ttlMs, plan.refreshAhead),
  };
  return build(keyspace, value, times, plan.tags, tagEpoch, carryTtl, plan.otherVersion);
}

/**
 * The L1 entry for one in Redis. `redisNow` and `now`: the same moment by Redis's clock and by this process's clock.
 */
export function decodedEntry(
  keyspace: Keyspace,
  value: unknown,
  meta: EntryMeta,
  refreshAhead: number | undefined,
  redisNow: number,
  now: number,
  carryTtl: boolean,
  other: OtherVersion,
): L1Entry {
  const leftMs = meta.ttlMs === 0 ? Infinity : Math.min(meta.ttlMs, meta.stamp + meta.ttlMs - redisNow);
  const expiresAt = now + leftMs;
  const times = {
    expiresAt,
    endsAt: expiresAt,
    staleUntil: expiresAt + meta.graceMs,
    ttlMs: meta.ttlMs,
    refreshAt: refreshTime(expiresAt, meta.ttlMs, refreshAhead),
  };
  return build(keyspace, value, times, meta.tags ?? [], meta.tagEpoch, carryTtl, other);
}

/** The same entry with its life in the L1 limited to `l1TtlMs`. `ttlMs`: its full ttl. */
export function withL1Ttl(entry: L1Entry, ttlMs: number, l1TtlMs: number | undefined, now: number): L1Entry {
  if (l1TtlMs === undefined || l1TtlMs === 0 || now + l1TtlMs >= entry.expiresAt) return entry;
  const graceMs = entry.staleUntil === Infinity ? 0 : entry.staleUntil - entry.expiresAt;
  const expiresAt = now + l1TtlMs;
  return rebuilt(entry, {
    expiresAt,
    endsAt: entry.endsAt,
    staleUntil: expiresAt + graceMs,
    ttlMs,
    refreshAt: entry.detail?.refreshAt ?? undecided,
  });
}

/** The same entry, which hits refresh from `refreshAt` on. */
export function withRefresh(entry: L1Entry, ttlMs: number, refreshAt: number): L1Entry {
  const { expiresAt, endsAt, staleUntil } = entry;
  return rebuilt(entry, { expiresAt, endsAt, staleUntil, ttlMs, refreshAt });
}

/** The same entry with its ttl ended now. Its grace begins now. */
export function withTtlEnded(entry: L1Entry, now: number): L1Entry {
  const graceMs = entry.staleUntil === Infinity ? 0 : entry.staleUntil - entry.expiresAt;
  const times = { expiresAt: now, endsAt: now, staleUntil: now + graceMs };
  return rebuilt(entry, { ...times, ttlMs: 0, refreshAt: Infinity });
}

/** The same entry with its ttl over. Its grace ends when it would have ended. */
export function withTtlOver(entry: L1Entry, now: number): L1Entry {
  const expiresAt = Math.min(entry.expiresAt, now);
  const { endsAt, staleUntil } = entry;
  return rebuilt(entry, { expiresAt, endsAt, staleUntil, ttlMs: 0, refreshAt: Infinity });
}

/** No call has asked for a refresh ahead yet. */
export const undecided = -1;

/** The time from which on a value that lives until `expiresAt` is due for a refresh. */
export function refreshTime(expiresAt: number, ttlMs: number, refreshAhead: number | undefined): number {
  if (refreshAhead === undefined) return undecided;
  return ttlMs === 0 ? Infinity : expiresAt - (1 - refreshAhead) * ttlMs;
}

function build(
  keyspace: Keyspace,
  value: unknown,
  times: Times,
  tags: readonly string[],
  tagEpoch: number,
  carryTtl: boolean,
  other: OtherVersion,
): L1Entry {
  const { expiresAt, staleUntil, refreshAt } = times;
  const isPlain = tags.length === 0 && staleUntil === expiresAt && refreshAt === undecided;
  if (isPlain && !carryTtl && other === undefined) {
    return new L1Entry(value, expiresAt, undefined);
  }
  const covering = tags.length === 0 ? tags : keyspace.coveringTags(tags);
  const detail = { tags: covering, tagEpoch, checkedVersion: -1, ...times, otherVersion: other };
  return new L1Entry(value, plainUntil(times, other), detail);
}

function rebuilt(entry: L1Entry, times: Times): L1Entry {
  const { tags = [], tagEpoch = 0, otherVersion } = entry.detail ?? {};
  const detail = { tags, tagEpoch, checkedVersion: -1, ...times, otherVersion };
  return new L1Entry(entry.value, plainUntil(times, otherVersion), detail);
}

/** A call must look at the version first, unless it is the cache's own. */
function plainUntil({ expiresAt, refreshAt }: Times, other: OtherVersion): number {
  if (other !== undefined) return -Infinity;
  return refreshAt === undecided ? expiresAt : Math.min(expiresAt, refreshAt);
}
