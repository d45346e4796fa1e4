// The in-memory caches, each at its fastest setting for the compared semantics: values by reference, or copies.
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { createCache } from 'cache-manager';
import { Cacheable, createKeyv } from 'cacheable';
import { Keyv } from 'keyv';
import { LRUCache } from 'lru-cache';

import { CachePerformanceMonitor, InMemoryCache } from 'nestjs-cache-infra';

export const ttlSeconds = 3600;
const ttlMs = ttlSeconds * 1000;

/** An `async` function around an `lru-cache` with a ttl: the lower bound of every cache with this contract. */
export function limit(maxSize) {
  const lru = new LRUCache({ max: maxSize, ttl: ttlMs });
  return {
    get: async (key) => lru.get(key),
    set: async (key, value) => {
      lru.set(key, value);
    },
  };
}

/** What a program does without a cache library: `lru-cache`, single flight by hand, loops for many keys. */
export function byHand(maxSize) {
  const lru = new LRUCache({ max: maxSize, ttl: ttlMs });
  const running = new Map();
  const loadInto = async (key, load) => {
    try {
      const value = await load();
      lru.set(key, value);
      return value;
    } finally {
      running.delete(key);
    }
  };
  return {
    get: async (key) => lru.get(key),
    getOrSet: async (key, load) => {
      const value = lru.get(key);
      if (value !== undefined) return value;
      const flight = running.get(key);
      if (flight !== undefined) return flight;
      const started = loadInto(key, load);
      running.set(key, started);
      return started;
    },
    getMany: async (keys) => {
      const found = new Map();
      for (const key of keys) {
        const value = lru.get(key);
        if (value !== undefined) found.set(key, value);
      }
      return found;
    },
    setMany: async (entries) => {
      for (const [key, value] of entries) lru.set(key, value);
    },
    clear: async () => lru.clear(),
  };
}

/** This library with a monitor. */
export function library(maxSize, isolation) {
  return new InMemoryCache({
    maxSize,
    isolation,
    defaultTtl: ttlSeconds,
    monitor: new CachePerformanceMonitor(),
  });
}

export function libraryUnwatched(maxSize, isolation) {
  return new InMemoryCache({ maxSize, isolation, defaultTtl: ttlSeconds });
}

/** Keyv's default store is a `Map` of JSON; without a serializer it holds the values themselves. */
export function cacheManager(copying) {
  const keyv = copying ? new Keyv() : new Keyv({ serialize: undefined, deserialize: undefined });
  if (!copying) {
    keyv.serialize = undefined;
    keyv.deserialize = undefined;
  }
  return createCache({ stores: [keyv], ttl: ttlMs });
}

export function cacheable(maxSize, copying) {
  const primary = createKeyv({ lruSize: maxSize, useClone: copying, ttl: ttlMs });
  return new Cacheable({ primary, ttl: ttlMs });
}

export function bentocache(maxSize, copying) {
  const store = bentostore().useL1Layer(memoryDriver({ maxItems: maxSize, serialize: copying }));
  return new BentoCache({ default: 'memory', ttl: ttlMs, stores: { memory: store } });
}
