// Loads very many keys with one call of getOrSetMany: the time, the longest stall of the event loop, and the memory
// that a key takes while its value is loaded. By hand: MGET and SET of ioredis, pipelined, in chunks of 1000 keys.
//   npm run build && node --expose-gc benchmarks/many-keys.mjs            100,000 keys
//   KEYS=10000 ROUNDS=5 node --expose-gc benchmarks/many-keys.mjs lock    one row
// It needs a `redis-server` in the path, which it starts and stops.
import { cpus } from 'node:os';

import { Redis } from 'ioredis';
import { InMemoryCache, RedisCache } from 'nestjs-cache-infra';
import { startRedisServer } from 'nestjs-cache-infra/testing';

const count = Number(process.env.KEYS ?? 100_000);
const rounds = Number(process.env.ROUNDS ?? 1);
const wanted = process.argv.slice(2);
const keys = Array.from({ length: count }, (_, i) => `user:${i}`);
const valueOf = (key) => ({ key });
const chunkSize = 1000;

const server = await startRedisServer({ own: true });
const ofRedis = { redisUrl: server.url, l1CacheSize: 2 * count, commandTimeout: '30s' };

/** Each opens a cache and returns how it loads all keys, and how it closes. `onLoad`: called while the keys load. */
const contenders = {
  memory: () => byCache(new InMemoryCache({ maxSize: 2 * count }), {}),
  redis: () => byCache(new RedisCache(ofRedis), {}),
  signal: () => byCache(new RedisCache(ofRedis), { signal: new AbortController().signal }),
  timeout: () => byCache(new RedisCache(ofRedis), { hardTimeout: '10m' }),
  tags: () => byCache(new RedisCache(ofRedis), { tags: ['users'] }),
  lock: () => byCache(new RedisCache(ofRedis), { lock: true }),
  hand: byHand,
};

function byCache(cache, options) {
  const load = (onLoad) =>
    cache.getOrSetMany(keys, async (missing) => (await onLoad(), missing.map(valueOf)), {
      ttl: 60,
      ...options,
    });
  return { load, warm: () => cache.getOrSet('warm', () => 1), close: () => cache.close() };
}

function byHand() {
  const client = new Redis(server.url);
  const load = async (onLoad) => {
    const values = new Map();
    const missing = [];
    for (let from = 0; from < count; from += chunkSize) {
      const chunk = keys.slice(from, from + chunkSize);
      const found = await client.mget(chunk);
      for (const [i, key] of chunk.entries()) {
        if (found[i] === null) missing.push(key);
        else values.set(key, JSON.parse(found[i]));
      }
    }
    await onLoad();
    for (let from = 0; from < missing.length; from += chunkSize) {
      const pipeline = client.pipeline();
      for (const key of missing.slice(from, from + chunkSize)) {
        const value = valueOf(key);
        values.set(key, value);
        pipeline.set(key, JSON.stringify(value), 'EX', 60);
      }
      await pipeline.exec();
    }
    return values;
  };
  return { load, warm: () => client.ping(), close: () => client.quit() };
}

/** The longest time between two runs of a timer that is due all the time. */
function longestStall() {
  let last = performance.now();
  let longest = 0;
  const note = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  };
  const timer = setInterval(note, 1);
  return () => {
    clearInterval(timer);
    note();
    return longest;
  };
}

async function emptied() {
  const client = new Redis(server.url);
  await client.flushall();
  await client.quit();
}

async function measured(open) {
  await emptied();
  const { load, warm, close } = open();
  await warm();
  globalThis.gc?.();
  const cpu = process.cpuUsage();
  const start = performance.now();
  const stall = longestStall();
  const values = await load(() => undefined);
  const stallMs = stall();
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  if (values.size !== count) throw new Error(`got ${values.size} of ${count} values`);
  await close();
  return { ms, cpuMs: (user + system) / 1000, stallMs };
}

/** Bytes that a key takes when the loader runs: the growth of the heap by then. */
async function bytesPerKey(open) {
  await emptied();
  const { load, warm, close } = open();
  await warm();
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  let during = 0;
  await load(() => {
    globalThis.gc();
    during = process.memoryUsage().heapUsed;
  });
  await close();
  return (during - before) / count;
}

console.log(`Node ${process.version}, ${cpus()[0]?.model ?? process.arch}, ${count} keys\n`);
console.log(
  '| keys load in | ms | CPU ms | longest stall, ms | bytes per loading key | peak RSS so far, MB |',
);
console.log('| --- | --- | --- | --- | --- | --- |');
try {
  for (let round = 0; round < rounds; round++) {
    for (const [name, open] of Object.entries(contenders)) {
      if (wanted.length > 0 && !wanted.includes(name)) continue;
      const { ms, cpuMs, stallMs } = await measured(open);
      const rss = process.resourceUsage().maxRSS / 1024;
      const bytes = globalThis.gc === undefined ? NaN : await bytesPerKey(open);
      const figures = [ms, cpuMs, stallMs, bytes, rss].map((figure) => figure.toFixed(0));
      console.log(`| ${[name, ...figures].join(' | ')} |`);
    }
  }
} finally {
  await server.stop();
}
