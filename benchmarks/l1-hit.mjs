// Measures the cost of tags, grace and refreshAhead for an L1 hit: the same hits with and without them, interleaved.
//   npm run build && node --expose-gc benchmarks/l1-hit.mjs
import { cpus } from 'node:os';

import { InMemoryCache } from 'nestjs-cache-infra';

const rounds = Number(process.env.ROUNDS ?? 61);
const hitsPerRound = 50_000;
const keys = Array.from({ length: 256 }, (_, i) => `user:${i}`);
const value = { id: 7, name: 'Ada', city: 'London', roles: ['admin'], active: true };
const load = () => Promise.resolve(value);
const limit = 1.15;

const plain = { ttl: 3600 };
const full = { ttl: 3600, tags: ['users', 'tenant:1'], grace: 600, refreshAhead: 0.8 };

async function filled(isolation, options) {
  const cache = new InMemoryCache({ maxSize: 1000, isolation });
  for (const key of keys) await cache.getOrSet(key, load, options);
  // A non-empty tag table.
  for (let i = 0; i < 100; i++) await cache.invalidateTags(`other:${i}`);
  return cache;
}

/** Nanoseconds per hit. */
async function timed(cache, call) {
  globalThis.gc?.();
  const start = process.hrtime.bigint();
  for (let i = 0; i < hitsPerRound; i++) await call(cache, keys[i & 255]);
  return Number(process.hrtime.bigint() - start) / hitsPerRound;
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1];
}

/** Median and interquartile range. */
function shown(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const at = (fraction) => sorted[Math.floor(sorted.length * fraction)].toFixed(0);
  return `${at(0.5)} (${at(0.25)}-${at(0.75)})`;
}

const calls = {
  get: [(cache, key) => cache.get(key), (cache, key) => cache.get(key)],
  getOrSet: [
    (cache, key) => cache.getOrSet(key, load, plain),
    (cache, key) => cache.getOrSet(key, load, full),
  ],
};

console.log(
  `Node ${process.version}, ${cpus()[0]?.model ?? process.arch}, ${rounds} rounds of ${hitsPerRound} hits\n`,
);
console.log('| call | isolation | without, ns | with tags, grace, refreshAhead, ns | ratio |');
console.log('| --- | --- | --- | --- | --- |');
let worst = 0;
for (const isolation of ['clone', 'freeze', 'reference']) {
  for (const [name, [withoutCall, withCall]] of Object.entries(calls)) {
    const [without, withAll] = [await filled(isolation, plain), await filled(isolation, full)];
    const times = { without: [], withAll: [], ratios: [] };
    for (let i = -5; i < rounds; i++) {
      // Alternate the order between rounds; the first rounds are warm-up.
      const pair = {};
      const turns = [
        async () => (pair.without = await timed(without, withoutCall)),
        async () => (pair.withAll = await timed(withAll, withCall)),
      ];
      if (i % 2 === 0) turns.reverse();
      for (const turn of turns) await turn();
      if (i < 0) continue;
      times.without.push(pair.without);
      times.withAll.push(pair.withAll);
      times.ratios.push(pair.withAll / pair.without);
    }
    const ratio = median(times.ratios);
    worst = Math.max(worst, ratio);
    console.log(
      `| ${name} | ${isolation} | ${shown(times.without)} | ${shown(times.withAll)} | ${ratio.toFixed(3)} |`,
    );
    for (const cache of [without, withAll]) {
      const { hits, misses, refreshes } = cache.stats();
      if (misses !== keys.length || refreshes !== 0)
        throw new Error(`not all were hits: ${hits} hits, ${misses} misses`);
      await cache.close();
    }
  }
}
console.log(`\nworst ratio ${worst.toFixed(3)}, limit ${limit}`);
process.exitCode = worst <= limit ? 0 : 1;
