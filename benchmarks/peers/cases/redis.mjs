// Hits and writes in Redis, compared with ioredis and JSON at the faster of its two settings.
import { batchesOf, object10 } from '../data.mjs';
import { comparison } from '../comparison.mjs';
import { own } from '../goals.mjs';
import { concurrent, loopOf } from '../race.mjs';
import { namesFor, openContender } from '../redis-contenders.mjs';

const oneTier = {};
const twoTiers = { l1Size: 1000 };

async function candidateFor(name, { operation, workers, tiers, makeValue }) {
  const { cache, calls, keys, values, isOwn } = await openContender(name, tiers, makeValue);
  const batches = batchesOf(keys);
  const valueAt = new Map(keys.map((key, i) => [key, values[i]]));
  const pairs = batches.map((batch) => batch.map((key) => [key, valueAt.get(key)]));
  const items = pairs.map((batch) => batch.map(([key, value]) => ({ key, value })));
  const load = () => Promise.reject(new Error('a hit was expected'));
  const it = { cache, values, batches, pairs, items, load };
  await loopOf(calls.set)(it, keys, keys.length);
  const check = async (reply) => {
    if (!isOwn(await reply)) throw new Error(`${name} did not return its own value`);
  };
  await loopOf(`it.check(${calls.get})`)({ ...it, check }, keys, keys.length);
  const loop = concurrent(loopOf(calls[operation]), workers, 37);
  return {
    name,
    least: operation.endsWith('Many') ? 8 : Math.max(64, workers),
    run: (count) => loop(it, keys, count),
    verify: () => name === own && verify(cache),
  };
}

function verify(cache) {
  const { errors, misses } = cache.stats();
  // Allow one miss, of the warm-up.
  if (errors > 0 || misses > 1) throw new Error(`${errors} errors, ${misses} misses: hits were expected`);
}

function redisCase(operation, workers, { tiers = oneTier, makeValue } = {}) {
  const many = operation.endsWith('Many');
  return comparison(
    namesFor(operation, tiers),
    (name) => candidateFor(name, { operation, workers, tiers, makeValue }),
    { profileCalls: many ? 50 : 1_000 },
  );
}

export const redisCases = {
  'redis-get-1': redisCase('get', 1),
  'redis-get-32': redisCase('get', 32),
  'redis-get-256': redisCase('get', 256),
  'redis-get-or-set-1': redisCase('getOrSet', 1),
  'redis-get-or-set-32': redisCase('getOrSet', 32),
  'redis-get-or-set-256': redisCase('getOrSet', 256),
  'redis-get-many': redisCase('getMany', 1),
  'redis-get-many-8': redisCase('getMany', 8),
  'redis-set-many': redisCase('setMany', 1),
  'redis-two-tier-set-32': redisCase('set', 32, { tiers: twoTiers }),
  'redis-two-tier-set-small-32': redisCase('set', 32, { tiers: twoTiers, makeValue: object10 }),
};
