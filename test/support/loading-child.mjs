// A cache in a process of its own; its parent says what it does (see loading-process.ts).
import { setTimeout as pause } from 'node:timers/promises';

import '../../scripts/lib/typescript.mjs';

const { RedisCache } = await import('../../libs/cache-infra/src/cache/redis-cache.ts');
const { loadingWith } = await import('./race.ts');

const cache = new RedisCache(JSON.parse(process.argv[2]));
const races = loadingWith(cache);
const origins = new Map();
let questions = 0;

/** What the origin of a load holds is for the parent to say. */
function originOf(load) {
  return new Promise((resolve) => {
    const question = ++questions;
    origins.set(question, resolve);
    process.send({ origin: load, question });
  });
}

const methods = {
  load: (load) => races.load(load, () => originOf(load.id)),
  read: (path, keys) => races.read(path, keys),
  delete: (key) => cache.delete(key),
  stats: () => cache.stats(),
  bulk: async ({ keys, loadMs, options }) => {
    const asked = [];
    const load = async (missing) => {
      asked.push(missing.length);
      await pause(loadMs);
      return missing.map((key) => `${key} loaded by ${process.pid}`);
    };
    const values = await cache.getOrSetMany(keys, load, options);
    return { asked, values: values.size };
  },
  herd: async ({ key, callers, loadMs, options }) => {
    let runs = 0;
    const load = async () => {
      runs++;
      process.send({ loading: true });
      if (loadMs === Infinity) await new Promise(() => {});
      await pause(loadMs);
      return `loaded by ${process.pid}`;
    };
    const start = performance.now();
    const outcomes = await Promise.allSettled(
      Array.from({ length: callers }, () => cache.getOrSet(key, load, options)),
    );
    const values = outcomes.flatMap(({ status, value }) => (status === 'fulfilled' ? [value] : []));
    const errors = outcomes.flatMap(({ status, reason }) => (status === 'rejected' ? [String(reason)] : []));
    return { runs, values: [...new Set(values)], errors, longestMs: performance.now() - start };
  },
};

process.on('message', async ({ id, method, args, question, value }) => {
  if (question !== undefined) {
    origins.get(question)?.(value);
    origins.delete(question);
    return;
  }
  try {
    process.send({ id, result: await methods[method](...args) });
  } catch (error) {
    process.send({ id, error: String(error) });
  }
});
process.on('disconnect', () => process.exit());
// Connected, and tracked, before anything begins.
await cache.get('nothing');
process.send({ ready: true });
