import { describe, expect, it } from '@jest/globals';

import { optionsBeside } from './several-caches.js';

describe('optionsBeside', () => {
  it('puts the options of the cache over those beside `caches`, and extends an inherited prefix', () => {
    const given = { keyPrefix: 'shop', defaultTtl: 60, grace: 5, caches: { sessions: { defaultTtl: 900 } } };
    expect(optionsBeside(given, 'sessions')).toEqual({
      ...{ name: 'sessions', keyPrefix: 'shop.sessions', defaultTtl: 900, grace: 5 },
    });
  });

  it('does so for each option under `advanced`', () => {
    const advanced = { breakerThreshold: 5, leaseDuration: '2s' };
    const caches = { sessions: { advanced: { leaseDuration: '9s' } }, users: {} };
    expect(optionsBeside({ advanced, caches }, 'sessions')).toMatchObject({
      advanced: { breakerThreshold: 5, leaseDuration: '9s' },
    });
    expect(optionsBeside({ advanced, caches }, 'users')).toMatchObject({ advanced });
  });

  it('keeps an `advanced` that is no object, for the validation to refuse', () => {
    const given = { advanced: { breakerThreshold: 5 }, caches: { sessions: { advanced: 7 } } };
    expect(optionsBeside(given, 'sessions')).toMatchObject({ advanced: 7 });
  });
});
