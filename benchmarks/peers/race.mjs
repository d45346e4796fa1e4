import { quantile, rotation } from '../lib/statistics.mjs';

const AsyncFunction = (async () => {}).constructor;

/**
 * A loop of its own for each candidate, made from text: candidates that shared one function would share what the engine learns
 * about its call sites, and pay for each other.
 *
 * @param {string} call an expression over `it` (the candidate), `key` and `i`
 * @returns {(it: object, keys: readonly string[], count: number) => Promise<void>} `count` calls, each awaited before the next
 */
export function loopOf(call) {
  return new AsyncFunction(
    'it',
    'keys',
    'count',
    `const mask = keys.length - 1;
    for (let i = 0; i < count; i++) { const key = keys[i & mask]; await ${call}; }`,
  );
}

/** `workers` loops at once that share `count` calls. */
export function concurrent(loop, workers) {
  return async (it, keys, count) => {
    const each = Math.ceil(count / workers);
    const running = [];
    for (let worker = 0; worker < workers; worker++) {
      // Neighbours do not ask for the same key at the same time.
      const from = (worker * 37) & (keys.length - 1);
      running.push(loop(it, [...keys.slice(from), ...keys.slice(0, from)], each));
    }
    await Promise.all(running);
  };
}

/**
 * Measures candidates by turns: in every round each has one turn, in an order that rotates.
 *
 * @param {readonly { name: string, run: (count: number) => Promise<void>, before?: () => unknown }[]} candidates
 * @param {{ rounds: number, turnMs: number, clock?: 'wall' | 'cpu' }} options a turn is as many calls as take about `turnMs`; `cpu`: what
 *   counts is the time that the processor worked for this process, for a machine that others use as well
 * @returns {Promise<Record<string, number[]>>} nanoseconds per call, by candidate and round
 */
export async function race(candidates, { rounds, turnMs, clock = 'wall' }) {
  const now = clocks[clock];
  const counts = [];
  for (const candidate of candidates) counts.push(await callsFor(candidate, turnMs));
  const samples = Object.fromEntries(candidates.map(({ name }) => [name, []]));
  const warmUp = 2;
  for (let round = -warmUp; round < rounds; round++) {
    for (const index of rotation(candidates.length, round + warmUp)) {
      const { name, run, before } = candidates[index];
      await before?.();
      // Not a full collection: it would have V8 forget what it compiled for objects of which none is alive just then, as a program does
      // every few seconds at most.
      globalThis.gc?.({ type: 'minor' });
      const start = now();
      await run(counts[index]);
      const took = (now() - start) / counts[index];
      if (round >= 0) samples[name].push(took);
    }
  }
  return samples;
}

/** Nanoseconds. */
const clocks = {
  wall: () => Number(process.hrtime.bigint()),
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) * 1000;
  },
};

/** How many calls take about `turnMs`, found out after the engine has compiled them. */
async function callsFor({ run, before }, turnMs) {
  let count = 64;
  const rates = [];
  while (rates.length < 5) {
    await before?.();
    const start = performance.now();
    await run(count);
    const ms = performance.now() - start;
    if (ms < turnMs / 3) count *= 2;
    else rates.push(count / ms);
  }
  return Math.max(64, Math.round(quantile(rates, 0.5) * turnMs));
}
