// Measures what options cost a call that uses them: the same calls with and without, interleaved, as ratios.
//   npm run build && node --expose-gc benchmarks/feature-costs.mjs
// The loads with `replicaLag` need a `redis-server` in the path; it is started and stopped here.
import { cpus } from 'node:os';

import { InMemoryCache, RedisCache } from 'nestjs-cache-infra';
import { startRedisServer } from 'nestjs-cache-infra/testing';

import { spread } from './lib/markdown.mjs';
import { pairedRatios, summarize } from './lib/statistics.mjs';

const rounds = Number(process.env.ROUNDS ?? 41);
const keys = Array.from({ length: 256 }, (_, i) => `user:${i}`);
const value = { id: 7, name: 'Ada', city: 'London', roles: ['admin'], active: true };
const load = () => value;
/** A schema that accepts everything: what it costs is the cache's own work. */
const schema = { '~standard': { version: 1, vendor: 'benchmark', validate: () => ({ value }) } };

/** `verify: 0.001` runs the loader for one hit of a thousand, at most `verifyPerMinute` times. */
const cases = [
  ['a hit of `getOrSet`, `verify: 0.001` of the cache', {}, { verify: 0.001 }, {}],
  ['a hit of `getOrSet`, `version: 2` of the cache', {}, { version: 2 }, {}],
  ['a hit of `getOrSet`, `version: 2` of the call', {}, {}, { version: 2 }],
  ['a hit of `getOrSet`, `schema` of the call', {}, {}, { schema }],
  ['a hit of `getOrSet`, `verify: 0.001` of the call', {}, {}, { verify: 0.001 }],
  ['a load in memory, `replicaLag` of the cache', { isLoad: true }, { replicaLag: '500ms' }, {}],
  [
    'a load in Redis, 32 at a time, `replicaLag` of the cache',
    { isRedis: true },
    { replicaLag: '500ms' },
    {},
  ],
];

const server = await startRedisServer();
console.log(`Node ${process.version}, ${cpus()[0]?.model ?? process.arch}, ${rounds} rounds\n`);
console.log('| call | without, ns | with, ns | ratio |');
console.log('| --- | --- | --- | --- |');
try {
  for (const [title, kind, ofCache, ofCall] of cases) await measure(title, kind, ofCache, ofCall);
} finally {
  await server.stop();
}

async function measure(title, kind, ofCache, ofCall) {
  const both = [opened(kind, {}, 'without'), opened(kind, ofCache, 'with')];
  const options = [{ ttl: 3600 }, { ttl: 3600, ...ofCall }];
  const times = [[], []];
  for (let round = -5; round < rounds; round++) {
    const pair = [0, 0];
    // The order alternates between rounds; the first rounds are warm-up.
    for (const side of round % 2 === 0 ? [0, 1] : [1, 0])
      pair[side] = await timed(both[side], kind, options[side], round);
    if (round < 0) continue;
    for (const side of [0, 1]) times[side].push(pair[side]);
  }
  await Promise.all(both.map((cache) => cache.close()));
  const figures = [...times, pairedRatios(times[1], times[0])].map((each) => spread(summarize(each)));
  console.log(`| ${[title, ...figures].join(' | ')} |`);
}

function opened({ isRedis = false }, options, keyPrefix) {
  return isRedis
    ? new RedisCache({ redisUrl: server.url, keyPrefix, ...options })
    : new InMemoryCache({ maxSize: 10_000, ...options });
}

/** Nanoseconds per call. */
async function timed(cache, { isLoad = false, isRedis = false }, options, round) {
  const calls = isRedis ? 2048 : isLoad ? 5000 : 20_000;
  if (!isLoad && !isRedis) for (const key of keys) await cache.getOrSet(key, load, options);
  globalThis.gc?.();
  const start = process.hrtime.bigint();
  if (isRedis) {
    for (let i = 0; i < calls; i += 32)
      await Promise.all(
        Array.from({ length: 32 }, (_, n) => cache.getOrSet(`${round}:${i + n}`, load, options)),
      );
  } else if (isLoad) {
    for (let i = 0; i < calls; i++) await cache.getOrSet(`${round}:${i}`, load, options);
  } else {
    for (let i = 0; i < calls; i++) await cache.getOrSet(keys[i & 255], load, options);
  }
  return Number(process.hrtime.bigint() - start) / calls;
}
