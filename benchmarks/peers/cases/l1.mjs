// L1 cases: every candidate holds the same 256 entries, which are read in turn.
import { keys, object10, string100 } from '../data.mjs';
import * as caches from '../memory-caches.mjs';
import { loopOf, race } from '../race.mjs';

const maxSize = 1000;

/** The call of each cache, with `load` and `values` of the candidate. */
const calls = {
  plain: { get: 'it.cache.get(key)', set: 'it.cache.set(key, it.values[i & 255])' },
  limit: {
    get: 'it.cache.get(key)',
    getOrSet: 'it.cache.get(key)',
    set: 'it.cache.set(key, it.values[i & 255])',
  },
  library: { getOrSet: 'it.cache.getOrSet(key, it.load)' },
  cacheManager: { getOrSet: 'it.cache.wrap(key, it.load)' },
  cacheable: { getOrSet: 'it.cache.getOrSet(key, it.load)' },
  bentocache: {
    get: 'it.cache.get({ key })',
    getOrSet: 'it.cache.getOrSet({ key, factory: it.load })',
    set: 'it.cache.set({ key, value: it.values[i & 255] })',
  },
};

function contenders(isolation) {
  const copying = isolation === 'clone';
  return [
    { name: 'limit', cache: caches.limit(maxSize), how: 'limit' },
    { name: 'nestjs-cache-infra', cache: caches.library(maxSize, isolation), how: 'library' },
    {
      name: 'nestjs-cache-infra, no monitor',
      cache: caches.libraryUnwatched(maxSize, isolation),
      how: 'library',
    },
    { name: 'cache-manager', cache: caches.cacheManager(copying), how: 'cacheManager' },
    { name: 'cacheable', cache: caches.cacheable(maxSize, copying), how: 'cacheable' },
    { name: 'bentocache', cache: caches.bentocache(maxSize, copying), how: 'bentocache' },
  ];
}

function candidatesFor(operation, isolation, valueOf) {
  const values = keys.map((_, i) => valueOf(i));
  const load = () => Promise.reject(new Error('a hit was expected'));
  return contenders(isolation).map(({ name, cache, how }) => {
    const it = { cache, values, load };
    const loop = loopOf(calls[how][operation] ?? calls.plain[operation]);
    const fill = loopOf(calls[how].set ?? calls.plain.set);
    const read = calls[how].get === undefined ? calls.plain.get : calls[how].get;
    return { name, it, fill, read, run: (count) => loop(it, keys, count) };
  });
}

/** Checks that a candidate returns copies or the stored object, as the case requires. */
async function isCopying({ it, read }) {
  const AsyncFunction = (async () => {}).constructor;
  const get = new AsyncFunction('it', 'key', `return ${read}`);
  const value = await get(it, keys[3]);
  if (value === undefined) throw new Error('a hit was expected after set');
  return value !== it.values[3];
}

function l1Case(operation, isolation, valueOf) {
  return {
    async measure(options) {
      const candidates = candidatesFor(operation, isolation, valueOf);
      for (const candidate of candidates) {
        await candidate.fill(candidate.it, keys, keys.length);
        // The lower bound always shares by reference; frozen values are shared, but differ from the object passed to
        // set.
        const alike = candidate.name === 'limit' || typeof valueOf(0) === 'string' || isolation === 'freeze';
        if (!alike && (await isCopying(candidate)) !== (isolation === 'clone'))
          throw new Error(`${candidate.name} does not have the compared isolation`);
      }
      return { unit: 'ns', samples: await race(candidates, options) };
    },
    /** Code under profile: the library's part. */
    async work() {
      const candidates = candidatesFor(operation, isolation, valueOf);
      const own = candidates.find(({ name }) => name === 'nestjs-cache-infra');
      await own.fill(own.it, keys, keys.length);
      return () => own.run(10_000);
    },
  };
}

export const l1Cases = {
  'l1-get-string': l1Case('get', 'clone', string100),
  'l1-get-reference': l1Case('get', 'reference', object10),
  'l1-get-freeze': l1Case('get', 'freeze', object10),
  'l1-get-or-set-string': l1Case('getOrSet', 'clone', string100),
  'l1-get-or-set-reference': l1Case('getOrSet', 'reference', object10),
  'l1-get-or-set-freeze': l1Case('getOrSet', 'freeze', object10),
  'l1-get-clone': l1Case('get', 'clone', object10),
  'l1-set-string': l1Case('set', 'clone', string100),
};
