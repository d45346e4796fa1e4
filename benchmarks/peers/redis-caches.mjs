// The caches on Redis, each with its own connection; with an in-process tier only where `l1Size` is given.
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis';
import { createCache } from 'cache-manager';
import { Cacheable, createKeyv } from 'cacheable';
import { Keyv } from 'keyv';
import KeyvRedis from '@keyv/redis';

import { CachePerformanceMonitor, RedisCache } from 'nestjs-cache-infra';

export const ttlSeconds = 3600;
export const ttlMs = ttlSeconds * 1000;

/**
 * This library with a monitor.
 *
 * @param {string} url
 * @param {{ l1Size?: number, isolation?: 'clone' | 'freeze' | 'reference' }} [options]
 */
export async function library(url, { l1Size, isolation = 'clone' } = {}) {
  const cache = new RedisCache({
    redisUrl: url,
    defaultTtl: ttlSeconds,
    enableL1Cache: l1Size !== undefined,
    l1CacheSize: l1Size ?? 1000,
    isolation,
    // A busy machine must not count as an outage.
    commandTimeout: '10s',
    monitor: new CachePerformanceMonitor(),
  });
  await cache.get('warm up');
  return cache;
}

export function cacheManager(url, { l1Size, isolation } = {}) {
  const stores = [new Keyv({ store: new KeyvRedis(url) })];
  if (l1Size !== undefined) stores.unshift(keyvMemory(l1Size, isolation));
  return createCache({ stores, ttl: ttlMs });
}

export function cacheable(url, { l1Size, isolation } = {}) {
  const redis = new KeyvRedis(url);
  if (l1Size === undefined) return new Cacheable({ primary: redis, ttl: ttlMs });
  return new Cacheable({ primary: keyvMemory(l1Size, isolation), secondary: redis, ttl: ttlMs });
}

/** The LRU of cacheable, which its documentation recommends as a Keyv store with a bound. */
function keyvMemory(lruSize, isolation) {
  return createKeyv({ lruSize, useClone: isolation !== 'reference', ttl: ttlMs });
}

/** The two-tier setting uses a bus for invalidations between instances; its L1 cannot hold values by reference. */
export function bentocache(url, { l1Size } = {}) {
  const { hostname: host, port } = new URL(url);
  const connection = { host, port: Number(port) };
  const store = bentostore();
  if (l1Size !== undefined) {
    store.useL1Layer(memoryDriver({ maxItems: l1Size })).useBus(redisBusDriver({ connection }));
  }
  store.useL2Layer(redisDriver({ connection }));
  return new BentoCache({ default: 'store', ttl: ttlMs, stores: { store } });
}
