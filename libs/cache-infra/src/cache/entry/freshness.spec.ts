import { describe, expect, it } from '@jest/globals';

import { L1Entry } from '../../tiers/memory/l1-entry.js';
import { stateOf, type EntryState, type TagState } from './freshness.js';

const now = 1000;
const entry = (expiresAt: number, staleUntil: number): L1Entry =>
  new L1Entry('value', expiresAt, {
    tags: ['tag'],
    tagEpoch: 1,
    checkedVersion: -1,
    expiresAt,
    endsAt: expiresAt,
    staleUntil,
    ttlMs: 100,
    refreshAt: -1,
    otherVersion: undefined,
  });

describe('stateOf', () => {
  it.each<[string, number, number, TagState, EntryState]>([
    ['within its ttl', now + 1, now + 1, 'valid', 'fresh'],
    ['that never expires', Infinity, Infinity, 'valid', 'fresh'],
    ['at the end of its ttl, with grace', now, now + 1, 'valid', 'stale'],
    ['at the end of its ttl, without grace', now, now, 'valid', 'dead'],
    ['at the end of its grace', now - 1, now, 'valid', 'dead'],
    ['within its ttl, with an invalidated tag', now + 1, now + 1, 'invalid', 'dead'],
    ['within its grace, with an invalidated tag', now, now + 1, 'invalid', 'dead'],
    ['within its ttl, with an expired tag, with grace', now + 1, now + 2, 'expired', 'stale'],
    ['within its ttl, with an expired tag, without grace', now + 1, now + 1, 'expired', 'dead'],
    ['that never expires, with an expired tag', Infinity, Infinity, 'expired', 'dead'],
    ['within its grace, with an expired tag', now, now + 1, 'expired', 'stale'],
    ['at the end of its grace, with an expired tag', now - 1, now, 'expired', 'dead'],
  ])('an entry %s', (_, expiresAt, staleUntil, tags, state) => {
    expect(stateOf(entry(expiresAt, staleUntil), now, { of: () => tags })).toBe(state);
  });

  it('does not ask for the tags of an entry that has none', () => {
    const plain = new L1Entry('value', now + 1, undefined);
    const tags = {
      of: (): TagState => {
        throw new Error('asked');
      },
    };
    expect(stateOf(plain, now, tags)).toBe('fresh');
    expect(stateOf(plain, now + 1, tags)).toBe('dead');
  });
});
