import type { EntryMeta } from '../../codec/codec.js';
import { Keyspace } from './keyspace.js';
import {
  withTtlEnded,
  newEntry,
  refreshTime,
  decodedEntry,
  undecided,
  withL1Ttl,
  withRefresh,
} from './l1-entries.js';
import type { StorePlan } from './store-plan.js';
import { defaultValueRule } from './value-rules.js';
import type { L1Entry } from '../../tiers/memory/l1-entry.js';

const now = 1_000_000;
const keyspace = new Keyspace('cache', 'users');

function plan(parts: Partial<StorePlan> = {}): StorePlan {
  return {
    ttlMs: 10_000,
    l1TtlMs: undefined,
    graceMs: 0,
    tags: [],
    tiers: 'both',
    refreshAhead: undefined,
    jitter: 0,
    value: defaultValueRule({}),
    version: 0,
    otherVersion: undefined,
    ...parts,
  };
}

function meta(parts: Partial<EntryMeta> = {}): EntryMeta {
  return { stamp: now, nonce: 1, ttlMs: 10_000, graceMs: 0, tagEpoch: 0, tags: undefined, ...parts };
}

/** The entry for a value stored now. */
function made(parts: Partial<StorePlan> = {}, tagEpoch = 1, carryTtl = false): L1Entry {
  return newEntry(keyspace, 'value', plan(parts), tagEpoch, now, carryTtl);
}

/** The entry for what Redis had. */
function read(parts: Partial<EntryMeta>, refreshAhead?: number, redisNow = now): L1Entry {
  return decodedEntry(keyspace, 'value', meta(parts), refreshAhead, redisNow, now, false, undefined);
}

function times(entry: { plainUntil: number; expiresAt: number; staleUntil: number }): Record<string, number> {
  const { plainUntil, expiresAt, staleUntil } = entry;
  return { plain: plainUntil - now, expires: expiresAt - now, stale: staleUntil - now };
}

describe('newRecord', () => {
  it.each([
    ['a ttl alone', {}, { plain: 10_000, expires: 10_000, stale: 10_000 }],
    ['a grace', { graceMs: 5000 }, { plain: 10_000, expires: 10_000, stale: 15_000 }],
    ['a refresh ahead', { refreshAhead: 0.8 }, { plain: 8000, expires: 10_000, stale: 10_000 }],
    ['all of it', { graceMs: 5000, refreshAhead: 0.5 }, { plain: 5000, expires: 10_000, stale: 15_000 }],
    ['tags', { tags: ['t'] }, { plain: 10_000, expires: 10_000, stale: 10_000 }],
    [
      'no end',
      { ttlMs: 0, graceMs: 5000, refreshAhead: 0.8 },
      { plain: Infinity, expires: Infinity, stale: Infinity },
    ],
  ])('with %s', (_, parts, expected) => {
    expect(times(made(parts))).toEqual(expected);
  });

  it('is small when there is nothing to say beyond its end', () => {
    expect(made().detail).toBeUndefined();
    expect(made({ ttlMs: 0, graceMs: 1 }).detail).toBeUndefined();
  });

  it('carries the ttl it was given where refreshes are asked for', () => {
    expect(made({}, 1, true).detail).toMatchObject({ ttlMs: 10_000, refreshAt: undecided });
    expect(times(made({}, 1, true))).toEqual(times(made()));
  });

  it('carries every name by which its tags can be invalidated', () => {
    expect(made({ tags: ['t'] }, 7).detail).toMatchObject({ tags: [':t', 'users:t'], tagEpoch: 7 });
  });
});

describe('storedRecord', () => {
  it('lives as long as is left of it by the clock of Redis, whatever ours says', () => {
    const redisNow = 77_000_000;
    const entry = read({ stamp: redisNow - 4000, graceMs: 5000 }, undefined, redisNow);
    expect(times(entry)).toEqual({ plain: 6000, expires: 6000, stale: 11_000 });
  });

  it('never longer than its ttl, also when the clock of Redis has gone back', () => {
    expect(times(read({ stamp: now + 60_000 }))).toMatchObject({ expires: 10_000 });
  });

  it('may be past its ttl, within its grace', () => {
    const entry = read({ stamp: now - 12_000, graceMs: 5000 }, 0.8);
    expect(times(entry)).toMatchObject({ expires: -2000, stale: 3000 });
  });

  it('without end', () => {
    const entry = read({ ttlMs: 0, stamp: now - 1e9 }, 0.8);
    expect(times(entry)).toEqual({ plain: Infinity, expires: Infinity, stale: Infinity });
  });

  it('is due for a refresh when its own ttl says so', () => {
    expect(times(read({ stamp: now - 4000 }, 0.8))).toMatchObject({ plain: 4000, expires: 6000 });
  });
});

describe('withL1Ttl', () => {
  it('ends sooner, and its grace begins then', () => {
    const entry = withL1Ttl(made({ graceMs: 5000, refreshAhead: 0.8 }), 10_000, 1000, now);
    expect(times(entry)).toEqual({ plain: 1000, expires: 1000, stale: 6000 });
  });

  it.each([undefined, 0, 10_000, 60_000])('of %p changes nothing', (l1TtlMs) => {
    const entry = made();
    expect(withL1Ttl(entry, 10_000, l1TtlMs, now)).toBe(entry);
  });

  it('bounds an entry that never expires', () => {
    const entry = withL1Ttl(made({ ttlMs: 0 }), 0, 1000, now);
    expect(times(entry)).toEqual({ plain: 1000, expires: 1000, stale: 1000 });
  });
});

describe('expired', () => {
  it('ends the ttl and begins the grace', () => {
    const entry = withTtlEnded(made({ graceMs: 5000, tags: ['t'] }, 3), now + 100);
    expect(times(entry)).toEqual({ plain: 100, expires: 100, stale: 5100 });
    expect(entry.detail).toMatchObject({ tags: [':t', 'users:t'], tagEpoch: 3 });
  });
});

describe('withRefresh', () => {
  it('moves the refresh and nothing else', () => {
    const entry = withRefresh(made({ graceMs: 5000, tags: ['t'] }, 3), 10_000, now + 2000);
    expect(times(entry)).toEqual({ plain: 2000, expires: 10_000, stale: 15_000 });
    const later = withRefresh(entry, 10_000, Infinity);
    expect(times(later)).toEqual({ plain: 10_000, expires: 10_000, stale: 15_000 });
    expect(entry.detail).toMatchObject({ tagEpoch: 3 });
  });
});

describe('refreshTime', () => {
  it.each([
    [0.8, 10_000, now + 8000],
    [0.5, 10_000, now + 5000],
    [undefined, 10_000, undecided],
    [0.8, 0, Infinity],
  ])('%p of %p ms', (fraction, ttlMs, expected) => {
    expect(refreshTime(now + 10_000, ttlMs, fraction)).toBe(expected);
  });
});
