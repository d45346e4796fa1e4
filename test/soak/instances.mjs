import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { root } from '../../scripts/lib/process.mjs';

const methods = [
  ...['open', 'start', 'stop', 'report', 'truth', 'read', 'beat', 'see', 'burst', 'events', 'unhandled'],
  ...['close', 'service', 'heap', 'handles'],
];

/** Three processes, each with the methods of an `Instance` of the fault drill, and those of `instance.mjs`. */
export async function startInstances() {
  return Promise.all(['a', 'b', 'c'].map(startInstance));
}

async function startInstance(name) {
  const child = fork(join(root, 'test/soak/instance.mjs'), [name], {
    execArgv: ['--expose-gc'],
    serialization: 'advanced',
  });
  await Promise.race([once(child, 'message'), once(child, 'exit')]);
  if (child.exitCode !== null) throw new Error(`instance ${name} did not start`);
  const waiting = new Map();
  let calls = 0;
  child.on('message', ({ id, result, error }) => {
    const call = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) call?.resolve(result);
    else call?.reject(new Error(`instance ${name}: ${error}`));
  });
  child.on('exit', (code, signal) => {
    for (const call of waiting.values()) call.reject(new Error(`instance ${name} ended: ${code ?? signal}`));
    waiting.clear();
  });
  const ask =
    (method) =>
    (...args) =>
      new Promise((resolve, reject) => {
        if (!child.connected) return reject(new Error(`instance ${name} has ended`));
        waiting.set(++calls, { resolve, reject });
        child.send({ id: calls, method, args });
      });
  return {
    name,
    pid: child.pid,
    ...Object.fromEntries(methods.map((method) => [method, ask(method)])),
    end: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      child.disconnect();
      await exit;
    },
  };
}
