// Measures what the windows of a monitor cost: a record of each kind, and an L1 hit, with and without them,
// interleaved.
//   node --expose-gc benchmarks/monitor-windows.mjs
import '../scripts/lib/typescript.mjs';

const { CachePerformanceMonitor, InMemoryCache } = await import('../libs/cache-infra/src/index.ts');

const rounds = Number(process.env.ROUNDS ?? 31);
const perRound = 50_000;
const keys = Array.from({ length: 256 }, (_, i) => `user:${i}:orders`);
const base = { cache: 'shop', duration: 0.05, success: true };
const records = {
  'sampled L1 hit': keys.map((key) => ({
    ...base,
    operation: 'get',
    key,
    hit: true,
    tier: 'l1',
    calls: 128,
  })),
  miss: keys.map((key) => ({
    ...base,
    operation: 'get',
    key,
    hit: false,
    tier: undefined,
    calls: undefined,
  })),
  set: keys.map((key) => ({
    ...base,
    operation: 'set',
    key,
    hit: undefined,
    tier: undefined,
    calls: undefined,
  })),
};

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1];
}

/** Nanoseconds per call, without and with. */
async function compared(without, withThem) {
  const times = [[], []];
  for (let round = -5; round < rounds; round++) {
    const turns = [without, withThem].map((work, i) => async () => {
      globalThis.gc?.();
      const start = process.hrtime.bigint();
      await work();
      if (round >= 0) times[i].push(Number(process.hrtime.bigint() - start) / perRound);
    });
    if (round % 2 === 0) turns.reverse();
    for (const turn of turns) await turn();
  }
  const ratio = median(times[1].map((time, i) => time / times[0][i]));
  return `${median(times[0]).toFixed(0)} | ${median(times[1]).toFixed(0)} | ${ratio.toFixed(3)}`;
}

const monitors = [false, true].map((windows) => new CachePerformanceMonitor({ windows }));
console.log('| call | without windows, ns | with windows, ns | ratio |');
console.log('| --- | --- | --- | --- |');
for (const [name, list] of Object.entries(records)) {
  const works = monitors.map((monitor) => () => {
    for (let i = 0; i < perRound; i++) monitor.recordCacheOperationTime(list[i & 255]);
  });
  console.log(`| record of a ${name} | ${await compared(...works)} |`);
}
const caches = monitors.map((monitor) => new InMemoryCache({ monitor, maxSize: 1000 }));
for (const cache of caches) for (const key of keys) await cache.set(key, 1);
const hits = caches.map((cache) => async () => {
  for (let i = 0; i < perRound; i++) await cache.get(keys[i & 255]);
});
console.log(`| L1 hit | ${await compared(...hits)} |`);
for (const cache of caches) await cache.close();
