// `getOrSet` of keys as popular as Zipf's law has it. Redis holds all of them, the L1 a tenth.
import { sampler, seeded, zipfShares } from '../../lib/random.mjs';
import { comparison } from '../comparison.mjs';
import { concurrent, loopOf } from '../race.mjs';
import { namesFor, openContender } from '../redis-contenders.mjs';

const workers = 32;
const keyCount = 20_000;
const draws = 2 ** 17;

/** Indices of keys, the same for every candidate. */
function drawn() {
  const next = sampler(zipfShares(keyCount, 1), seeded(7));
  return Array.from({ length: draws }, next);
}

async function candidateFor(name, tiers) {
  const { cache, calls, letter, values, isOwn } = await openContender(name, tiers);
  const keys = Array.from({ length: keyCount }, (_, i) => `${letter}:zipf:${i}`);
  const it = { cache, values, load: () => Promise.reject(new Error('a hit was expected')) };
  // Loops want a power of two.
  const padded = [...keys, ...keys].slice(0, 2 ** 15);
  await concurrent(loopOf(calls.set), workers)(it, padded, keyCount);
  const check = async (reply) => {
    if (!isOwn(await reply)) throw new Error(`${name} did not return its own value`);
  };
  await loopOf(`it.check(${calls.getOrSet})`)({ ...it, check }, padded, 256);
  const popular = drawn().map((index) => keys[index]);
  const loop = concurrent(loopOf(calls.getOrSet), workers);
  let from = 0;
  return {
    name,
    async run(count) {
      await loop(it, popular, count, from);
      from = (from + count) % draws;
    },
  };
}

const tiers = { l1Size: 2_000, isolation: 'reference' };

export const redisZipfCases = {
  'redis-two-tier-zipf-32': comparison(namesFor('getOrSet', tiers), (name) => candidateFor(name, tiers)),
};
