import { sampler, seeded, zipfShares } from '../lib/random.mjs';
import { pairedRatios, summarize } from '../lib/statistics.mjs';
import { race } from '../peers/race.mjs';

const capacity = 10_000;
const held = Array.from({ length: capacity }, (_, i) => `key:${i}`);
/** Requests by Zipf's law for the keys that are held, in texts of their own, as those of an application are. */
const requested = zipfRequests(2 ** 16);

function zipfRequests(count) {
  const draw = sampler(zipfShares(capacity, 1), seeded(4));
  const texts = Array.from({ length: capacity }, (_, i) => `key:${i}`);
  return Array.from({ length: count }, () => texts[draw()]);
}

/**
 * The time of a hit and of a miss that evicts, candidates interleaved.
 *
 * @param {{ name: string, Policy: new (capacity: number) => object }[]} candidates
 * @param {import('../peers/race.mjs').Options} options
 * @returns {Promise<Record<'hit' | 'miss', Record<string, number[]>>>} nanoseconds by candidate and round
 */
export async function costs(candidates, options) {
  return {
    hit: await race(candidates.map(hits), options),
    miss: await race(candidates.map(misses), options),
  };
}

/**
 * Medians and interquartile ranges over the rounds of several processes.
 *
 * @param {Record<string, number[]>[]} processes nanoseconds by candidate and round
 * @param {string} base a candidate
 * @returns {Record<string, { ns: object, ratio: object }>} `ratio`: to the base in the same round
 */
export function compare(processes, base) {
  const names = Object.keys(processes[0]);
  return Object.fromEntries(
    names.map((name) => {
      const ns = processes.flatMap((samples) => samples[name]);
      const ratios = processes.flatMap((samples) => pairedRatios(samples[name], samples[base]));
      return [name, { ns: summarize(ns), ratio: summarize(ratios) }];
    }),
  );
}

/** Each candidate gets a loop of its own: in a shared one, candidates would share inline caches. */
function loopOf(expected) {
  return new Function(
    'policy',
    'keys',
    'count',
    `const mask = keys.length - 1;
    let other = 0;
    for (let i = 0; i < count; i++) if (policy.access(keys[i & mask]) !== ${expected}) other++;
    return other;`,
  );
}

function hits({ name, Policy }) {
  const policy = new Policy(capacity);
  for (const key of held) policy.access(key);
  const loop = loopOf(true);
  return { name, run: (count) => check(name, loop(policy, requested, count)) };
}

function misses({ name, Policy }) {
  const policy = new Policy(capacity);
  const loop = loopOf(false);
  let made = 0;
  let keys = [];
  return {
    name,
    most: 2 ** 17,
    before(count) {
      const length = 2 ** Math.ceil(Math.log2(count));
      keys = Array.from({ length }, () => `miss:${made++}`);
    },
    run: (count) => check(name, loop(policy, keys, count)),
  };
}

function check(name, others) {
  if (others > 0) throw new Error(`${name}: ${others} accesses were not of the kind that is measured`);
}
