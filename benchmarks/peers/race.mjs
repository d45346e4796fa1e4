import { quantile, rotation } from '../lib/statistics.mjs';

const AsyncFunction = (async () => {}).constructor;

/**
 * Compiles a separate loop for each candidate: in a shared function, candidates would share inline caches and slow each
 * other down.
 *
 * @param {string} call an expression over `it` (the candidate), `key` and `i`
 * @returns {(it: object, keys: readonly string[], count: number, from?: number) => Promise<void>} `count` calls, each
 * awaited before the next. `i` starts at `from`; `keys`, whose number is a power of two, are used in turn.
 */
export function loopOf(call) {
  return new AsyncFunction(
    'it',
    'keys',
    'count',
    'from = 0',
    `const mask = keys.length - 1;
    for (let i = from; i < from + count; i++) { const key = keys[i & mask]; await ${call}; }`,
  );
}

/**
 * Splits `count` calls between `workers` concurrent loops.
 *
 * @param {number} [stride] distance between the first keys of two workers, so that they use different keys; default:
 * the calls of a worker, so that no key is used twice while keys suffice
 */
export function concurrent(loop, workers, stride) {
  return async (it, keys, count, from = 0) => {
    const each = Math.ceil(count / workers);
    const running = [];
    for (let worker = 0; worker < workers; worker++)
      running.push(loop(it, keys, each, from + worker * (stride ?? each)));
    await Promise.all(running);
  };
}

/**
 * A candidate of a comparison.
 *
 * @typedef {object} Candidate
 * @property {string} name
 * @property {(count: number) => Promise<void>} run the measured work: `count` calls
 * @property {(count: number) => unknown} [before] prepares a turn of `count` calls; not measured
 * @property {() => unknown} [verify] throws if a turn did other work than the case compares
 * @property {number} [least] a turn has a multiple of so many calls; default: 64
 * @property {number} [most] calls of a turn at most
 */

/**
 * How candidates are measured.
 *
 * @typedef {object} Options
 * @property {number} rounds
 * @property {number} turnMs a turn has as many calls as take about this long
 * @property {'wall' | 'cpu'} [clock] `cpu` measures the CPU time of this process, for shared machines
 * @property {number} [warmUpMs] the least duration of the warm-up; default: 0
 * @property {boolean} [collect] collect young garbage before each turn; default: true
 */

/**
 * Measures candidates interleaved in this process.
 *
 * @param {readonly Candidate[]} candidates
 * @param {Options} options
 * @returns {Promise<Record<string, number[]>>} nanoseconds per call, by candidate and round
 */
export async function race(candidates, options) {
  const turns = {};
  for (const candidate of candidates) turns[candidate.name] = await turnOf(candidate, options);
  const samples = await interleave(turns, options.rounds);
  for (const candidate of candidates) await candidate.verify?.();
  return samples;
}

/** Gives each candidate one turn per round, in rotating order. The first two rounds do not count. */
export async function interleave(turns, rounds) {
  const names = Object.keys(turns);
  const samples = Object.fromEntries(names.map((name) => [name, []]));
  const warmUp = 2;
  for (let round = -warmUp; round < rounds; round++) {
    for (const index of rotation(names.length, round + warmUp)) {
      const took = await turns[names[index]]();
      if (round >= 0) samples[names[index]].push(took);
    }
  }
  return samples;
}

/** Warms up a candidate; returns a function that runs one turn and returns nanoseconds per call. */
export async function turnOf(candidate, { turnMs, clock = 'wall', collect = true, warmUpMs = 0 }) {
  const { run, before } = candidate;
  const now = clocks[clock];
  const count = await callsFor(candidate, turnMs, warmUpMs);
  return async () => {
    await before?.(count);
    // Minor collection only: a full one makes V8 discard code optimized for classes without live objects, which a
    // program does every few seconds at most.
    if (collect) globalThis.gc?.({ type: 'minor' });
    const start = now();
    await run(count);
    return (now() - start) / count;
  };
}

/** Nanoseconds. */
const clocks = {
  wall: () => Number(process.hrtime.bigint()),
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) * 1000;
  },
};

/** The number of calls that take about `turnMs`, measured at the end of the warm-up. */
async function callsFor({ run, before, least = 64, most = Infinity }, turnMs, warmUpMs) {
  let count = least;
  let spent = 0;
  const rates = [];
  while (rates.length < 5 || spent < warmUpMs) {
    await before?.(count);
    const start = performance.now();
    await run(count);
    const ms = performance.now() - start;
    spent += ms;
    if (ms < turnMs / 3 && count * 2 <= most) count *= 2;
    else rates.push(count / ms);
  }
  const calls = quantile(rates.slice(-5), 0.5) * turnMs;
  return Math.min(most, least * Math.max(1, Math.round(calls / least)));
}
