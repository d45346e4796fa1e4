// The caches that are compared, each with an L1, Redis as L2, and whatever it has to keep the L1s of two instances
// coherent.
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis';
import { createCache } from 'cache-manager';
import { Cacheable, createKeyv } from 'cacheable';
import { Keyv } from 'keyv';
import KeyvRedis from '@keyv/redis';
import { RedisMessageProvider } from '@qified/redis';

import { RedisCache } from 'nestjs-cache-infra';

const ttlMs = 60_000;
const lruSize = 1000;

/**
 * A cache, as the trials call it. `tags` and `grace` are absent where it has none. `lock`: it can share a load between
 * instances. Every key is known by `name`, so that the caches do not meet in Redis.
 *
 * @typedef {object} Contender
 * @property {(key: string) => Promise<unknown>} get
 * @property {(key: string, value: unknown, options?: { tags?: string[] }) => Promise<unknown>} set
 * @property {(key: string) => Promise<unknown>} delete
 * @property {(key: string, load: () => unknown, options?: { ttlMs?: number, graceMs?: number }) => Promise<unknown>} getOrSet
 * @property {((tag: string) => Promise<unknown>) | undefined} invalidateTag
 * @property {boolean} hasGrace
 * @property {() => Promise<unknown>} close
 */

/** Name → a function that opens an instance on the Redis at `url`. */
export const contenders = {
  'nestjs-cache-infra': (url) => {
    const cache = new RedisCache({ redisUrl: url, keyPrefix: 'ours', defaultTtl: ttlMs / 1000 });
    cache.on('error', () => undefined);
    return {
      get: (key) => cache.get(key),
      set: (key, value, { tags } = {}) => cache.set(key, value, tags && { tags }),
      delete: (key) => cache.delete(key),
      getOrSet: (key, load, { ttlMs: ttl, graceMs } = {}) =>
        cache.getOrSet(key, load, {
          lock: true,
          ...(ttl && { ttl: `${ttl}ms` }),
          ...(graceMs && { grace: `${graceMs}ms` }),
        }),
      invalidateTag: (tag) => cache.invalidateTags(tag),
      hasGrace: true,
      close: () => cache.close(),
    };
  },

  bentocache: (url) => {
    const { hostname: host, port } = new URL(url);
    const connection = { host, port: Number(port) };
    const store = bentostore()
      .useL1Layer(memoryDriver({ maxItems: lruSize }))
      .useL2Layer(redisDriver({ connection }))
      .useBus(redisBusDriver({ connection }));
    const cache = new BentoCache({ default: 'store', ttl: ttlMs, prefix: 'bento', stores: { store } });
    return {
      get: (key) => cache.get({ key }),
      set: (key, value, { tags } = {}) => cache.set({ key, value, ...(tags && { tags }) }),
      delete: (key) => cache.delete({ key }),
      getOrSet: (key, load, { ttlMs: ttl, graceMs } = {}) =>
        cache.getOrSet({ key, factory: load, ...(ttl && { ttl }), ...(graceMs && { grace: graceMs }) }),
      invalidateTag: (tag) => cache.deleteByTag({ tags: [tag] }),
      hasGrace: true,
      close: () => cache.disconnectAll(),
    };
  },

  cacheable: (url) => {
    const qified = new RedisMessageProvider({ uri: url });
    const cache = new Cacheable({
      primary: createKeyv({ lruSize }),
      secondary: new KeyvRedis(url),
      ttl: ttlMs,
      namespace: 'cacheable',
      tags: true,
      sync: { qified },
    });
    cache.on('error', () => undefined);
    return {
      get: (key) => cache.get(key),
      set: (key, value, { tags } = {}) => cache.set(key, value, tags && { tags }),
      delete: (key) => cache.delete(key),
      getOrSet: (key, load, { ttlMs: ttl } = {}) => cache.getOrSet(key, load, ttl && { ttl }),
      invalidateTag: (tag) => cache.tags.invalidateTag(tag),
      hasGrace: false,
      close: () => cache.disconnect(),
    };
  },

  // `@nestjs/cache-manager` hands out this cache.
  'cache-manager': (url) => {
    const redis = new Keyv({ store: new KeyvRedis(url), namespace: 'manager' });
    redis.on('error', () => undefined);
    const cache = createCache({ stores: [createKeyv({ lruSize }), redis], ttl: ttlMs });
    cache.on('error', () => undefined);
    return {
      get: (key) => cache.get(key),
      set: (key, value) => cache.set(key, value),
      delete: (key) => cache.del(key),
      getOrSet: (key, load, { ttlMs: ttl } = {}) => cache.wrap(key, load, ttl),
      invalidateTag: undefined,
      hasGrace: false,
      close: () => cache.disconnect(),
    };
  },
};
