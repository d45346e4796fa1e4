// An instance of an application in a process of its own, with the built library. Its parent says what it does.
import '../../scripts/lib/typescript.mjs';

import { RedisCache } from 'nestjs-cache-infra';

const { InstanceHost } = await import('./host.ts');

/** The parent has the database. */
const answers = new Map();
let questions = 0;
const askDatabase = (method, argument) =>
  new Promise((resolve) => {
    const id = ++questions;
    answers.set(id, resolve);
    process.send({ kind: 'database', id, method, argument });
  });
const database = {
  read: (key) => askDatabase('read', key),
  write: (value) => askDatabase('write', value),
};

const host = new InstanceHost(process.argv[2], (options) => new RedisCache(options), database, true);

process.on('message', async ({ kind, id, method, args, result }) => {
  if (kind === 'database') {
    answers.get(id)(result);
    answers.delete(id);
    return;
  }
  try {
    process.send({ kind: 'result', id, result: await host[method](...args) });
  } catch (error) {
    process.send({ kind: 'result', id, error: String(error) });
  }
});
process.on('disconnect', () => process.exit());
process.send({ kind: 'ready' });
