import { advise, adviserSettings, type AdviserFacts } from './adviser.js';

/** A Redis of the user's own in another host, as it should be. */
const fine: AdviserFacts = {
  name: 'sessions',
  keyPrefix: 'shop',
  ownKeyPrefix: true,
  defaultTtl: 3600,
  coherence: 'tracking',
  l1Size: 100,
  address: 'cache.example.org:6380',
  local: false,
  tls: true,
  authenticated: true,
  version: '7.2.4',
  maxMemory: 100_000_000,
  maxMemoryPolicy: 'allkeys-lru',
  trackingTableMaxKeys: 1_000_000,
  protectedMode: true,
  foreignKeys: true,
};
const defaultPrefix = { keyPrefix: 'cache', ownKeyPrefix: false };

describe('advise', () => {
  it.each<[string, Partial<AdviserFacts>, RegExp]>([
    ['the default prefix where others have keys', defaultPrefix, /default key prefix 'cache'.*Set keyPrefix/],
    ['noeviction with a limit', { maxMemoryPolicy: 'noeviction' }, /every write fails.*allkeys-lru/],
    [
      'volatile-* with entries that never expire',
      { maxMemoryPolicy: 'volatile-ttl', defaultTtl: 0 },
      /evicts only keys with a ttl.*Give the cache a defaultTtl/,
    ],
    ['plaintext across hosts', { tls: false }, /without TLS.*rediss:/],
    ['no password across hosts', { authenticated: false }, /without a password: .*Give it a password/],
    [
      'no password and no protected mode',
      { authenticated: false, protectedMode: false },
      /without a password, protected-mode is off: /,
    ],
    [
      'an l1Ttl above the ttl',
      { l1Ttl: 3601 },
      /l1Ttl of 3601 s, above its defaultTtl of 3600 s.*Set l1Ttl below/,
    ],
    [
      "an L1 with coherence 'none'",
      { coherence: 'none' },
      /serve the old value until it expires.*enableL1Cache to false/,
    ],
    [
      'a small tracking table',
      { trackingTableMaxKeys: 9_999 },
      /tracks at most 9999 keys.*Set it to 10000 or more/,
    ],
    [
      'a tracking table that is small for these L1s',
      { trackingTableMaxKeys: 99_999, l1Size: 10_000 },
      /Set it to 100000 or more/,
    ],
    ['Redis 5', { version: '5.0.14' }, /version 5\.0\.14, which has no CLIENT TRACKING.*Redis 6/],
    ['Redis 5, by broadcast', { version: '5.0.14', coherence: 'broadcast' }, /no CLIENT TRACKING/],
  ])('warns of %s', (_, facts, words) => {
    const warnings = advise({ ...fine, ...facts });

    expect(warnings).toEqual([expect.stringMatching(words)]);
  });

  it.each<[string, Partial<AdviserFacts>]>([
    ['a good setting', {}],
    ['the default prefix on a server of its own', { ...defaultPrefix, foreignKeys: false }],
    ['noeviction without a limit', { maxMemoryPolicy: 'noeviction', maxMemory: 0 }],
    ['volatile-* with entries that expire', { maxMemoryPolicy: 'volatile-lru' }],
    ['volatile-* without a limit', { maxMemoryPolicy: 'volatile-lru', defaultTtl: 0, maxMemory: 0 }],
    ['plaintext and no password on this host', { local: true, tls: false, authenticated: false }],
    ['an l1Ttl of the same length', { l1Ttl: 3600 }],
    ['an l1Ttl for entries that never expire', { l1Ttl: 60, defaultTtl: 0 }],
    ['an l1Ttl without an L1', { l1Ttl: 7200, l1Size: 0 }],
    ["coherence 'none' on a developer's machine", { coherence: 'none', local: true }],
    ["coherence 'none' without an L1", { coherence: 'none', l1Size: 0 }],
    ['a tracking table without a limit', { trackingTableMaxKeys: 0 }],
    ['a small tracking table that no cache uses', { trackingTableMaxKeys: 1, coherence: 'broadcast' }],
    ['Redis 5 without an L1', { version: '5.0.14', l1Size: 0 }],
    ["Redis 5 with coherence 'pubsub'", { version: '5.0.14', coherence: 'pubsub' }],
    ['Redis 10', { version: '10.0.0' }],
  ])('has nothing to say of %s', (_, facts) => {
    expect(advise({ ...fine, ...facts })).toEqual([]);
  });

  it('has no warning for unknown facts', () => {
    const { name, keyPrefix, defaultTtl, coherence, l1Size, address } = fine;
    const known = { name, keyPrefix, defaultTtl, coherence, l1Size, address };

    expect(advise({ ...known, ownKeyPrefix: false, local: false, tls: true, authenticated: true })).toEqual(
      [],
    );
  });

  it('names the cache or the server in every warning, one for each risk', () => {
    const warnings = advise({
      ...fine,
      ...defaultPrefix,
      ...{
        maxMemoryPolicy: 'noeviction',
        tls: false,
        authenticated: false,
        trackingTableMaxKeys: 1,
        version: '5',
      },
    });

    expect(warnings).toHaveLength(6);
    expect(warnings.filter((words) => !/'sessions'|cache\.example\.org:6380/.test(words))).toEqual([]);
  });
});

describe('the options of a cache', () => {
  it('with their defaults', () => {
    expect(adviserSettings({}, { name: 'default', keyPrefix: 'cache', coherence: 'tracking' })).toEqual({
      name: 'default',
      keyPrefix: 'cache',
      ownKeyPrefix: false,
      defaultTtl: 3600,
      coherence: 'tracking',
      l1Size: 100,
    });
  });

  it.each([
    [{ enableL1Cache: false, l1CacheSize: 7 }, { l1Size: 0 }],
    [
      { l1CacheSize: 7, defaultTtl: 0 },
      { l1Size: 7, defaultTtl: 0 },
    ],
    [{ l1Ttl: '500ms' }, { l1Ttl: 0.5 }],
    [{ defaultTtl: '5m' }, { defaultTtl: 300 }],
    [{ keyPrefix: 'shop' }, { ownKeyPrefix: true }],
    [{ keyPrefix: 'cache' }, { ownKeyPrefix: false }],
  ] as const)('%j', (options, settings) => {
    expect(adviserSettings(options, { name: 'a', keyPrefix: 'x', coherence: 'none' })).toMatchObject(
      settings,
    );
  });
});
