// The limit of the Redis cases: what a program does without a cache library.
import { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';

/**
 * ioredis and JSON; with `l1Size`, an `lru-cache` in front of them.
 *
 * @param {string} url
 * @param {{ autoPipelining: boolean, l1Size?: number, ttlMs: number }} options
 */
export async function byHand(url, { autoPipelining, l1Size, ttlMs }) {
  const redis = new Redis(url, { enableAutoPipelining: autoPipelining });
  await redis.ping();
  const remote = oneTier(redis, ttlMs);
  return l1Size === undefined ? remote : twoTiers(remote, new LRUCache({ max: l1Size, ttl: ttlMs }));
}

function oneTier(redis, ttlMs) {
  const get = async (key) => {
    const text = await redis.get(key);
    return text === null ? undefined : JSON.parse(text);
  };
  const set = (key, value) => redis.set(key, JSON.stringify(value), 'PX', ttlMs);
  return {
    get,
    set,
    delete: (key) => redis.del(key),
    getOrSet: async (key, load) => {
      const text = await redis.get(key);
      if (text !== null) return JSON.parse(text);
      const value = await load();
      await redis.set(key, JSON.stringify(value), 'PX', ttlMs);
      return value;
    },
    getMany: async (keys) => (await redis.mget(keys)).map((text) => JSON.parse(text)),
    setMany: async (entries) => {
      const pipeline = redis.pipeline();
      for (const [key, value] of entries) pipeline.set(key, JSON.stringify(value), 'PX', ttlMs);
      await pipeline.exec();
    },
  };
}

function twoTiers(remote, lru) {
  return {
    get: async (key) => lru.get(key) ?? remote.get(key),
    set: async (key, value) => {
      lru.set(key, value);
      await remote.set(key, value);
    },
    delete: async (key) => {
      lru.delete(key);
      await remote.delete(key);
    },
    getOrSet: async (key, load) => {
      const local = lru.get(key);
      if (local !== undefined) return local;
      const value = await remote.getOrSet(key, load);
      lru.set(key, value);
      return value;
    },
    setMany: remote.setMany,
  };
}
