// One of several processes whose callers request the same cold key concurrently.
import { setTimeout as pause } from 'node:timers/promises';

import { RedisCache } from 'nestjs-cache-infra';
import * as caches from './redis-caches.mjs';

const [peer, callers] = process.argv.slice(2);
const url = process.env.BENCH_REDIS_URL;
const twoTiers = { l1Size: 1000 };
const loadMs = 100;
let loads = 0;

const load = async () => {
  loads++;
  await pause(loadMs);
  return 'loaded';
};

/** The call of each cache; the library uses `lock`, which the others lack. */
const calls = {
  'nestjs-cache-infra': () => {
    const cache = new RedisCache({ redisUrl: url, commandTimeout: '10s' });
    return { warmUp: () => cache.get('warm up'), call: (key) => cache.getOrSet(key, load, { lock: true }) };
  },
  'cache-manager': () => {
    const cache = caches.cacheManager(url, twoTiers);
    return { warmUp: () => cache.get('warm up'), call: (key) => cache.wrap(key, load) };
  },
  cacheable: () => {
    const cache = caches.cacheable(url, twoTiers);
    return { warmUp: () => cache.get('warm up'), call: (key) => cache.getOrSet(key, load) };
  },
  bentocache: () => {
    const cache = caches.bentocache(url, twoTiers);
    return {
      warmUp: () => cache.get({ key: 'warm up' }),
      call: (key) => cache.getOrSet({ key, factory: load }),
    };
  },
};

const { warmUp, call } = calls[peer]();
await warmUp();
process.on('disconnect', () => process.exit());
process.on('message', async ({ key }) => {
  loads = 0;
  const values = await Promise.all(Array.from({ length: Number(callers) }, () => call(key)));
  if (values.some((value) => value !== 'loaded')) throw new Error('a caller received a wrong value');
  process.send({ count: loads });
});
process.send('ready');
