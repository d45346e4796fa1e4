// In memory, compared with `lru-cache` by hand: `getOrSet` of cold keys, and many keys in one call.
import { comparison } from '../comparison.mjs';
import { batchesOf, keys, newKeys, object10, string100 } from '../data.mjs';
import * as caches from '../memory-caches.mjs';
import { loopOf } from '../race.mjs';

/** Cold keys of a turn at most; every cache has room for them. */
const most = 2 ** 15;

const calls = {
  getOrSet: 'it.cache.getOrSet(key, it.load)',
  getMany: 'it.cache.getMany(it.batches[i & 15])',
  setMany: 'it.cache.setMany(it.pairs[i & 15])',
  clear: 'it.cache.clear()',
};
const contenders = {
  limit: { open: () => caches.byHand(most), calls },
  'nestjs-cache-infra': { open: () => caches.library(most, 'reference'), calls },
  'cache-manager': {
    open: () => caches.cacheManager(false),
    calls: {
      ...calls,
      getOrSet: 'it.cache.wrap(key, it.load)',
      getMany: 'it.cache.mget(it.batches[i & 15])',
      setMany: 'it.cache.mset(it.items[i & 15])',
    },
  },
  cacheable: {
    open: () => caches.cacheable(most, false),
    calls: { ...calls, setMany: 'it.cache.setMany(it.items[i & 15])' },
  },
  bentocache: {
    open: () => caches.bentocache(most, false),
    calls: { getOrSet: 'it.cache.getOrSet({ key, factory: it.load })' },
  },
};

const namesFor = (operation) =>
  Object.keys(contenders).filter((name) => contenders[name].calls[operation] !== undefined);

async function coldCandidate(name) {
  const { open, calls } = contenders[name];
  const cache = open();
  const value = string100(1);
  const it = { cache, loads: 0, load: undefined };
  it.load = async () => {
    it.loads++;
    return value;
  };
  const loop = loopOf(calls.getOrSet);
  let turn = 0;
  let cold = [];
  return {
    name,
    most,
    async before(count) {
      await cache.clear();
      turn++;
      it.loads = 0;
      cold = newKeys(`user:${turn}`, count);
    },
    async run(count) {
      await loop(it, cold, count);
      if (it.loads !== count) throw new Error(`${name} loaded ${it.loads} of ${count} cold keys`);
    },
  };
}

async function manyCandidate(name, operation) {
  const { open, calls } = contenders[name];
  const values = new Map(keys.map((key, i) => [key, object10(i)]));
  const batches = batchesOf(keys);
  const pairs = batches.map((batch) => batch.map((key) => [key, values.get(key)]));
  const items = pairs.map((batch) => batch.map(([key, value]) => ({ key, value })));
  const it = { cache: open(), batches, pairs, items };
  await loopOf(calls.setMany)(it, keys, 16);
  await loopOf(`it.check(${calls.getMany}, it.pairs[i & 15])`)({ ...it, check }, keys, 16);
  const loop = loopOf(calls[operation]);
  return { name, run: (count) => loop(it, keys, count) };
}

/** Checks that a call returned the stored objects themselves. */
async function check(reply, pairs) {
  const found = await reply;
  for (const [index, [key, value]] of pairs.entries()) {
    const actual = found instanceof Map ? found.get(key) : found[index];
    if (actual !== value) throw new Error('a hit was expected, by reference');
  }
}

const manyCase = (operation) =>
  comparison(namesFor(operation), (name) => manyCandidate(name, operation), { profileCalls: 100 });

export const memoryLoadCases = {
  'l1-cold': comparison(namesFor('getOrSet'), coldCandidate),
  'l1-get-many': manyCase('getMany'),
  'l1-set-many': manyCase('setMany'),
};
