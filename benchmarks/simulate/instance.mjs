// One of several real instances: reads its cache as a Poisson process, without waiting for results, and counts
// invalidations.
import { Redis } from 'ioredis';

import { RedisCache } from 'nestjs-cache-infra';
import { poisson, sampler, seeded, zipfShares } from '../lib/random.mjs';

const { url, seed, requestsPerSecond, keys, zipf, writeShare, l1Size, ttlSeconds, coherence, tags } =
  JSON.parse(process.argv[2]);
const tickMs = 2;

// Redis does not count invalidations, so the receivers do.
const told = { keys: 0, messages: 0, tags: 0 };
const { emit } = Redis.prototype;
Redis.prototype.emit = function (event, channel, message, ...rest) {
  if (event === 'messageBuffer' && String(channel).includes(':!tags@')) {
    told.tags++;
  } else if (event === 'messageBuffer' && Array.isArray(message)) {
    told.messages++;
    told.keys += message.length;
  } else if (event === 'message' && String(channel).endsWith('!changes')) {
    told.messages++;
    told.keys += JSON.parse(message).length - 1;
  }
  return emit.call(this, event, channel, message, ...rest);
};

const random = seeded(seed);
const nextKey = sampler(zipfShares(keys, zipf), random);
const cache = new RedisCache({
  redisUrl: url,
  l1CacheSize: l1Size,
  coherence,
  defaultTtl: ttlSeconds,
  commandTimeout: '10s',
});
const payload = 'x'.repeat(900);
const load = () => Promise.resolve({ payload });
const tagOf = (key) => `group:${key % (tags?.groups ?? 1)}`;
const optionsOf = (key) => (tags === undefined ? undefined : { tags: [tagOf(key)] });
let requests = 0;
let invalidations = 0;
let failed = 0;

const request = async () => {
  const number = nextKey();
  const key = `item:${number}`;
  requests++;
  if (random() < writeShare) await cache.set(key, { payload }, optionsOf(number));
  else await cache.getOrSet(key, load, optionsOf(number));
};
const invalidate = async () => {
  invalidations++;
  await cache.invalidateTags(tagOf(Math.floor(random() * tags.groups)));
};

await cache.get('warm up');
let last = performance.now();
const timer = setInterval(() => {
  const now = performance.now();
  for (let due = poisson((requestsPerSecond * (now - last)) / 1000, random); due > 0; due--)
    request().catch(() => failed++);
  const rate = tags?.invalidationsPerSecond ?? 0;
  for (let due = poisson((rate * (now - last)) / 1000, random); due > 0; due--)
    invalidate().catch(() => failed++);
  last = now;
}, tickMs);

process.on('message', () => {
  const { l1, l2, loads, sets, errors } = cache.stats();
  process.send({
    requests,
    invalidations,
    failed,
    told: { ...told },
    l1Hits: l1.hits,
    l2Hits: l2.hits,
    loads,
    sets,
    errors,
  });
});
process.on('disconnect', async () => {
  clearInterval(timer);
  await cache.close();
  process.exit(0);
});
process.send('ready');
