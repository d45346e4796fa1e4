// Measures the memory of an entry: 200,000 strings of 100 bytes, each candidate in its own process.
import * as caches from '../memory-caches.mjs';
import { inChildren } from '../children.mjs';

const entries = 200_000;

const stores = {
  Map: () => {
    const map = new Map();
    return { set: async (key, value) => void map.set(key, value), keep: map };
  },
  'lru-cache with ttl': (max) => plain(caches.limit(max)),
  'nestjs-cache-infra': (max) => plain(caches.library(max, 'clone')),
  'cache-manager': () => plain(caches.cacheManager(true)),
  cacheable: (max) => plain(caches.cacheable(max, true)),
  bentocache: (max) => {
    const cache = caches.bentocache(max, true);
    return { set: (key, value) => cache.set({ key, value }), keep: cache };
  },
};

function plain(cache) {
  return { set: (key, value) => cache.set(key, value), keep: cache };
}

/** A flat string, which does not refer to parts of others. */
function flat(text) {
  return Buffer.from(text, 'latin1').toString('latin1');
}

/** Runs in the child. Returns bytes per entry, including keys, values and preallocated memory of the store. */
async function bytesPerEntry(name) {
  // Warm up first: code and one-time allocations are not part of an entry.
  await warmUp(name);
  const before = held();
  const store = await filled(stores[name](entries), entries);
  const after = held();
  if (store.keep === undefined) throw new Error('the measured store was not kept alive');
  return (after - before) / entries;
}

/** A separate function, so that no local variable retains garbage. */
async function warmUp(name) {
  await filled(stores[name](1000), 1000);
}

async function filled(store, count) {
  const filler = 'x'.repeat(100);
  for (let i = 0; i < count; i++) await store.set(flat(`user:${i}`), flat(`${i} ${filler}`.slice(0, 100)));
  return store;
}

function held() {
  for (let i = 0; i < 4; i++) globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

export const memoryCases = {
  memory: {
    inChild: bytesPerEntry,
    /** Few rounds suffice: memory varies less than time. */
    async measure({ rounds }) {
      const samples = await inChildren('memory', Object.keys(stores), rounds > 3 ? 2 : 1);
      return { unit: 'bytes', samples };
    },
  },
};
