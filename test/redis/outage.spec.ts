import { inspect } from 'node:util';

import type { Cache } from '../../libs/cache-infra/src/cache/contract/cache.js';
import type { RedisCacheOptions } from '../../libs/cache-infra/src/cache/contract/cache-options.js';
import { memoryFallback } from '../../libs/cache-infra/src/cache/memory-fallback.js';
import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { CacheError, InfrastructureError } from '../../libs/cache-infra/src/base/errors.js';
import type { RedisServer } from '../../libs/cache-infra/src/testing/redis-server.js';
import { closingAfterEach } from '../support/closing.js';
import { deferred, turn } from '../support/deferred.js';
import { ownRedisServer } from '../support/redis.js';
import { until } from '../support/until.js';

const closing = closingAfterEach();
let server: RedisServer;
const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown): void => {
  unhandled.push(reason);
};

beforeEach(async () => {
  server = await ownRedisServer();
  unhandled.length = 0;
  process.on('unhandledRejection', onUnhandled);
  process.on('uncaughtException', onUnhandled);
});
afterEach(async () => {
  await server.stop();
  await turn();
  process.off('unhandledRejection', onUnhandled);
  process.off('uncaughtException', onUnhandled);
  expect(unhandled).toEqual([]);
});

function redis(options: Partial<RedisCacheOptions> = {}): RedisCache {
  return closing(new RedisCache({ redisUrl: server.url, ...options }));
}

/** Every call of the contract, and what it answers when there is no Redis and the L1 is empty. */
const calls: [what: string, call: (cache: Cache) => Promise<unknown>, answer: unknown][] = [
  ['get', (cache) => cache.get('key'), undefined],
  ['getMany', (cache) => cache.getMany(['key', 'other']), new Map()],
  ['set', (cache) => cache.set('key', 1), undefined],
  ['set with tags', (cache) => cache.set('key', 1, { tags: ['tag'] }), undefined],
  [
    'setMany',
    (cache) =>
      cache.setMany([
        ['key', 1],
        ['other', 2],
      ]),
    undefined,
  ],
  ['getOrSet', (cache) => cache.getOrSet('key', () => 'loaded'), 'loaded'],
  ['getOrSet with tags', (cache) => cache.getOrSet('key', () => 'loaded', { tags: ['tag'] }), 'loaded'],
  ['has', (cache) => cache.has('key'), false],
  ['ttl', (cache) => cache.ttl('key'), undefined],
  ['delete', (cache) => cache.delete('key'), false],
  ['deleteMany', (cache) => cache.deleteMany(['key']), 0],
  ['invalidateTags', (cache) => cache.invalidateTags('tag'), undefined],
  ['invalidatePattern', (cache) => cache.invalidatePattern('k*'), 0],
  ['clear', (cache) => cache.clear(), undefined],
];

async function timed<T>(work: Promise<T>): Promise<{ outcome: PromiseSettledResult<T>; ms: number }> {
  const start = performance.now();
  const [outcome] = await Promise.allSettled([work]);
  return { outcome, ms: performance.now() - start };
}

function recovered(cache: Cache): Promise<void> {
  const { promise, resolve } = deferred();
  cache.on('recovered', () => {
    resolve();
  });
  return promise;
}

function degraded(cache: Cache): Promise<void> {
  const { promise, resolve } = deferred();
  cache.on('degraded', () => {
    resolve();
  });
  return promise;
}

describe('guarantee 3: Redis down at boot', () => {
  beforeEach(() => server.stop());

  it.each(calls)(
    'pitfall (bentocache, cacheable, cache-manager) %s does not hang',
    async (_, call, answer) => {
      const { outcome, ms } = await timed(call(redis()));
      expect(outcome).toEqual({ status: 'fulfilled', value: answer });
      expect(ms).toBeLessThan(1000);
    },
  );

  it('seed S4.41 the cache works without it, from its L1', async () => {
    const cache = redis();
    await cache.set('key', { a: 1 });
    expect(await cache.get('key')).toEqual({ a: 1 });
    expect(await cache.getOrSet('key', () => 'never')).toEqual({ a: 1 });
    expect(await cache.delete('key')).toBe(true);
    expect(await cache.get('key')).toBeUndefined();
    expect(cache.stats().errors).toBeGreaterThan(0);
  });

  it('the fallback in memory works as well, all of it', async () => {
    const cache = redis();
    await expect(cache.connect()).rejects.toThrow(InfrastructureError);
    const memory = memoryFallback(cache);
    await memory.set('key', 1, { tags: ['tag'] });
    expect(await memory.get('key')).toBe(1);
    await memory.invalidateTags('tag');
    expect(await memory.get('key')).toBeUndefined();
    await memory.namespace('users').set('1', 1);
    await memory.clear();
    expect(await memory.namespace('users').has('1')).toBe(false);
  });

  it('many calls at once cost no more than one', async () => {
    const cache = redis();
    const { ms } = await timed(
      Promise.all(Array.from({ length: 500 }, (_, i) => cache.getOrSet(`key:${String(i)}`, () => i))),
    );
    expect(ms).toBeLessThan(1500);
    expect(cache.stats().loads).toBe(500);
  });

  it('pitfall (nest #2125, #11123) no `error` event ends the process, and nothing is written to the console', async () => {
    const written: unknown[] = [];
    const { error, warn } = console;
    console.error = console.warn = (...words: unknown[]): void => {
      written.push(words);
    };
    try {
      const cache = redis();
      await cache.get('key');
      await until(() => cache.stats().errors > 0, 'the error');
      await cache.close();
    } finally {
      Object.assign(console, { error, warn });
    }
    expect(written).toEqual([]);
  });

  it('Redis comes later: it is used without a restart', async () => {
    const cache = redis();
    const back = recovered(cache);
    await cache.set('before', 1);
    await server.start();
    await back;
    await cache.set('after', 1);
    expect(await redis().get('after')).toBe(1);
    expect(cache.stats().l2.sets).toBeGreaterThanOrEqual(1);
  }, 20_000);

  it('connect says so, within the connect time-out', async () => {
    const { outcome, ms } = await timed(redis({ connectTimeout: '500ms' }).connect());
    expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(InfrastructureError) as unknown });
    expect((outcome as PromiseRejectedResult).reason).toMatchObject({
      message: expect.stringMatching(/^Redis connection failed \(127\.0\.0\.1:\d+\)/) as unknown,
    });
    expect(ms).toBeLessThan(1000);
  });

  it.each(calls)("seed S9.112 with onError 'throw' %s rejects with InfrastructureError", async (_, call) => {
    const { outcome, ms } = await timed(call(redis({ onError: 'throw' })));
    expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(InfrastructureError) as unknown });
    expect((outcome as PromiseRejectedResult).reason).toBeInstanceOf(CacheError);
    expect(ms).toBeLessThan(1000);
  });

  it('close ends the attempts at once', async () => {
    const cache = redis();
    await cache.get('key');
    const { ms } = await timed(cache.close());
    expect(ms).toBeLessThan(500);
  });
});

describe('seed S10.133-134 and S4.43: Redis stopped in operation', () => {
  it('what is in Redis alone is a miss; what is set or loaded meanwhile is served from the L1', async () => {
    const cache = redis();
    await redis().set('elsewhere', 2);
    await cache.connect();
    const away = degraded(cache);
    await server.stop();
    await away;
    await cache.set('held', 1);
    expect(await cache.get('held')).toBe(1);
    expect(await cache.get('elsewhere')).toBeUndefined();
    expect(await cache.getOrSet('elsewhere', () => 3)).toBe(3);
    expect(await cache.get('elsewhere')).toBe(3);
  });

  it.each(calls)(
    'pitfall (nestjs/cache-manager #797) %s does not block for ever',
    async (_, call, answer) => {
      const cache = redis();
      await cache.connect();
      const away = degraded(cache);
      await server.stop();
      await away;
      const { outcome, ms } = await timed(call(cache));
      expect(outcome).toEqual({ status: 'fulfilled', value: answer });
      expect(ms).toBeLessThan(1000);
    },
  );

  it('calls that are out when it dies end, too', async () => {
    const cache = redis({ commandTimeout: '2s' });
    await cache.connect();
    await cache.get('nothing');
    await server.pause();
    const out = calls.map(([, call]) => timed(call(cache)));
    await turn();
    await server.stop();
    for (const { outcome, ms } of await Promise.all(out)) {
      expect(outcome.status).toBe('fulfilled');
      expect(ms).toBeLessThan(3000);
    }
  });

  it('pitfall (the Python original) a newer set leaves no stale value in the L1', async () => {
    const cache = redis();
    await cache.set('key', 'old');
    await cache.get('key');
    const away = degraded(cache);
    await server.stop();
    await away;
    await cache.set('key', 'new');
    expect(await cache.get('key')).toBe('new');
    await cache.delete('key');
    expect(await cache.get('key')).toBeUndefined();
  });

  it('invalidations hold here meanwhile', async () => {
    const cache = redis();
    await cache.connect();
    const away = degraded(cache);
    await server.stop();
    await away;
    await cache.setMany(
      [
        ['a', 1],
        ['b', 2],
      ],
      { tags: ['tag'] },
    );
    await cache.setMany([
      ['user:1', 1],
      ['user:2', 2],
      ['c', 3],
    ]);
    await cache.invalidateTags('tag');
    expect((await cache.getMany(['a', 'b'])).size).toBe(0);
    await cache.invalidatePattern('user:*');
    expect([...(await cache.getMany(['user:1', 'user:2', 'c'])).keys()]).toEqual(['c']);
    await cache.clear();
    expect(await cache.has('c')).toBe(false);
  });

  it('comes back by itself, tells of it once, and is used again', async () => {
    const cache = redis();
    const told: string[] = [];
    cache.on('degraded', () => told.push('degraded'));
    cache.on('recovered', () => told.push('recovered'));
    await cache.set('key', 1);
    const [away, back] = [degraded(cache), recovered(cache)];
    await server.stop();
    await away;
    for (let i = 0; i < 5; i++) await cache.get('missing');
    await server.start();
    await back;
    await cache.set('key', 2);
    expect(await redis().get('key')).toBe(2);
    expect(told).toEqual(['degraded', 'recovered']);
  }, 20_000);

  it('logs that it went and came, without a word more', async () => {
    const lines: string[] = [];
    const logger = {
      log: (line: string) => lines.push(`log ${line}`),
      warn: (line: string) => lines.push(`warn ${line}`),
    };
    const cache = redis({ logger, name: 'sessions' });
    await cache.set('key', 1);
    const [away, back] = [degraded(cache), recovered(cache)];
    await server.stop();
    await away;
    await server.start();
    await back;
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^warn .*'sessions'.*127\.0\.0\.1:\d+/);
    expect(lines[1]).toMatch(/^log .*'sessions'.*available again/);
  }, 20_000);

  it('every failure is counted and told as an event, with what was asked for', async () => {
    const cache = redis({ enableL1Cache: false });
    await cache.connect();
    const errors: string[] = [];
    cache.on('error', ({ operation, error }) => errors.push(`${operation} ${error.constructor.name}`));
    const away = degraded(cache);
    await server.stop();
    await away;
    await cache.get('key');
    await cache.set('key', 1);
    await cache.delete('key');
    expect(errors).toEqual([
      'get InfrastructureError',
      'set InfrastructureError',
      'delete InfrastructureError',
    ]);
    expect(cache.stats()).toMatchObject({ errors: 3, l2: { errors: 3 } });
  });

  it("seed S9.112 with onError 'throw' the caller is told, and a failed set is not half done", async () => {
    const cache = redis({ onError: 'throw' });
    await cache.set('key', 'old');
    const away = degraded(cache);
    await server.stop();
    await away;
    await expect(cache.get('missing')).rejects.toThrow(InfrastructureError);
    await expect(cache.set('key', 'new')).rejects.toThrow(InfrastructureError);
    await expect(cache.get('key')).rejects.toThrow(InfrastructureError);
    await expect(cache.getOrSet('missing', () => 1)).rejects.toThrow(InfrastructureError);
  });

  it('health: up, degraded with an L1, down without, and up again', async () => {
    const [cache, bare] = [redis(), redis({ enableL1Cache: false })];
    for (const each of [cache, bare]) await each.connect();
    expect(await cache.health()).toMatchObject({
      status: 'up',
      tiers: {
        l1: { size: 0, maxSize: 100 },
        l2: { status: 'ready', latencyMs: expect.any(Number) as unknown },
      },
    });
    const away = Promise.all([degraded(cache), degraded(bare)]);
    const back = Promise.all([recovered(cache), recovered(bare)]);
    await server.stop();
    await away;
    expect(await cache.health()).toMatchObject({ status: 'degraded', tiers: { l2: { status: 'away' } } });
    expect(await bare.health()).toMatchObject({ status: 'down' });
    await server.start();
    await back;
    expect((await cache.health()).status).toBe('up');
    expect((await bare.health()).status).toBe('up');
    await cache.close();
    expect((await cache.health()).status).toBe('down');
  }, 20_000);
});

describe('guarantee 3: a Redis that hangs', () => {
  it.each(calls)('%s returns within the command time-out', async (_, call, answer) => {
    const cache = redis({ commandTimeout: '100ms' });
    await cache.connect();
    await cache.get('nothing');
    await server.pause();
    const { outcome, ms } = await timed(call(cache));
    expect(outcome).toEqual({ status: 'fulfilled', value: answer });
    // Once for the call, however many commands it is made of; the rest is for a busy machine.
    expect(ms).toBeLessThan(190);
  });

  it.each(calls)("seed S9.112 with onError 'throw' %s rejects with InfrastructureError", async (_, call) => {
    const cache = redis({ onError: 'throw', commandTimeout: '100ms' });
    await cache.connect();
    await cache.get('nothing');
    await server.pause();
    const { outcome } = await timed(call(cache));
    expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(InfrastructureError) as unknown });
  });

  it('the default is 250 ms', async () => {
    const cache = redis();
    await cache.connect();
    await cache.get('nothing');
    await server.pause();
    const { ms } = await timed(cache.get('key'));
    expect(ms).toBeGreaterThan(200);
    expect(ms).toBeLessThan(1000);
  });

  it('from the first call on: it accepts connections and says nothing', async () => {
    await server.pause();
    for (const [, call, answer] of calls) {
      const { outcome, ms } = await timed(call(redis({ commandTimeout: '100ms' })));
      expect(outcome).toEqual({ status: 'fulfilled', value: answer });
      expect(ms).toBeLessThan(1000);
    }
  });

  it('L1 hits do not wait at all', async () => {
    const cache = redis();
    await cache.set('key', 1);
    await server.pause();
    const { outcome, ms } = await timed(Promise.all(Array.from({ length: 100 }, () => cache.get('key'))));
    expect(outcome.status).toBe('fulfilled');
    expect(ms).toBeLessThan(200);
  });

  it('goes on where it was when it answers again', async () => {
    const cache = redis({ commandTimeout: '100ms' });
    await cache.set('key', 'old');
    await server.pause();
    await cache.set('key', 'new');
    expect(await cache.get('key')).toBe('new');
    await server.resume();
    await until(
      async () => (await redis({ commandTimeout: '5s' }).get('key')) === 'new',
      'the write to arrive',
    );
    expect(await cache.get('key')).toBe('new');
  }, 20_000);

  it('an abort of the caller does not wait for it', async () => {
    const cache = redis({ commandTimeout: '5s' });
    await cache.connect();
    await server.pause();
    const signal = AbortSignal.timeout(20);
    const { outcome, ms } = await timed(cache.getOrSet('key', () => 1, { signal }));
    expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'TimeoutError' } });
    expect(ms).toBeLessThan(1000);
  });

  it('close does not wait for it, and leaves no call behind', async () => {
    const cache = redis({ commandTimeout: '30s' });
    await cache.connect();
    await cache.get('nothing');
    await server.pause();
    const out = calls.map(([, call]) => call(cache));
    await turn();
    const { ms } = await timed(cache.close());
    expect(ms).toBeLessThan(500);
    const ended = await timed(Promise.allSettled(out));
    expect(ended.ms).toBeLessThan(1000);
  });
});

describe('no credentials anywhere', () => {
  it('not in errors, events, logs, health or inspect', async () => {
    const seen: unknown[] = [];
    const logger = { log: (line: string) => seen.push(line), warn: (line: string) => seen.push(line) };
    const { host, port } = server;
    const urls = [
      `redis://user:S3CRET@${host}:${String(port)}/0`,
      'redis://user:S3CRET@127.0.0.1:1/0',
      'redis://user:S3CRET@nonexistent.invalid:6379',
    ];
    for (const redisUrl of urls) {
      const cache = closing(new RedisCache({ redisUrl, logger, onError: 'throw', connectTimeout: '1s' }));
      for (const event of ['error', 'degraded', 'recovered', 'corrupt'] as const)
        cache.on(event, (payload: unknown) => seen.push(payload));
      for (const [, call] of calls) await call(cache).catch((error: unknown) => seen.push(error));
      await cache.connect().catch((error: unknown) => seen.push(error));
      seen.push(await cache.health(), cache, cache.stats());
    }
    expect(seen.length).toBeGreaterThan(20);
    for (const thing of seen) {
      expect(tells(thing)).toBe(false);
    }
  });

  it('a server that refuses the password is told as such, without it', async () => {
    const guarded = await ownRedisServer(['--requirepass', 'right']);
    try {
      const { host, port } = guarded;
      const redisUrl = `redis://:S3CRET@${host}:${String(port)}`;
      const cache = closing(new RedisCache({ redisUrl, onError: 'throw' }));
      const error: unknown = await cache.get('key').catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(InfrastructureError);
      expect((error as Error).message).toMatch(/WRONGPASS|invalid|password/i);
      expect(tells(error)).toBe(false);
      const right = closing(
        new RedisCache({ redisUrl: `redis://:right@${host}:${String(port)}`, onError: 'throw' }),
      );
      await right.set('key', 1);
      expect(await right.get('key')).toBe(1);
    } finally {
      await guarded.stop();
    }
  });
});

/** A boolean, not the text: that would be long. */
function tells(thing: unknown): boolean {
  const words = [
    inspect(thing, { depth: 20, showHidden: true, getters: true }),
    JSON.stringify(thing),
    String(thing),
  ];
  return words.some((text) => text.includes('S3CRET'));
}
