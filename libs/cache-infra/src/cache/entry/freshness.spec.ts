import { describe, expect, it } from '@jest/globals';

import { L1Entry } from '../../tiers/memory/l1-entry.js';
import { stateOf, type EntryState } from './freshness.js';

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
  });

describe('stateOf', () => {
  it.each<[string, number, number, boolean, EntryState]>([
    ['within its ttl', now + 1, now + 1, true, 'fresh'],
    ['that never expires', Infinity, Infinity, true, 'fresh'],
    ['at the end of its ttl, with grace', now, now + 1, true, 'stale'],
    ['at the end of its ttl, without grace', now, now, true, 'dead'],
    ['at the end of its grace', now - 1, now, true, 'dead'],
    ['within its ttl, with an invalidated tag', now + 1, now + 1, false, 'dead'],
    ['within its grace, with an invalidated tag', now, now + 1, false, 'dead'],
  ])('an entry %s', (_, expiresAt, staleUntil, isValid, state) => {
    expect(stateOf(entry(expiresAt, staleUntil), now, { isValid: () => isValid })).toBe(state);
  });

  it('does not ask for the tags of an entry that has none', () => {
    const plain = new L1Entry('value', now + 1, undefined);
    const tags = {
      isValid: (): boolean => {
        throw new Error('asked');
      },
    };
    expect(stateOf(plain, now, tags)).toBe('fresh');
    expect(stateOf(plain, now + 1, tags)).toBe('dead');
  });
});
