import { inspect } from 'node:util';

import type { Redis } from 'ioredis';

import type { RedisCacheOptions } from '../../libs/cache-infra/src/cache/contract/cache-options.js';
import type { CacheOperation } from '../../libs/cache-infra/src/cache/contract/monitor.js';
import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { loadGuardKey } from '../../libs/cache-infra/src/tiers/redis/load-guard-key.js';
import { ValidationError } from '../../libs/cache-infra/src/base/errors.js';
import { startTcpProxy, type TcpProxy } from '../../libs/cache-infra/src/testing/tcp-proxy.js';

import { closingAfterEach } from '../support/closing.js';
import { startRedisNode, type RedisNodeProcess } from '../support/redis-processes.js';
import { quietFor } from '../support/time.js';
import { until } from '../support/until.js';

const closing = closingAfterEach();
let node: RedisNodeProcess;
let proxy: TcpProxy;
let raw: Redis;

beforeEach(async () => {
  node = await startRedisNode({
    config: [
      'user all on >secret ~* &* +@all',
      'user no-script-load on >secret ~* &* +@all -script',
      'user no-scripting on >secret ~* &* +@all -@scripting',
      'user no-scan on >secret ~* &* +@all -scan',
      'user no-tracking on >secret ~* &* +@all -client|tracking',
      'user no-getrange on >secret ~* &* +@all -getrange',
    ],
  });
  proxy = await startTcpProxy({ to: `redis://${node.host}:${node.port}` });
  raw = node.admin;
});
afterEach(async () => {
  await proxy.close();
  await node.end();
});

function as(username: string, options: Partial<RedisCacheOptions> = {}): RedisCache {
  const { host, port } = proxy;
  return closing(
    new RedisCache({
      redis: { host, port, username, password: 'secret' },
      advanced: { adviser: false },
      ...options,
    }),
  );
}

function plain(options: Partial<RedisCacheOptions> = {}): RedisCache {
  const redisUrl = `redis://${node.host}:${node.port}`;
  return closing(
    new RedisCache({ redisUrl, advanced: { adviser: false }, commandTimeout: '5s', ...options }),
  );
}

async function cut(cache: RedisCache, work: () => Promise<void>): Promise<void> {
  let away = false;
  cache.on('degraded', () => {
    away = true;
  });
  proxy.cut();
  await until(() => away, 'Redis to be gone');
  await work();
  proxy.resume();
}

describe('guarantee 12: an ACL that forbids a command', () => {
  it('SCRIPT LOAD: what waited for Redis reaches it all the same', async () => {
    const cache = as('no-script-load');
    await cache.set('key', 1);
    let recovered = false;
    cache.on('recovered', () => {
      recovered = true;
    });
    expect(await raw.exists('cache::key')).toBe(1);

    await cut(cache, async () => {
      await cache.delete('key');
    });

    await until(async () => (await raw.exists('cache::key')) === 0, 'the delete', 8000);
    await until(() => recovered, 'the recovery');
  }, 20_000);

  it('SCAN: a clear that is refused does not stand in the way of later changes', async () => {
    const cache = as('no-scan', { enableL1Cache: false });
    await cache.set('before', 1);
    await cache.clear();

    await cache.set('after', 2);
    expect(await cache.get('after')).toBe(2);
    await cut(cache, async () => {
      await cache.delete('before');
    });

    await until(async () => (await raw.exists('cache::before')) === 0, 'the delete', 8000);
  }, 20_000);

  it('scripts: the operator is told, once, and health does not say that all is well', async () => {
    const warnings: string[] = [];
    const logger = { warn: (line: string) => warnings.push(line), log: () => undefined };
    const cache = as('no-scripting', { logger });
    for (let i = 0; i < 10; i++) await cache.set(`key:${i}`, i);

    expect(warnings.filter((line) => /NOPERM|evalsha/i.test(line))).toHaveLength(1);
    expect((await cache.health()).status).not.toBe('up');
  });
});

describe('guarantee 12: an ACL that forbids a part', () => {
  it.each(['tracking', 'pubsub'] as const)(
    '%s of the channel: the operator is told, once',
    async (coherence) => {
      if (coherence === 'pubsub') await raw.call('ACL', 'SETUSER', 'no-tracking', '-subscribe');
      const warnings: string[] = [];
      const logger = { warn: (line: string) => warnings.push(line), log: () => undefined };
      const cache = as('no-tracking', { logger, coherence });
      await cache.set('key', 1);
      await until(() => warnings.length > 0, 'the warning');
      expect(await cache.get('key')).toBe(1);
      // Arming is tried again and again meanwhile.
      await quietFor(600);
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toMatch(/invalidation channel lost/);
    },
  );

  it('GETRANGE: what may be newer is not overwritten by what was written down in an outage', async () => {
    const cache = as('no-getrange', { enableL1Cache: false });
    await cache.set('key', 'first');
    const other = plain();
    await cut(cache, async () => {
      await cache.set('key', 'second');
      await other.set('key', 'third');
    });
    await until(() => cache.stats().journal.size === 0, 'the journal to be empty', 8000);
    expect(await other.get('key')).toBe('third');
    expect(cache.stats().journal.dropped).toBe(1);
  }, 20_000);
});

describe('guarantee 4: maxmemory with noeviction', () => {
  const full = (): Promise<unknown> => raw.config('SET', 'maxmemory', '1');
  const roomy = (): Promise<unknown> => raw.config('SET', 'maxmemory', '0');

  it('what was set while Redis was full does not hide what another instance sets afterwards', async () => {
    const [one, other] = [plain(), plain()];
    await Promise.all([one.connect(), other.connect()]);
    await until(async () => (await one.health()).tiers.l2?.coherence === 'armed', 'the channel');
    await one.set('key', 'first');
    await full();
    await one.set('key', 'while full');
    await roomy();

    await other.set('key', 'last');

    await until(async () => (await one.get('key')) === 'last', 'the last value');
  });

  it.each<[string, Partial<RedisCacheOptions>]>([
    ['tracking', {}],
    ['broadcast', { coherence: 'broadcast' }],
    ['no L1', { enableL1Cache: false }],
  ])(
    'a set is refused by a full Redis, as a plain SET is, and the older value goes: %s',
    async (_, options) => {
      const [one, other] = [plain(options), plain(options)];
      await Promise.all([one.connect(), other.connect()]);
      await one.set('key', 'older');
      await full();

      await one.set('key', 'while full');
      await one.setMany(Array.from({ length: 40 }, (__, i) => [`many:${i}`, i] as const));

      // Only tombstones, which go after ten seconds.
      const kept = await raw.keys('*');
      expect(kept.filter((name) => !name.includes('!'))).toEqual([]);
      await until(async () => (await other.get('key')) === undefined, 'the older value to go');
      expect(await one.get('key')).toBeUndefined();
      expect(one.stats().errors).toBeGreaterThan(0);
    },
  );

  it.each<[CacheOperation, (cache: RedisCache) => Promise<unknown>]>([
    ['set', (cache) => cache.set('key', 'while full')],
    ['setMany', (cache) => cache.setMany([['key', 'while full']])],
    ['getOrSet', (cache) => cache.getOrSet('key', () => 'while full')],
  ])('is told of as an event, with what was asked for: %s', async (operation, store) => {
    const cache = plain();
    await cache.connect();
    const told: [CacheOperation, string][] = [];
    cache.on('error', (event) => told.push([event.operation, event.error.message]));
    await full();

    await store(cache);

    expect(told).toEqual([[operation, expect.stringContaining('OOM')]]);
  });

  it('a loaded value that is refused leaves what Redis holds', async () => {
    const cache = plain({ enableL1Cache: false });
    await cache.set('key', 'stale', { grace: '1h' });
    await cache.expire('key');
    await full();

    expect(await cache.getOrSet('key', () => 'loaded', { grace: '1h' })).toBe('loaded');

    expect(await raw.exists('cache::key')).toBe(1);
  });

  it('a load with a lease is refused, and gives its lease back', async () => {
    const [one, other] = [plain(), plain()];
    const loaded = await one.getOrSet(
      'key',
      async () => {
        await full();
        return 'while full';
      },
      { lock: true },
    );
    expect(loaded).toBe('while full');
    expect(await raw.exists('cache::key')).toBe(0);

    await roomy();
    expect(await raw.hget(loadGuardKey('cache', 'cache::key'), 'h')).toBeNull();
    expect(await other.getOrSet('key', () => 'loaded', { lock: true })).toBe('loaded');
  });

  it('a journalled set is refused as well, and the older value goes', async () => {
    const cache = as('all', { enableL1Cache: false });
    await cache.set('key', 'older');
    await cut(cache, async () => {
      await cache.set('key', 'while away');
      await full();
    });

    await until(() => cache.stats().journal.size === 0, 'the journal to be empty', 8000);
    expect(await raw.exists('cache::key')).toBe(0);
  }, 20_000);

  describe.each<[string, (cache: RedisCache) => Promise<unknown>]>([
    ['set', (cache) => cache.set('key', 'while full')],
    ['getOrSet', (cache) => cache.getOrSet('key', () => 'while full')],
    ['getOrSet with a lease', (cache) => cache.getOrSet('key', () => 'while full', { lock: true })],
    ['getOrSetMany', (cache) => cache.getOrSetMany(['other', 'key'], (keys) => keys.map(() => 'while full'))],
  ])('a value that a full Redis refused: %s', (_, store) => {
    it.each<[string, (cache: RedisCache) => Promise<unknown>]>([
      ['set', (cache) => cache.set('key', 'newer')],
      ['delete', (cache) => cache.delete('key')],
      ['clear', (cache) => cache.clear()],
      ['invalidatePattern', (cache) => cache.invalidatePattern('k*')],
    ])('does not outlive %s by another instance', async (kind, change) => {
      const [one, other] = [plain(), plain()];
      await Promise.all([one.connect(), other.connect()]);
      await until(async () => (await one.health()).tiers.l2?.coherence === 'armed', 'the channel');
      await full();
      await store(one);
      await roomy();

      await change(other);

      const newer = kind === 'set' ? 'newer' : undefined;
      await until(async () => (await one.get('key')) === newer, 'the change', 2000);
    });
  });

  it('an invalidation of tags while Redis was full is replayed', async () => {
    const [one, other] = [plain(), plain()];
    await one.set('key', 1, { tags: ['tag'] });
    expect(await other.get('key')).toBe(1);
    await full();
    await one.invalidateTags('tag');
    await until(() => one.stats().journal.size === 0 || one.stats().journal.dropped > 0, 'a try', 3000).catch(
      () => undefined,
    );
    await roomy();

    await until(async () => (await other.get('key')) === undefined, 'the invalidation', 8000);
    expect(await plain().get('key')).toBeUndefined();
  }, 20_000);
});

describe('what errors and options tell', () => {
  it('no cached value, however deep one looks into the error of a command', async () => {
    const cache = as('no-scripting', { onError: 'throw' });
    const error: unknown = await cache
      .set('key', { token: 'VALUE-SECRET' })
      .catch((reason: unknown) => reason);
    const hex = Buffer.from('VALUE-SECRET')
      .toString('hex')
      .replaceAll(/(..)(?=.)/g, '$1 ');
    const words = inspect(error, { depth: 20, showHidden: true });
    expect(words).toContain('NOPERM');
    expect(words.includes('VALUE-SECRET') || words.includes(hex)).toBe(false);
  });

  it('a password that is not percent-encoded is said to be that', () => {
    expect(() => new RedisCache({ redisUrl: 'redis://user:100%@localhost:6379' })).toThrow(ValidationError);
    expect(() => new RedisCache({ redisUrl: 'unix://user:100%@/tmp/redis.sock' })).toThrow(ValidationError);
  });
});
