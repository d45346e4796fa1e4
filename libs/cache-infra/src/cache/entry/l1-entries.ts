import type { EntryMeta } from '../../codec/codec.js';
import { L1Entry } from '../../tiers/memory/l1-entry.js';
import type { Keyspace } from './keyspace.js';
import type { StorePlan } from './store-plan.js';

/** The times of an entry: when its ttl ends, what is kept of it beyond, and from when on a hit refreshes it. */
interface Times {
  readonly expiresAt: number;
  readonly endsAt: number;
  readonly staleUntil: number;
  readonly ttlMs: number;
  readonly refreshAt: number;
}

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
  return build(keyspace, value, times, plan.tags, tagEpoch, carryTtl);
}

/** The L1 entry for what Redis had; `redisNow` and `now`: the same moment by Redis's clock and by ours. */
export function decodedEntry(
  keyspace: Keyspace,
  value: unknown,
  meta: EntryMeta,
  refreshAhead: number | undefined,
  redisNow: number,
  now: number,
  carryTtl: boolean,
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
  return build(keyspace, value, times, meta.tags ?? [], meta.tagEpoch, carryTtl);
}

/** The same entry, that was given a ttl of `ttlMs`, with a shorter life in the L1. */
export function withL1Ttl(record: L1Entry, ttlMs: number, l1TtlMs: number | undefined, now: number): L1Entry {
  if (l1TtlMs === undefined || l1TtlMs === 0 || now + l1TtlMs >= record.expiresAt) return record;
  const graceMs = record.staleUntil === Infinity ? 0 : record.staleUntil - record.expiresAt;
  const expiresAt = now + l1TtlMs;
  return rebuilt(record, {
    expiresAt,
    endsAt: record.endsAt,
    staleUntil: expiresAt + graceMs,
    ttlMs,
    refreshAt: record.detail?.refreshAt ?? undecided,
  });
}

/** The same entry, refreshed by hits from `refreshAt` on. */
export function withRefresh(record: L1Entry, ttlMs: number, refreshAt: number): L1Entry {
  const { expiresAt, endsAt, staleUntil } = record;
  return rebuilt(record, { expiresAt, endsAt, staleUntil, ttlMs, refreshAt });
}

/** The same entry with its ttl ended now, and its grace beginning. */
export function withTtlEnded(record: L1Entry, now: number): L1Entry {
  const graceMs = record.staleUntil === Infinity ? 0 : record.staleUntil - record.expiresAt;
  const times = { expiresAt: now, endsAt: now, staleUntil: now + graceMs };
  return rebuilt(record, { ...times, ttlMs: 0, refreshAt: Infinity });
}

/** Nobody has asked for refreshes yet. */
export const undecided = -1;

/** When a value that lives until `expiresAt` is due for a refresh. */
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
): L1Entry {
  const { expiresAt, staleUntil, refreshAt } = times;
  if (tags.length === 0 && staleUntil === expiresAt && refreshAt === undecided && !carryTtl) {
    return new L1Entry(value, expiresAt, undefined);
  }
  const covering = tags.length === 0 ? tags : keyspace.coveringTags(tags);
  const detail = { tags: covering, tagEpoch, checkedVersion: -1, ...times };
  return new L1Entry(value, plainUntil(times), detail);
}

function rebuilt(record: L1Entry, times: Times): L1Entry {
  const { tags = [], tagEpoch = 0 } = record.detail ?? {};
  const detail = { tags, tagEpoch, checkedVersion: -1, ...times };
  return new L1Entry(record.value, plainUntil(times), detail);
}

function plainUntil({ expiresAt, refreshAt }: Times): number {
  return refreshAt === undecided ? expiresAt : Math.min(expiresAt, refreshAt);
}
