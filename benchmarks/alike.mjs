// Measures matching by meaning: the pass over the vectors of a partition, whole look-ups and appends.
//   node --expose-gc benchmarks/alike.mjs
// It runs on the sources. The part with Redis needs a `redis-server` in the path; it is started and stopped here.
import { cpus } from 'node:os';

import '../scripts/lib/typescript.mjs';
import { spread, table } from './lib/markdown.mjs';
import { seeded } from './lib/random.mjs';
import { summarize } from './lib/statistics.mjs';

const source = '../libs/cache-infra/src';
const { InMemoryCache } = await import(`${source}/cache/in-memory-cache.ts`);
const { RedisCache } = await import(`${source}/cache/redis-cache.ts`);
const { startRedisServer } = await import(`${source}/testing/redis-server.ts`);
const { AlikeSearch } = await import(`${source}/ai/alike/alike-search.ts`);
const { resolveAlike } = await import(`${source}/ai/alike/alike-options.ts`);
const { AlikeVectors } = await import(`${source}/ai/alike/vectors.ts`);
const { VectorCopy } = await import(`${source}/ai/alike/vector-copy.ts`);
const { segmentSize } = await import(`${source}/ai/alike/segment.ts`);
const { normalised } = await import(`${source}/ai/alike/vector.ts`);

const rounds = Number(process.env.ROUNDS ?? 41);
const random = seeded(15);
const vectorOf = (dimensions) => normalised(Float32Array.from({ length: dimensions }, () => random() - 0.5));

console.log(`Node ${process.version}, ${cpus()[0]?.model ?? process.arch}, ${rounds} rounds\n`);
console.log('A pass over the copy of a partition, milliseconds:\n');
console.log(
  table(
    ['vectors', 'dimensions', 'ms', 'MB'],
    [
      [1000, 100],
      [10_000, 100],
      [10_000, 256],
      [10_000, 384],
      [10_000, 1536],
    ].map(([count, dimensions]) => pass(count, dimensions)),
  ),
);
console.log('\nWhole calls on 10,000 vectors of 100 dimensions, microseconds:\n');
const server = await startRedisServer();
try {
  const memory = new InMemoryCache({ maxSize: 20_000 });
  const redis = new RedisCache({ redisUrl: server.url, l1CacheSize: 20_000 });
  const rows = [...(await calls('in memory', memory)), ...(await calls('Redis', redis))];
  console.log(table(['call', 'µs'], rows));
  await Promise.all([memory.close(), redis.close()]);
} finally {
  await server.stop();
}

function pass(count, dimensions) {
  const copy = new VectorCopy('epoch', { dimensions, segments: Math.ceil(count / segmentSize) });
  for (let start = 0; start < count; start += segmentSize) {
    const size = Math.min(segmentSize, count - start);
    const vectors = new Float32Array(size * dimensions);
    for (let i = 0; i < size; i++) vectors.set(vectorOf(dimensions), i * dimensions);
    const keys = Array.from({ length: size }, (_, i) => `answer ${start + i}`);
    copy.put(start / segmentSize, { keys, ends: keys.map(() => 0), vectors });
  }
  globalThis.gc?.();
  const times = timesOf(() => copy.nearest(vectorOf(dimensions), 4, 1), 1e6);
  return [count.toLocaleString('en-US'), dimensions, spread(summarize(times)), (copy.bytes / 1e6).toFixed(1)];
}

function timesOf(work, perUnit) {
  const times = [];
  for (let round = -10; round < rounds; round++) {
    const start = process.hrtime.bigint();
    work();
    if (round >= 0) times.push(Number(process.hrtime.bigint() - start) / perUnit);
  }
  return times;
}

async function calls(title, cache) {
  const partition = { id: 'search', tags: ['tenant:acme'] };
  const embed = async (text) => texts.get(text) ?? vectorOf(100);
  const texts = new Map();
  const options = resolveAlike({
    text: String,
    embed,
    judge: async () => true,
    minSimilarity: 0.5,
    timeout: '10s',
  });
  const report = (event) => console.error(event);
  const search = new AlikeSearch({ cache, operation: 'search', options, report });
  await cache.set('answer', { text: 'an answer' });
  for (let i = 0; i < 10_000; i += 1000) {
    await Promise.all(
      Array.from({ length: 1000 }, (_, n) =>
        search.add(partition, { text: `text ${i + n}`, answerKey: `answer ${i + n}`, tags: [], ttlMs: 0 }),
      ),
    );
  }
  await cache.set('answer 5', { text: 'an answer' });
  const known = vectorOf(100);
  texts.set('known', known);
  await search.add(partition, { text: 'known', answerKey: 'answer 5', tags: [], ttlMs: 0 });
  const first = performance.now();
  if ((await search.find(partition, 'known')) === undefined) throw new Error('nothing was found');
  const cold = (performance.now() - first) * 1000;
  const found = await timesOfCalls(async (round) => {
    texts.set(`known ${round}`, known);
    const start = process.hrtime.bigint();
    await search.find(partition, `known ${round}`);
    return start;
  });
  const missed = await timesOfCalls(async (round) => {
    const start = process.hrtime.bigint();
    await search.find(partition, `missed ${round}`);
    return start;
  });
  const judged = await timesOfCalls(async () => {
    const start = process.hrtime.bigint();
    await search.judged({ band: '0.98' }, true);
    return start;
  });
  const own = cache.namespace('vectors');
  const vectors = new AlikeVectors({ cache: own, scope: 'search', maxVectors: 10_000, report });
  const added = await timesOfCalls(async (round) => {
    const vector = vectorOf(100);
    const start = process.hrtime.bigint();
    await vectors.add(partition, { vector, answerKey: `answer ${round}`, tags: [], ttlMs: 0 });
    return start;
  });
  return [
    [`${title}: the first look-up, which copies all segments`, cold.toFixed(0)],
    [`${title}: a look-up that finds an answer`, spread(summarize(found))],
    [`${title}: a look-up that finds none`, spread(summarize(missed))],
    [`${title}: a vector is added`, spread(summarize(added))],
    [`${title}: a check is counted`, spread(summarize(judged))],
  ];
}

async function timesOfCalls(call) {
  const times = [];
  for (let round = -10; round < rounds; round++) {
    const start = await call(round);
    if (round >= 0) times.push(Number(process.hrtime.bigint() - start) / 1000);
  }
  return times;
}
