import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { rotation } from '../lib/statistics.mjs';

const entry = fileURLToPath(new URL('case.mjs', import.meta.url));

/** What a process of its own answers for a case; it ends by itself, and with this process. */
export async function inChild(args, { execArgv = ['--expose-gc'], env = process.env } = {}) {
  const child = fork(entry, args, { execArgv, env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`${args.join(' ')} ended with ${code ?? signal} before it answered`);
  });
  const [answer] = await Promise.race([once(child, 'message'), ended]);
  await ended.catch(() => undefined);
  return answer;
}

/** Asks every candidate of a case by turns, each time in a new process. */
export async function inChildren(name, candidates, rounds) {
  const samples = Object.fromEntries(candidates.map((candidate) => [candidate, []]));
  for (let round = 0; round < rounds; round++) {
    for (const index of rotation(candidates.length, round)) {
      const candidate = candidates[index];
      samples[candidate].push(await inChild([name, 'child', candidate]));
    }
  }
  return samples;
}
