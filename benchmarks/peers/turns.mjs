import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { interleave } from './race.mjs';

const entry = fileURLToPath(new URL('case.mjs', import.meta.url));

/**
 * Measures candidates of a case interleaved, each in a process of its own: one runs its turn while the others wait.
 *
 * @param {string} caseName
 * @param {readonly string[]} names
 * @param {import('./race.mjs').Options} options
 * @returns {Promise<Record<string, number[]>>} nanoseconds per call, by candidate and round
 */
export async function raceApart(caseName, names, options) {
  const opened = [];
  try {
    // One after the other: a process that starts would slow down the warm-up of another.
    for (const name of names) opened.push(await openTurns(caseName, name, options));
    return await interleave(
      Object.fromEntries(opened.map(({ turn }, i) => [names[i], turn])),
      options.rounds,
    );
  } finally {
    for (const { close } of opened) close();
  }
}

/** Starts the process of a candidate and waits until it is warm. */
async function openTurns(caseName, name, options) {
  const args = [caseName, 'turns', name, JSON.stringify(options)];
  const child = fork(entry, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const answer = () =>
    new Promise((resolve, reject) => {
      const ended = (code, signal) =>
        reject(new Error(`${caseName}, ${name}: the process exited with ${code ?? signal}`));
      child.once('exit', ended);
      child.once('message', (message) => {
        child.off('exit', ended);
        resolve(message);
      });
    });
  await answer();
  return {
    turn: () => {
      child.send('turn');
      return answer();
    },
    close: () => child.disconnect(),
  };
}

/** The other side, in the process of a candidate: a turn for each message, until the parent disconnects. */
export async function answerTurns(turn) {
  process.on('message', async () => process.send(await turn()));
  process.send('ready');
  await new Promise((resolve) => process.once('disconnect', resolve));
}
