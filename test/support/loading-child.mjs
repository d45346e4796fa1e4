// A cache in a process of its own; its parent says what it does (see loading-process.ts).
import { setTimeout as pause } from 'node:timers/promises';

import '../../scripts/lib/typescript.mjs';

const { RedisCache } = await import('../../libs/cache-infra/src/cache/redis-cache.ts');
const { loadingWith } = await import('./race.ts');

const cache = new RedisCache(JSON.parse(process.argv[2]));
const origins = new Map();

/** What the origin holds is for the parent to say. */
function originOf(id) {
  return new Promise((resolve) => {
    origins.set(id, resolve);
    process.send({ origin: id });
  });
}

const methods = {
  load: ({ path, key, options, delayMs, id }) => {
    const load = async () => {
      const value = await originOf(id);
      await pause(delayMs);
      return value;
    };
    return cache.namespace(path).getOrSet(key, load, options);
  },
  read: (path, key) => loadingWith(cache).read(path, key),
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

process.on('message', async ({ id, method, args, origin, value }) => {
  if (origin !== undefined) {
    origins.get(origin)?.(value);
    origins.delete(origin);
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
