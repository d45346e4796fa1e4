import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { rotation } from '../lib/statistics.mjs';

const entry = fileURLToPath(new URL('case.mjs', import.meta.url));

/** Runs a case in a child process and returns its result. The child exits by itself, and with this process. */
export async function inChild(args, { execArgv = ['--expose-gc'], env = process.env } = {}) {
  const child = fork(entry, args, { execArgv, env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const ended = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`${args.join(' ')} exited with ${code ?? signal} before its result`);
  });
  const [answer] = await Promise.race([once(child, 'message'), ended]);
  await ended.catch(() => undefined);
  return answer;
}

/** Runs the candidates of a case in turn, each time in a new process. */
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
