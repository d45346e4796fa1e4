// The caches on Redis, each with its own connection; without an in-process tier, except the two-tier ones.
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis';
import { createCache } from 'cache-manager';
import { Cacheable, createKeyv } from 'cacheable';
import { Redis } from 'ioredis';
import { Keyv } from 'keyv';
import KeyvRedis from '@keyv/redis';

import { CachePerformanceMonitor, RedisCache } from 'nestjs-cache-infra';

export const ttlSeconds = 3600;
const ttlMs = ttlSeconds * 1000;
const maxSize = 1000;

/** ioredis and JSON, like a program without a cache library. */
export async function raw(url, enableAutoPipelining) {
  const redis = new Redis(url, { enableAutoPipelining });
  await redis.ping();
  return {
    get: async (key) => JSON.parse(await redis.get(key)),
    getMany: async (keys) => (await redis.mget(keys)).map((text) => JSON.parse(text)),
    set: (key, value) => redis.set(key, JSON.stringify(value), 'EX', ttlSeconds),
  };
}

/** This library with a monitor. */
export async function library(url, twoTiers) {
  const cache = new RedisCache({
    redisUrl: url,
    defaultTtl: ttlSeconds,
    enableL1Cache: twoTiers,
    l1CacheSize: maxSize,
    // A busy machine must not count as an outage.
    commandTimeout: '10s',
    monitor: new CachePerformanceMonitor(),
  });
  await cache.get('warm up');
  return cache;
}

export function cacheManager(url, twoTiers) {
  const stores = [new Keyv({ store: new KeyvRedis(url) })];
  if (twoTiers) stores.unshift(new Keyv());
  return createCache({ stores, ttl: ttlMs });
}

export function cacheable(url, twoTiers) {
  const redis = new KeyvRedis(url);
  if (!twoTiers) return new Cacheable({ primary: redis, ttl: ttlMs });
  return new Cacheable({
    primary: createKeyv({ lruSize: maxSize, ttl: ttlMs }),
    secondary: redis,
    ttl: ttlMs,
  });
}

/** The two-tier setting uses a bus for invalidations between instances. */
export function bentocache(url, twoTiers) {
  const { hostname: host, port } = new URL(url);
  const connection = { host, port: Number(port) };
  const store = bentostore();
  if (twoTiers) store.useL1Layer(memoryDriver({ maxItems: maxSize })).useBus(redisBusDriver({ connection }));
  store.useL2Layer(redisDriver({ connection }));
  return new BentoCache({ default: 'store', ttl: ttlMs, stores: { store } });
}
