// The candidates of the Redis cases: how each is opened and called, and the keys and values that are its own.
import { keys, object1kB } from './data.mjs';
import { byHand } from './redis-by-hand.mjs';
import { bentocache, cacheable, cacheManager, library, ttlMs } from './redis-caches.mjs';

const url = process.env.BENCH_REDIS_URL;
export const own = 'nestjs-cache-infra';

/** Calls as loops have them; those that a cache cannot do are absent. */
const calls = {
  get: 'it.cache.get(key)',
  set: 'it.cache.set(key, it.values[i & 255])',
  getOrSet: 'it.cache.getOrSet(key, it.load)',
  getMany: 'it.cache.getMany(it.batches[i & 15])',
  setMany: 'it.cache.setMany(it.pairs[i & 15])',
};
const callsOfCacheManager = {
  ...calls,
  getOrSet: 'it.cache.wrap(key, it.load)',
  getMany: 'it.cache.mget(it.batches[i & 15])',
  setMany: 'it.cache.mset(it.items[i & 15])',
};
const callsOfCacheable = { ...calls, setMany: 'it.cache.setMany(it.items[i & 15])' };
const callsOfBentocache = {
  get: 'it.cache.get({ key })',
  set: 'it.cache.set({ key, value: it.values[i & 255] })',
  getOrSet: 'it.cache.getOrSet({ key, factory: it.load })',
};

const contenders = [
  { name: 'ioredis', open: (tiers) => byHand(url, { autoPipelining: false, ttlMs, ...tiers }), calls },
  {
    name: 'ioredis, auto-pipelining',
    open: (tiers) => byHand(url, { autoPipelining: true, ttlMs, ...tiers }),
    calls,
  },
  { name: own, open: (tiers) => library(url, tiers), calls },
  { name: 'cache-manager', open: (tiers) => cacheManager(url, tiers), calls: callsOfCacheManager },
  { name: 'cacheable', open: (tiers) => cacheable(url, tiers), calls: callsOfCacheable },
  { name: 'bentocache', open: (tiers) => bentocache(url, tiers), calls: callsOfBentocache },
];

/** The names of the candidates that can do `operation`. */
export function namesFor(operation) {
  return contenders.filter(({ calls }) => calls[operation] !== undefined).map(({ name }) => name);
}

/**
 * Opens a candidate. Its keys begin with a letter of its own, and the ids of its values tell whose they are.
 *
 * @param {string} name
 * @param {{ l1Size?: number, isolation?: string }} tiers
 * @param {(id: number) => object} [makeValue]
 */
export async function openContender(name, tiers, makeValue = object1kB) {
  const index = contenders.findIndex((contender) => contender.name === name);
  const { open, calls } = contenders[index];
  const letter = String.fromCharCode('a'.charCodeAt(0) + index);
  const values = keys.map((_, i) => makeValue(index * 1000 + i));
  const isOwn = (value) => Math.floor(value?.id / 1000) === index;
  return {
    name,
    cache: await open(tiers),
    calls,
    letter,
    keys: keys.map((key) => `${letter}:${key}`),
    values,
    isOwn,
  };
}
