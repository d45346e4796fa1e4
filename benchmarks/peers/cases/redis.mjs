// Redis cases, compared with ioredis and JSON at the faster of its two settings.
import { keys, object1kB } from '../data.mjs';
import { concurrent, loopOf, race } from '../race.mjs';
import * as caches from '../redis-caches.mjs';

const url = process.env.BENCH_REDIS_URL;
const values = keys.map((_, i) => object1kB(i));

/** Sixteen lists of a hundred keys. */
const batches = Array.from({ length: 16 }, (_, at) =>
  Array.from({ length: 100 }, (_, i) => keys[(at * 31 + i) % keys.length]),
);

const calls = {
  get: 'it.cache.get(key)',
  getMany: 'it.cache.getMany(it.batches[i & 15])',
  set: 'it.cache.set(key, it.values[i & 255])',
};
const cacheManagerCalls = { getMany: 'it.cache.mget(it.batches[i & 15])' };
const bentoCalls = { get: 'it.cache.get({ key })', set: 'it.cache.set({ key, value: it.values[i & 255] })' };

async function contenders(operation) {
  const twoTiers = operation === 'set';
  const all = [
    { name: 'ioredis', cache: await caches.raw(url, false), own: calls },
    { name: 'ioredis, auto-pipelining', cache: await caches.raw(url, true), own: calls },
    { name: 'nestjs-cache-infra', cache: await caches.library(url, twoTiers), own: calls },
    {
      name: 'cache-manager',
      cache: caches.cacheManager(url, twoTiers),
      own: { ...calls, ...cacheManagerCalls },
    },
    { name: 'cacheable', cache: caches.cacheable(url, twoTiers), own: calls },
    { name: 'bentocache', cache: caches.bentocache(url, twoTiers), own: bentoCalls },
  ];
  return all.filter(({ own }) => own[operation] !== undefined);
}

async function candidatesFor(operation, workers) {
  const candidates = [];
  for (const { name, cache, own } of await contenders(operation)) {
    const it = { cache, values, batches };
    // The two raw candidates write the same keys and values.
    await loopOf(own.set)(it, keys, keys.length);
    if (operation === 'get') await loopOf(`it.check(${own.get})`)({ ...it, check }, keys, keys.length);
    const loop = concurrent(loopOf(own[operation]), workers);
    candidates.push({ name, cache, run: (count) => loop(it, keys, count) });
  }
  return candidates;
}

async function check(reply) {
  const value = await reply;
  if (value?.id === undefined || value.bio === undefined) throw new Error('a hit was expected');
}

function redisCase(operation, workers) {
  return {
    async measure(options) {
      const candidates = await candidatesFor(operation, workers);
      const samples = await race(candidates, options);
      const { errors, misses } = candidates.find(({ name }) => name === 'nestjs-cache-infra').cache.stats();
      // Allow one miss, of the warm-up.
      if (errors > 0 || misses > 1) throw new Error(`${errors} errors, ${misses} misses: hits were expected`);
      return { unit: 'ns', samples };
    },
    /** Code under profile: the library's part. */
    async work() {
      const candidates = await candidatesFor(operation, workers);
      const own = candidates.find(({ name }) => name === 'nestjs-cache-infra');
      return () => own.run(operation === 'getMany' ? 50 : 1_000);
    },
  };
}

export const redisCases = {
  'redis-get-1': redisCase('get', 1),
  'redis-get-32': redisCase('get', 32),
  'redis-get-256': redisCase('get', 256),
  'redis-get-many': redisCase('getMany', 1),
  'redis-two-tier-set-32': redisCase('set', 32),
};
