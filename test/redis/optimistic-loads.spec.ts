import { randomBytes } from 'node:crypto';

import { Redis } from 'ioredis';

import type { Cache } from '../../libs/cache-infra/src/cache/contract/cache.js';
import type { RedisCacheOptions } from '../../libs/cache-infra/src/cache/contract/cache-options.js';
import type { Coherence, LoadOptions } from '../../libs/cache-infra/src/cache/contract/options.js';
import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { markClearedScript, storeLoadedScript } from '../../libs/cache-infra/src/tiers/redis/scripts.js';
import { startTcpProxy, type TcpProxy } from '../../libs/cache-infra/src/testing/tcp-proxy.js';
import { armed } from '../support/armed.js';
import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';
import { turn } from '../support/deferred.js';
import { HeldLoader } from '../support/held-loader.js';
import { ownRedisServer } from '../support/redis.js';
import { readText } from '../support/repository.js';
import { expectNoUnhandledRejections } from '../support/unhandled-rejections.js';
import { until } from '../support/until.js';
import { elapse } from '../support/time.js';

/** Rounds of the race. */
const rounds = Number(process.env['ROUNDS'] ?? 2000);

const own = cachesOnOwnRedis();
const { redis, closing } = own;
expectNoUnhandledRejections();

type Options = Partial<RedisCacheOptions>;

const withoutL1: Options = { enableL1Cache: false };
const tiers: [what: string, options: Options][] = [
  ['with an L1', {}],
  ['without an L1', withoutL1],
];

/** A cache that knows whether its server evicts keys: it asks at its first load. */
async function loading(options: Options = {}): Promise<RedisCache> {
  const cache = await redis(options);
  await cache.getOrSet('first', () => 1);
  return cache;
}

/** A client of the user's own. */
function ownClient(keyPrefix = ''): Redis {
  const client = new Redis(own.server.url, { disconnectTimeout: 20, keyPrefix });
  closing({ close: () => client.disconnect() });
  return client;
}

/** Resolves once `cache` has heard of all that `other` changed so far: instances hear of changes in their order. */
async function hearsAll(cache: Cache, other: Cache): Promise<void> {
  await cache.set('witness', 'old');
  await other.set('witness', 'new');
  await until(async () => (await cache.get('witness')) === 'new', 'the change of the witness');
}

/** A load whose loader waits for the test. */
class Load {
  readonly loader = new HeldLoader();
  readonly #cache: Cache;
  readonly #key: string;
  readonly #result: Promise<unknown>;

  constructor(cache: Cache, key = 'key', options?: LoadOptions) {
    this.#cache = cache;
    this.#key = key;
    this.#result = cache.getOrSet(key, this.loader.load, options);
  }

  async end(): Promise<void> {
    this.loader.succeed('loaded');
    expect(await this.#result).toBe('loaded');
  }

  /** Ends the load. No tier keeps its value; Redis holds `value`. */
  async endsUnstored(value?: unknown): Promise<void> {
    const { sets } = this.#cache.stats().l1;
    await this.end();
    expect(this.#cache.stats().l1.sets).toBe(sets);
    expect(await this.#cache.get(this.#key)).toBe(value);
  }

  /** Ends the load. Redis keeps its value, and the L1 if there is one. */
  async endsStored({ enableL1Cache = true }: Options = {}): Promise<void> {
    const { sets } = this.#cache.stats().l1;
    await this.end();
    expect(this.#cache.stats().l1.sets - sets).toBe(enableL1Cache ? 1 : 0);
    const { hits } = this.#cache.stats().l2;
    expect(await this.#cache.get(this.#key)).toBe('loaded');
    expect(this.#cache.stats().l2.hits - hits).toBe(enableL1Cache ? 0 : 1);
    expect(await own.raw.exists(`${own.keyPrefix}::${this.#key}`)).toBe(1);
  }

  /** Ends the load. Redis keeps its value. */
  async endsStoredInRedis(): Promise<void> {
    await this.end();
    expect(await own.raw.exists(`${own.keyPrefix}::${this.#key}`)).toBe(1);
    expect(await this.#cache.get(this.#key)).toBe('loaded');
  }
}

/** Starts a load. Its loader runs when this resolves. */
async function startLoad(cache: Cache, key?: string, options?: LoadOptions): Promise<Load> {
  const load = new Load(cache, key, options);
  await load.loader.started;
  return load;
}

const guards = (): Promise<string[]> => own.raw.keys(`${own.keyPrefix}:!f:*key`);

describe.each(tiers)('a load %s', (_, options) => {
  it('writes nothing to Redis before its value', async () => {
    const cache = await loading(options);
    const before = (await own.raw.keys('*')).length;
    const load = await startLoad(cache);
    expect(await own.raw.keys('*')).toHaveLength(before);
    await load.endsStored(options);
    expect(await guards()).toEqual([]);
  });

  it('takes a guard with lock', async () => {
    const load = await startLoad(await loading(options), 'key', { lock: true });
    expect(await guards()).toHaveLength(1);
    await load.endsStored(options);
  });

  it('is not stored over a newer set by another instance', async () => {
    const [cache, other] = [await loading(options), await redis(options)];
    const load = await startLoad(cache);
    await other.set('key', 'newer');
    await load.endsUnstored('newer');
  });

  it('is not stored after a short-lived set by another instance that is over', async () => {
    const [cache, other] = [await loading(options), await redis(options)];
    const load = await startLoad(cache);
    await other.setMany([['key', 'newer']], { ttl: '30ms' });
    await elapse(60);
    await load.endsUnstored();
  });

  it('is not stored after the last of two deletes in one millisecond, if the first is in its baseline', async () => {
    const client = ownClient();
    const cache = await loading({ ...withoutL1, redis: client });
    const other = await redis({ ...withoutL1, redis: client });
    for (let i = 0; i < 50; i++) {
      // One connection: all three reach Redis in this order, and together.
      const first = other.delete('key');
      const load = new Load(cache);
      await new Promise((resolve) => process.nextTick(resolve));
      await Promise.all([first, other.delete('key'), load.loader.started]);
      await load.endsUnstored();
    }
  });

  it('is stored if another instance deleted the key just before', async () => {
    const [cache, other] = [await loading(options), await redis(options)];
    for (let i = 0; i < 20; i++) {
      await other.delete(`key ${i}`);
      const load = await startLoad(cache, `key ${i}`);
      await turn();
      await load.endsStored(options);
    }
  });

  it.each<[string, (cache: Cache) => Promise<unknown>]>([
    ['a pattern', (cache) => cache.invalidatePattern('k?y')],
    ['clear', (cache) => cache.clear()],
    ['clear, besides others', (cache) => Promise.all([cache.clear(), cache.namespace('other').clear()])],
  ])('is not stored after %s elsewhere that covers its key', async (_, clear) => {
    const [cache, other] = [await loading(options), await redis(options)];
    const load = await startLoad(cache);
    await other.invalidatePattern('unrelated:*');
    await clear(other);
    await other.invalidatePattern('unrelated:*');
    await load.endsUnstored();
  });

  it('is not stored after a clear of its namespace elsewhere', async () => {
    const [cache, other] = [await loading(options), await redis(options)];
    const nested = await startLoad(cache.namespace('a').namespace('b'));
    await other.namespace('a').clear();
    await nested.endsUnstored();
  });

  it('is stored in each tier after clears elsewhere that do not cover its key', async () => {
    const [cache, other] = [await loading(options), await redis(options)];
    const load = await startLoad(cache);
    await other.invalidatePattern('other:*');
    await other.namespace('elsewhere').clear();
    await other.namespace('key').invalidatePattern('*');
    await load.endsStored(options);
  });

  it('is not stored after clears that the record forgot: more than 1000', async () => {
    const [cache, other] = [await loading(options), await redis(options)];
    const now = String(Date.now());
    const marks = Array.from({ length: 1000 }, (_, i) => [now, JSON.stringify(['', `p${i}:*`])]);
    await own.raw.zadd(`${own.keyPrefix}:!cleared`, ...marks.flat());
    const load = await startLoad(cache);
    await other.invalidatePattern('key*');
    for (const pattern of ['a:*', 'b:*']) await other.invalidatePattern(pattern);
    expect(await own.raw.zcard(`${own.keyPrefix}:!cleared`)).toBeLessThan(5);
    await load.endsUnstored();
    await (await startLoad(cache)).endsStored(options);
  });

  it('is not stored after an outdated clear leaves the record with the one that covers its key', async () => {
    const [cache, other] = [await loading(options), await redis(options)];
    const record = `${own.keyPrefix}:!cleared`;
    await own.raw.zadd(record, String(Date.now() - 700_000), JSON.stringify(['', 'long ago:*']));
    const load = await startLoad(cache);
    await other.invalidatePattern('key*');
    expect(await own.raw.zrange(record, 0, '-1')).toEqual([JSON.stringify(['', 'key*'])]);
    await load.endsUnstored();
  });

  it('replaces unreadable bytes, with its first value', async () => {
    const cache = await loading(options);
    for (const bytes of ['x', randomBytes(12), randomBytes(40)]) {
      await own.raw.set(`${own.keyPrefix}::key`, bytes);
      await (await startLoad(cache)).endsStored(options);
      await cache.delete('key');
    }
  });

  it('replaces a value of another type', async () => {
    const cache = await loading(options);
    await own.raw.rpush(`${own.keyPrefix}::key`, 'an item');
    await (await startLoad(cache)).endsStored(options);
  });

  it('replaces a dead entry', async () => {
    const [cache, other] = [await loading(options), await redis(options)];
    await other.set('key', 'old', { tags: ['tag'] });
    await other.invalidateTags('tag');
    await (await startLoad(cache, 'key', { tags: ['tag'] })).endsStored(options);
  });

  it('replaces a dead entry that another instance finds, and removes, meanwhile', async () => {
    const [cache, other] = [await loading(options), await redis(options)];
    await other.set('key', 'old', { tags: ['tag'] });
    await other.invalidateTags('tag');
    const load = await startLoad(cache, 'key', { tags: ['tag'] });
    expect(await other.get('key')).toBeUndefined();
    await until(async () => (await own.raw.exists(`${own.keyPrefix}::key`)) === 0, 'its removal');
    await hearsAll(cache, other);
    await load.endsStored(options);
  });

  it('is not stored after a set elsewhere whose entry died and was removed meanwhile', async () => {
    const [cache, other] = [await loading(options), await redis(options)];
    const load = await startLoad(cache);
    await other.set('key', 'newer', { tags: ['tag'] });
    await other.invalidateTags('tag');
    expect(await (await redis(withoutL1)).get('key')).toBeUndefined();
    await until(async () => (await own.raw.exists(`${own.keyPrefix}::key`)) === 0, 'its removal');
    await load.endsUnstored();
  });

  it('is not stored after a set elsewhere whose ttl was ended, and whose grace is over', async () => {
    const [cache, other] = [await loading(options), await redis(options)];
    const load = await startLoad(cache);
    await other.set('key', 'newer', { ttl: 60, grace: '30ms' });
    await other.expire('key');
    await elapse(60);
    await load.endsUnstored();
  });

  it('replaces a stale entry within its grace', async () => {
    const [cache, other] = [await loading(options), await redis(options)];
    await other.set('key', 'old', { ttl: '20ms', grace: 60 });
    await elapse(40);
    const load = await startLoad(cache, 'key', { grace: 60 });
    expect(load.loader.stale).toBe('old');
    await load.endsStored(options);
  });

  it('is stored with the others of its turn, unless its own key was changed', async () => {
    const [cache, other] = [await loading(options), await redis(options)];
    const loads = Array.from({ length: 70 }, (_, i) => new Load(cache, `key ${i}`));
    await Promise.all(loads.map(({ loader }) => loader.started));
    await other.delete('key 3');
    await other.set('key 40', 'newer');
    await Promise.all(loads.map((load) => load.end()));
    const stored = await (await redis(withoutL1)).getMany(loads.map((_, i) => `key ${i}`));
    expect(stored.size).toBe(69);
    expect(stored.has('key 3')).toBe(false);
    expect(stored.get('key 40')).toBe('newer');
    expect(await cache.get('key 3')).toBeUndefined();
    expect(await cache.get('key 40')).toBe('newer');
    expect(await cache.get('key 41')).toBe('loaded');
  });

  it('is not stored when its cache closes meanwhile', async () => {
    const cache = await loading(options);
    const load = await startLoad(cache);
    await cache.close();
    await load.end();
    expect(await own.raw.exists(`${own.keyPrefix}::key`)).toBe(0);
  });

  it('of an encrypted cache is compared as any other', async () => {
    const encryption = { keys: [{ id: 'a', key: randomBytes(32) }] };
    const [cache, other] = [
      await loading({ ...options, encryption }),
      await redis({ ...options, encryption }),
    ];
    const [first, second] = [await startLoad(cache, 'key'), await startLoad(cache, 'key 2')];
    await other.set('key', 'newer');
    await first.endsUnstored('newer');
    await second.endsStored(options);
    const forced = await startLoad(cache, 'key', { forceRefresh: true });
    await other.set('key', 'newest');
    await forced.end();
    await until(async () => (await cache.get('key')) === 'newest', 'the newest value');
  });

  it('with journalHorizon 0 is not stored after a delete or a pattern elsewhere', async () => {
    const horizon = { ...options, advanced: { journalHorizon: 0 } };
    const [cache, other] = [await loading(horizon), await redis(horizon)];
    const deleted = await startLoad(cache);
    await other.delete('key');
    await deleted.endsUnstored();
    const matched = await startLoad(cache);
    await other.invalidatePattern('k*');
    await matched.endsUnstored();
    const spared = await startLoad(cache);
    await other.invalidatePattern('other:*');
    await hearsAll(cache, other);
    await spared.endsStored(options);
  });

  it('in a full Redis goes to its caller, and is not stored there', async () => {
    const cache = await loading({ ...options, onError: 'degrade' });
    const [first, second] = [await startLoad(cache), await startLoad(cache, 'key 2')];
    await own.raw.config('SET', 'maxmemory', '1');
    try {
      await Promise.all([first.end(), second.end()]);
      expect(await own.raw.exists(`${own.keyPrefix}::key`, `${own.keyPrefix}::key 2`)).toBe(0);
    } finally {
      await own.raw.config('SET', 'maxmemory', '0');
    }
    await cache.delete('key');
    await (await startLoad(cache)).endsStored(options);
  });
});

describe.each<Coherence>(['tracking', 'broadcast', 'pubsub', 'none'])('coherence %s', (coherence) => {
  // In broadcast mode Redis announces what scripts of this client store, too: then the L1 loses the entry.
  const endsStored = (load: Load): Promise<void> =>
    coherence === 'broadcast' ? load.endsStoredInRedis() : load.endsStored();

  it('a load is stored after a clear elsewhere that does not cover its key, not after one that does', async () => {
    const [cache, other] = [await loading({ coherence }), await redis({ coherence })];
    const spared = await startLoad(cache);
    await other.invalidatePattern('other:*');
    await endsStored(spared);
    const covered = await startLoad(cache, 'key 2');
    await other.clear();
    await covered.endsUnstored();
  });

  it('two caches on one client: a change by one is a change for the load of the other', async () => {
    const client = ownClient();
    const [cache, other] = [
      await loading({ coherence, redis: client }),
      await redis({ coherence, redis: client }),
    ];
    const deleted = await startLoad(cache);
    await other.delete('key');
    await deleted.endsUnstored();
    const replaced = await startLoad(cache);
    await other.set('key', 'newer');
    await replaced.endsUnstored('newer');
    await endsStored(await startLoad(cache, 'key 2'));
  });
});

describe("a client of the user's own with a keyPrefix", () => {
  const client = (): Redis => ownClient('app:');

  it.each(tiers)('compares under that prefix; %s', async (_, options) => {
    const cache = await loading({ ...options, redis: client() });
    const other = await redis({ ...options, redis: client() });
    const deleted = await startLoad(cache);
    await other.delete('key');
    await deleted.endsUnstored();
    const matched = await startLoad(cache);
    await other.invalidatePattern('k*');
    await matched.endsUnstored();
    const spared = await startLoad(cache);
    await other.invalidatePattern('other:*');
    await spared.end();
    expect(await own.raw.exists(`app:${own.keyPrefix}::key`)).toBe(1);
  });
});

describe('a change that another instance replays while a load runs', () => {
  let proxy: TcpProxy;
  beforeEach(async () => {
    proxy = await startTcpProxy({ to: own.server.url });
  });
  afterEach(() => proxy.close());

  it.each<[string, (cache: Cache) => Promise<unknown>, after: string | undefined]>([
    ['delete', (cache) => cache.delete('key'), undefined],
    ['a set', (cache) => cache.set('key', 'newer'), 'newer'],
    ['a pattern', (cache) => cache.invalidatePattern('k*'), undefined],
    ['clear', (cache) => cache.clear(), undefined],
    ['a pattern of all keys', (cache) => cache.invalidatePattern('*'), undefined],
  ])('%s: the loaded value is not stored', async (_, change, after) => {
    const cache = await loading(withoutL1);
    const cutOff = closing(new RedisCache({ redisUrl: proxy.url, keyPrefix: own.keyPrefix }));
    await armed(cutOff);
    const clearing = await redis(withoutL1);
    await clearing.invalidatePattern('before:*');
    // Clears in a row may put the record ahead of Redis's clock.
    await own.raw.zincrby(`${own.keyPrefix}:!cleared`, 5, JSON.stringify(['', 'before:*']));
    const load = await startLoad(cache);
    const recovered = new Promise((resolve) => cutOff.on('recovered', resolve));
    proxy.cut();
    await until(async () => (await cutOff.health()).tiers.l2?.status === 'away', 'the partition');
    await change(cutOff);
    await clearing.invalidatePattern('meanwhile:*');
    proxy.resume();
    await recovered;
    await until(() => cutOff.stats().journal.size === 0, 'the replay', 10_000);
    await load.endsUnstored(after);
  });
});

describe('a clear whose moment is too close to the latest one to be ordered', () => {
  it('counts as later when it is replayed', async () => {
    const record = `${own.keyPrefix}:!cleared`;
    const mark = async (...clears: (string | number)[]): Promise<number[]> => {
      const reply = await own.raw.eval(markClearedScript.lua, 1, record, 600_000, 1000, '[""]', ...clears);
      return (reply as string[]).map(Number);
    };
    const [latest = 0] = await mark('a', '');
    expect(await mark('b', latest - 5)).toEqual([latest + 1]);
    expect(await mark('c', latest - 5000)).toEqual([latest - 5000]);
  });
});

describe('a server that loses traces', () => {
  it('FLUSHDB supersedes a load of a cache with an armed channel', async () => {
    const [cache, other] = [await loading(), await redis()];
    const load = await startLoad(cache);
    await other.delete('key');
    await own.raw.flushdb();
    await elapse(50);
    await load.endsUnstored();
  });

  it.each(tiers)(
    'a restart: nothing that was loaded before it is stored after it; %s',
    async (_, options) => {
      await using server = await ownRedisServer();
      const make = async (): Promise<RedisCache> => {
        const cache = new RedisCache({ redisUrl: server.url, ...options, commandTimeout: '5s' });
        await cache.getOrSet('first', () => 1);
        return closing(cache);
      };
      const [cache, other] = [await make(), await make()];
      const load = await startLoad(cache);
      await other.delete('key');
      await server.stop();
      await server.start();
      await until(
        async () => (await cache.health()).tiers.l2?.status === 'ready',
        'Redis to be back',
        10_000,
      );
      await load.endsUnstored();
      await until(async () => (await cache.getOrSet('key', () => 'new')) === 'new', 'a load after it');
    },
  );

  it('one that evicts keys: a load is not stored once its channel was lost, since it may have missed an eviction', async () => {
    await own.raw.config('SET', 'maxmemory', '100mb', 'maxmemory-policy', 'allkeys-lru');
    try {
      const [cache, other] = [await loading(), await redis()];
      const load = await startLoad(cache);
      const restored = new Promise((resolve) => cache.on('coherenceRestored', resolve));
      await own.raw.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await restored;
      await other.set('key', 'newer');
      // As an eviction does.
      await own.raw.unlink(`${own.keyPrefix}::key`);
      await load.endsUnstored();
    } finally {
      await own.raw.config('SET', 'maxmemory', '0', 'maxmemory-policy', 'noeviction');
    }
  });

  it('one that evicts keys: a load takes a guard, unless its cache hears of evictions', async () => {
    await own.raw.config('SET', 'maxmemory', '100mb', 'maxmemory-policy', 'allkeys-lru');
    try {
      const deaf = await startLoad(await loading(withoutL1));
      expect(await guards()).toHaveLength(1);
      await deaf.endsStored(withoutL1);
      await own.raw.del(...(await guards()));
      const hearing = await startLoad(await loading(), 'other key');
      expect(await guards()).toHaveLength(0);
      await hearing.endsStored();
    } finally {
      await own.raw.config('SET', 'maxmemory', '0', 'maxmemory-policy', 'noeviction');
    }
  });

  it('stores no value whose last look is longer ago than traces are kept', async () => {
    const keys = [`${own.keyPrefix}:!cleared`, `${own.keyPrefix}::key`, `${own.keyPrefix}:!d:{key}`];
    const store = (deadline: number | ''): Promise<unknown> =>
      own.raw.eval(storeLoadedScript.lua, 3, ...keys, '0', '', '', '', deadline, 'value', 0);
    expect(await store(Date.now() - 1000)).toBe('0');
    expect(await own.raw.exists(...keys)).toBe(0);
    expect(await store(Date.now() + 1000)).toBe('1');
    await own.raw.del(...keys);
    expect(await store('')).toBe('1');
  });
});

describe('an ACL', () => {
  let users = 0;

  /** A user of Redis. */
  async function user(...rights: string[]): Promise<Options> {
    const username = `user${String(++users)}`;
    await own.raw.call('ACL', 'SETUSER', username, 'on', '>pw', ...rights);
    return { redis: { host: own.server.host, port: own.server.port, username, password: 'pw' } };
  }

  const everything = ['~*', '&*', '+@all'];

  it.each(['-zrevrange', '-info', '-time'])('%s: loads are cached, except for the first', async (right) => {
    for (const [, options] of tiers) {
      const identity = await user(...everything, right);
      const cache = await loading({ ...options, ...identity, onError: 'degrade' });
      await cache.getOrSet('second', () => 2);
      await (await startLoad(cache)).endsStored(options);
      await own.raw.unlink(`${own.keyPrefix}::key`);
      await elapse(20);
    }
  });

  it('-zrevrange: a load is not stored after a clear elsewhere', async () => {
    const cache = await loading({ ...(await user(...everything, '-zrevrange')), onError: 'degrade' });
    const load = await startLoad(cache);
    await (await redis()).clear();
    await load.end();
    expect(await own.raw.exists(`${own.keyPrefix}::key`)).toBe(0);
  });

  it.each(tiers)(
    'with the documented rights: a load is not stored after a pattern elsewhere; %s',
    async (_, options) => {
      const guide = await readText('docs/security.md');
      const [, command = ''] = /ACL SETUSER shop on '>a-long-password' (.*?)```/s.exec(guide) ?? [];
      const rights = command.split(/[\s\\]+/).filter((right) => right !== '');
      const identity = await user(...rights.map((right) => right.replaceAll("'", '')));
      const shop = { ...options, ...identity, keyPrefix: 'shop' };
      const [cache, other] = [await loading(shop), await redis(shop)];
      await other.delete('key');
      for (let i = 0; i < 2; i++) {
        const load = await startLoad(cache);
        await other.invalidatePattern('k*');
        await load.endsUnstored();
      }
    },
  );

  it('one refused key among many costs the others nothing', async () => {
    const prefix = own.keyPrefix;
    const allowed = [`~${prefix}::a*`, `~${prefix}:!*`, `~${prefix}::first`, `~${prefix}::nothing`];
    const identity = await user(...allowed, '&*', '+@all');
    const cache = await loading({ ...withoutL1, ...identity, onError: 'degrade' });
    const loads = ['a1', 'a2', 'refused', 'a3'].map((key) => new Load(cache, key, { forceRefresh: true }));
    await Promise.all(loads.map(({ loader }) => loader.started));
    expect(await own.raw.keys(`${prefix}:!f:*::a?`)).toEqual([]);
    await Promise.all(loads.map((load) => load.end()));
    expect(await own.raw.exists(`${prefix}::a1`, `${prefix}::a2`, `${prefix}::a3`)).toBe(3);
  });
});

describe("onError 'throw'", () => {
  it('a load that finds Redis gone rejects, and rejects nothing unseen', async () => {
    await using server = await ownRedisServer();
    const options: Options = { ...withoutL1, onError: 'throw', commandTimeout: '5s' };
    const cache = closing(new RedisCache({ redisUrl: server.url, ...options }));
    await cache.getOrSet('first', () => 1);
    await server.stop();
    await expect(cache.getOrSet('key 2', () => 'loaded')).rejects.toThrow(/Redis/);
  });
});

describe('a race of changes in one cache with loads in another', () => {
  type Change = (cache: Cache, key: string, value: number) => Promise<unknown>;
  const changes: readonly Change[] = [
    (cache, key, value) => cache.set(key, value),
    (cache, key, value) => cache.set(key, value, { ttl: '5ms' }),
    (cache, key) => cache.delete(key),
    (cache, key) => cache.deleteMany([key, 'another']),
    (cache, key) => cache.invalidatePattern(`${key}*`),
    (cache) => cache.invalidatePattern('unrelated*'),
  ];
  const covering = 5;

  it.each(tiers)(
    'leaves no tier older than the last change; %s',
    async (_, options) => {
      const [cache, other] = [await loading({ ...options, l1CacheSize: 10_000 }), await redis(options)];
      const reader = await redis(withoutL1);
      const atOnce = 40;
      const stale: string[] = [];
      let stored = 0;

      const round = async (key: string): Promise<void> => {
        let origin = 1;
        const load = async (): Promise<void> => {
          await elapse(Math.random() * 4);
          await cache.getOrSet(
            key,
            async () => {
              const value = origin;
              await elapse(Math.random() * 6);
              return value;
            },
            { ttl: 600 },
          );
        };
        const change = async (): Promise<void> => {
          for (let i = 0; i < 2; i++) {
            await elapse(Math.random() * 6);
            const kind = Math.floor(Math.random() * changes.length);
            if (kind < covering) origin++;
            await changes[kind]?.(other, key, origin);
          }
        };
        await Promise.all([load(), load(), change()]);
        const inRedis = await reader.get<number>(key);
        if (inRedis !== undefined) stored++;
        if (inRedis !== undefined && inRedis !== origin) stale.push(`${key}: Redis holds ${String(inRedis)}`);
        const isCurrent = async (): Promise<boolean> => [undefined, origin].includes(await cache.get(key));
        await until(isCurrent, 'the L1', 1000).catch(() => stale.push(`${key}: the L1 is stale`));
      };

      for (let done = 0; done < rounds; done += atOnce)
        await Promise.all(Array.from({ length: atOnce }, (_, i) => round(`k${String(done + i)}.`)));
      expect(stale).toEqual([]);
      expect(stored).toBeGreaterThan(rounds / 10);
    },
    30_000 + rounds * 20,
  );
});
