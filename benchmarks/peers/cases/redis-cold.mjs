// `getOrSet` of keys that no tier holds: read, load, write. Every turn has new keys; those of the turn before are
// deleted first, outside of the measured time.
import { Redis } from 'ioredis';

import { comparison } from '../comparison.mjs';
import { newKeys } from '../data.mjs';
import { concurrent, loopOf } from '../race.mjs';
import { namesFor, openContender } from '../redis-contenders.mjs';

const workers = 32;

async function candidateFor(name, tiers) {
  const { cache, calls, letter, values, isOwn } = await openContender(name, tiers);
  const admin = new Redis(process.env.BENCH_REDIS_URL);
  const it = { cache, loads: 0, load: undefined, values };
  it.load = async () => values[it.loads++ & 255];
  const loop = concurrent(loopOf(calls.getOrSet), workers);
  let turn = 0;
  let keys = [];
  return {
    name,
    async before(count) {
      const stored = await deleteMatching(admin, `*${letter}:cold:*`);
      if (turn > 0 && stored < it.loads)
        throw new Error(`${name} stored ${stored} of ${it.loads} loaded values`);
      turn++;
      it.loads = 0;
      keys = newKeys(`${letter}:cold:${process.pid}:${turn}`, count + workers);
    },
    async run(count) {
      await loop(it, keys, count);
      if (it.loads < count) throw new Error(`${name} loaded ${it.loads} of ${count} cold keys`);
    },
    async verify() {
      const key = `${letter}:cold:check`;
      const [first, second] = await askTwice(calls.getOrSet, it, key);
      if (!isOwn(first) || !isOwn(second)) throw new Error(`${name} did not return its own value`);
      admin.disconnect();
    },
  };
}

async function askTwice(call, it, key) {
  const AsyncFunction = (async () => {}).constructor;
  const ask = new AsyncFunction('it', 'key', 'i', `return ${call}`);
  return [await ask(it, key, 0), await ask(it, key, 0)];
}

/** Deletes the keys that match a pattern; returns their number. */
async function deleteMatching(redis, pattern) {
  let deleted = 0;
  let cursor = '0';
  do {
    const [next, found] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', 5_000);
    if (found.length > 0) deleted += await redis.del(found);
    cursor = next;
  } while (cursor !== '0');
  return deleted;
}

const coldCase = (tiers) => comparison(namesFor('getOrSet', tiers), (name) => candidateFor(name, tiers));

export const redisColdCases = {
  'redis-cold-32': coldCase({}),
  'redis-two-tier-cold-32': coldCase({ l1Size: 1000, isolation: 'reference' }),
};
