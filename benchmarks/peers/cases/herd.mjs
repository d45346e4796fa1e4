// Counts loader runs for a thousand callers of one cold key in four processes.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const processes = 4;
const callersEach = 250;
const peers = ['nestjs-cache-infra', 'cache-manager', 'cacheable', 'bentocache'];
const entry = fileURLToPath(new URL('../herd-process.mjs', import.meta.url));

async function loadsOf(peer, rounds) {
  const children = Array.from({ length: processes }, () =>
    fork(entry, [peer, String(callersEach)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
  );
  try {
    await Promise.all(children.map((child) => once(child, 'message')));
    const loads = [];
    for (let round = 0; round < rounds; round++) {
      const answers = children.map((child) => once(child, 'message'));
      for (const child of children) child.send({ key: `cold:${peer}:${process.pid}:${round}` });
      const each = await Promise.all(answers);
      loads.push(each.reduce((sum, [{ count }]) => sum + count, 0));
    }
    return loads;
  } finally {
    for (const child of children) child.disconnect();
    await Promise.all(children.map((child) => child.exitCode ?? once(child, 'exit')));
  }
}

export const herdCases = {
  herd: {
    async measure({ rounds }) {
      const samples = {};
      for (const peer of peers) samples[peer] = await loadsOf(peer, Math.min(rounds, 5));
      return { unit: 'loads', samples };
    },
  },
};
