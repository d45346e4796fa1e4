// Caches many values in a process with a small heap, and prints the hit ratio of each tenth of the run.
//   node --max-old-space-size=256 test/performance/heap-limit-child.mjs '{ "gigabytes": 1, "memoryBudget": "50%" }'
import '../../scripts/lib/typescript.mjs';

const { InMemoryCache } = await import('../../libs/cache-infra/src/cache/in-memory-cache.ts');

const { gigabytes, ...options } = JSON.parse(process.argv[2]);
const valueBytes = 100_000;
const keys = 4000;
const tenths = 10;

let seed = 1;
function random() {
  seed = (seed * 48_271) % 2_147_483_647;
  return seed / 2_147_483_647;
}

/** A key of a few that are read often and of many that are read now and then. */
function nextKey() {
  return Math.floor(keys * random() ** 3);
}

const filler = Buffer.alloc(valueBytes, 'x');
function text(key) {
  filler.write(`${String(key)} `);
  return filler.toString('latin1');
}

/** Every fiftieth value is a list of 500 objects, the others are strings. */
function load(key) {
  if (key % 50 > 0) return text(key);
  return Array.from({ length: 500 }, (_, i) => ({
    id: i,
    key,
    text: filler.toString('latin1', 0, 100 + (i % 9)),
  }));
}

const caches = ['users', 'reports'].map((name) => new InMemoryCache({ name, maxSize: 100_000, ...options }));
const ratios = [];
const start = performance.now();
let stored = 0;
let [hitsBefore, readsBefore] = [0, 0];
while (ratios.length < tenths) {
  const key = nextKey();
  await caches[key % 2].getOrSet(String(key), () => {
    stored += valueBytes;
    return load(key);
  });
  if (stored < (gigabytes * 1e9 * (ratios.length + 1)) / tenths) continue;
  const stats = caches.map((cache) => cache.stats());
  const hits = stats.reduce((sum, { l1 }) => sum + l1.hits, 0);
  const reads = stats.reduce((sum, { misses }) => sum + misses, hits);
  ratios.push((hits - hitsBefore) / (reads - readsBefore));
  [hitsBefore, readsBefore] = [hits, reads];
}
const megabytes = caches.map((cache) => cache.stats().bytes / 2 ** 20);
const seconds = (performance.now() - start) / 1000;
console.log(JSON.stringify({ ratios, megabytes, heapMb: process.memoryUsage().heapUsed / 2 ** 20, seconds }));
for (const cache of caches) await cache.close();
