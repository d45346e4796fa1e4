// Measures how long an L1 serves a value after another process changed it: two processes, 10,000 writes, on loopback.
//
//   npm run build && node benchmarks/invalidation-latency.mjs [writes]
//
// One process writes a key. The other holds the key in its L1, reads it as often as its event loop allows, and records
// the time at which the old value is gone. Both read the same clock (CLOCK_MONOTONIC, `process.hrtime`). Uses the
// server of REDIS_URL, or starts one.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { RedisCache } from 'nestjs-cache-infra';

const now = () => Number(process.hrtime.bigint()) / 1e6;
const self = fileURLToPath(import.meta.url);

if (process.send === undefined) await measure(Number(process.argv[2] ?? 10_000));
else await watch(process.argv[2]);

/** Writes, and receives the time of invalidation from the other process. */
async function measure(writes) {
  const { startRedisServer } = await import('nestjs-cache-infra/testing');
  const server = await startRedisServer();
  const watcher = fork(self, [server.url], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const cache = new RedisCache({ redisUrl: server.url, keyPrefix: 'invalidation-latency' });
  try {
    await cache.clear();
    await once(watcher, 'message');
    const latencies = [];
    let stale = 0;
    for (let version = 0; version < writes; version += 1) {
      const key = `key:${version % 100}`;
      await cache.set(key, version);
      watcher.send({ key, present: version });
      // The other process holds the current value.
      await once(watcher, 'message');
      const start = now();
      await cache.set(key, version + 0.5);
      const written = now();
      watcher.send({ expected: version + 0.5 });
      const [{ seen, after }] = await once(watcher, 'message');
      // Measured from the end of the write; an invalidation before that counts as 0.
      latencies.push(Math.max(0, seen - written));
      if (after !== version + 0.5) stale += 1;
      if (seen < start) throw new Error('the clocks of the two processes differ');
    }
    latencies.sort((one, other) => one - other);
    const at = (fraction) => latencies[Math.min(writes - 1, Math.floor(fraction * writes))].toFixed(2);
    console.log(
      `${writes} writes: invalidation latency p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`,
    );
    console.log(`stale reads after the invalidation: ${stale}`);
    process.exitCode = stale > 0 ? 1 : 0;
  } finally {
    watcher.disconnect();
    await cache.close();
    await server.stop();
  }
}

/** Holds a key in its L1, and reports its invalidation. */
async function watch(redisUrl) {
  const cache = new RedisCache({ redisUrl, keyPrefix: 'invalidation-latency' });
  await cache.get('warm up');
  process.on('disconnect', async () => {
    await cache.close();
    process.exit();
  });
  let gone = () => {};
  process.on('message', async ({ key, present, expected }) => {
    if (key === undefined) {
      gone(expected);
      return;
    }
    const read = async () => {
      // Let the event loop receive invalidations.
      await new Promise((resolve) => setImmediate(resolve));
      return cache.get(key);
    };
    while ((await read()) !== present);
    let seen;
    const told = new Promise((resolve) => (gone = resolve));
    const watching = (async () => {
      while ((await read()) === present);
      seen = now();
    })();
    process.send('held');
    await told;
    await watching;
    process.send({ seen, after: await cache.get(key) });
  });
  process.send('ready');
}
