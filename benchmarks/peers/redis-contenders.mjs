// The candidates of the Redis cases: how each is opened and called, and the keys and values that are its own.
import { object1kB, ownData } from './data.mjs';
import { own } from './goals.mjs';
import { byHand } from './redis-by-hand.mjs';
import { bentocache, cacheable, cacheManager, library, ttlMs } from './redis-caches.mjs';

const url = process.env.BENCH_REDIS_URL;

/** Calls as loops have them; those that a cache cannot do are absent. */
const calls = {
  get: 'it.cache.get(key)',
  set: 'it.cache.set(key, it.values[i & 255])',
  delete: 'it.cache.delete(key)',
  getOrSet: 'it.cache.getOrSet(key, it.load)',
  getMany: 'it.cache.getMany(it.batches[i & 15])',
  setMany: 'it.cache.setMany(it.pairs[i & 15])',
};
const callsOfCacheManager = {
  ...calls,
  delete: 'it.cache.del(key)',
  getOrSet: 'it.cache.wrap(key, it.load)',
  getMany: 'it.cache.mget(it.batches[i & 15])',
  setMany: 'it.cache.mset(it.items[i & 15])',
};
const callsOfCacheable = { ...calls, setMany: 'it.cache.setMany(it.items[i & 15])' };
const callsOfBentocache = {
  get: 'it.cache.get({ key })',
  set: 'it.cache.set({ key, value: it.values[i & 255] })',
  delete: 'it.cache.delete({ key })',
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
  {
    name: 'nestjs-cache-infra, copies',
    open: (tiers) => library(url, { ...tiers, isolation: 'clone' }),
    calls,
    differs: ({ isolation = 'clone' }) => isolation !== 'clone',
  },
  { name: 'cache-manager', open: (tiers) => cacheManager(url, tiers), calls: callsOfCacheManager },
  { name: 'cacheable', open: (tiers) => cacheable(url, tiers), calls: callsOfCacheable },
  { name: 'bentocache', open: (tiers) => bentocache(url, tiers), calls: callsOfBentocache },
];

/** The names of the candidates that can do `operation`. */
export function namesFor(operation, tiers) {
  return contenders
    .filter(({ calls, differs }) => calls[operation] !== undefined && differs?.(tiers) !== false)
    .map(({ name }) => name);
}

/**
 * Opens a candidate, with keys and values of its own.
 *
 * @param {string} name
 * @param {{ l1Size?: number, isolation?: string }} tiers
 * @param {(id: number) => object} [makeValue]
 */
export async function openContender(name, tiers, makeValue = object1kB) {
  const index = contenders.findIndex((contender) => contender.name === name);
  const { open, calls } = contenders[index];
  return { name, cache: await open(tiers), calls, ...ownData(index, makeValue) };
}
