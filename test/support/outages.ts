import { afterEach, beforeEach, expect } from '@jest/globals';

import type { CacheEventName } from '../../libs/cache-infra/src/cache/contract/events.js';
import type { Cache } from '../../libs/cache-infra/src/cache/contract/cache.js';
import type { RedisCacheOptions } from '../../libs/cache-infra/src/cache/contract/cache-options.js';
import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import type { RedisServer } from '../../libs/cache-infra/src/testing/redis-server.js';
import { closingAfterEach } from './closing.js';
import { deferred, turn } from './deferred.js';
import { ownRedisServer } from './redis.js';

/** Every call of the contract, and its answer when Redis is unavailable and the L1 is empty. */
export const calls: [what: string, call: (cache: Cache) => Promise<unknown>, answer: unknown][] = [
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

/** The outcome of a call, and its duration in milliseconds. */
export async function timed<T>(work: Promise<T>): Promise<{ outcome: PromiseSettledResult<T>; ms: number }> {
  const start = performance.now();
  const [outcome] = await Promise.allSettled([work]);
  return { outcome, ms: performance.now() - start };
}

export function recovered(cache: Cache): Promise<void> {
  return next(cache, 'recovered');
}

export function degraded(cache: Cache): Promise<void> {
  return next(cache, 'degraded');
}

function next(cache: Cache, event: CacheEventName): Promise<void> {
  const { promise, resolve } = deferred();
  cache.on(event, () => {
    resolve();
  });
  return promise;
}

/** A Redis of each test's own, which the test stops, starts, pauses and resumes. */
export interface BreakableRedis {
  readonly server: RedisServer;
  /** Closed after the test. */
  readonly redis: (options?: Partial<RedisCacheOptions>) => RedisCache;
  readonly closing: ReturnType<typeof closingAfterEach>;
}

/** Called at the top of a file. Fails a test that leaves a rejection or an exception unhandled. */
export function breakableRedis(): BreakableRedis {
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
  return {
    get server() {
      return server;
    },
    redis: (options = {}) => closing(new RedisCache({ redisUrl: server.url, ...options })),
    closing,
  };
}
