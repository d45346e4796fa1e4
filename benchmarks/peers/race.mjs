import { quantile, rotation } from '../lib/statistics.mjs';

const AsyncFunction = (async () => {}).constructor;

/**
 * Compiles a separate loop for each candidate: in a shared function, candidates would share inline caches and slow each
 * other down.
 *
 * @param {string} call an expression over `it` (the candidate), `key` and `i`
 * @returns {(it: object, keys: readonly string[], count: number) => Promise<void>} `count` calls, each awaited before
 * the next
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

/** Splits `count` calls between `workers` concurrent loops. */
export function concurrent(loop, workers) {
  return async (it, keys, count) => {
    const each = Math.ceil(count / workers);
    const running = [];
    for (let worker = 0; worker < workers; worker++) {
      // Offset the workers, so that they read different keys.
      const from = (worker * 37) & (keys.length - 1);
      running.push(loop(it, [...keys.slice(from), ...keys.slice(0, from)], each));
    }
    await Promise.all(running);
  };
}

/**
 * Measures candidates interleaved: each has one turn per round, in rotating order.
 *
 * @param {readonly { name: string, run: (count: number) => Promise<void>, before?: () => unknown }[]} candidates
 * @param {{ rounds: number, turnMs: number, clock?: 'wall' | 'cpu' }} options a turn has as many calls as take about
 * `turnMs`; `cpu` measures the CPU time of this process, for shared machines
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
      // Minor collection only: a full one makes V8 discard code optimized for classes without live objects, which a
      // program does every few seconds at most.
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

/** The number of calls that take about `turnMs`, measured after warm-up. */
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
