// Prints, second by second, what a cache does and says while its Redis fails: the timelines of
// docs/when-redis-fails.md.
//
//   npm run build && node benchmarks/outages.mjs [stops|hangs|slow|full|fails-over|empty|read-only]
//
// Starts servers of its own (redis-server on the PATH). Ten times a second the cache gets an L1 hit, a load of a new
// key and a set. Printed are log lines, events, changes of health, and the slowest call of each kind. Without a name,
// every outage runs, about 15 s each.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

import { Redis } from 'ioredis';
import { RedisCache } from 'nestjs-cache-infra';

const host = '127.0.0.1';
const stateEvents = [
  'degraded',
  'recovered',
  'breakerOpen',
  'coherenceLost',
  'coherenceRestored',
  'journalOverflow',
];

/** Each strikes, waits, ends the outage by itself or leaves that to the servers, and returns. */
const outages = {
  stops: async ({ master, say }) => {
    await master.stop();
    await pause(5000);
    say('--- Redis starts again');
    await master.start();
  },
  hangs: async ({ master, say }) => {
    master.signal('SIGSTOP');
    await pause(6000);
    say('--- Redis answers again');
    master.signal('SIGCONT');
  },
  slow: async ({ way, say }) => {
    way.delayMs = 200;
    await pause(6000);
    say('--- Redis answers at once');
    way.delayMs = 0;
  },
  full: async ({ admin, say }) => {
    await admin.config('SET', 'maxmemory', '1');
    await pause(5000);
    say('--- Redis has room');
    await admin.config('SET', 'maxmemory', '0');
  },
  'fails-over': async ({ master }) => {
    master.signal('SIGKILL');
    await pause(8000);
  },
  empty: async ({ master }) => {
    await master.stop();
    await master.start();
  },
  'read-only': async ({ admin, say }) => {
    await admin.call('REPLICAOF', host, '1');
    await pause(5000);
    say('--- Redis is a master again');
    await admin.call('REPLICAOF', 'NO', 'ONE');
  },
};

const names = process.argv.slice(2);
for (const name of names.length === 0 ? Object.keys(outages) : names) await run(name, outages[name]);

async function run(name, outage) {
  if (outage === undefined)
    throw new Error(`unknown outage '${name}': one of ${Object.keys(outages).join(', ')}`);
  const directory = await mkdtemp(join(tmpdir(), 'nestjs-cache-infra-outage-'));
  const servers = [];
  const add = async (...args) => {
    const server = redisProcess(directory, await freePort(), args);
    servers.push(server);
    await server.start();
    return server;
  };
  const master = await add();
  const way = await slowWayTo(master.port);
  const sentinels = name === 'fails-over' ? await sentinelsOf(master, add, directory) : undefined;
  const admin = new Redis(master.port, host, { retryStrategy: () => 100 });
  admin.on('error', () => undefined);

  let start = performance.now();
  const say = (...words) =>
    console.log(`${((performance.now() - start) / 1000).toFixed(2).padStart(6)} s `, ...words);
  const cache = new RedisCache({
    ...(sentinels === undefined
      ? { redisUrl: `redis://${host}:${name === 'slow' ? way.port : master.port}` }
      : { redis: { sentinels } }),
    logger: { warn: (line) => say('WARN ', line), log: (line) => say('LOG  ', line) },
  });
  for (const event of stateEvents)
    cache.on(event, ({ reason, dropped }) => say('event', event, reason ?? dropped ?? ''));
  const errors = new Map();
  cache.on('error', ({ operation, error }) => {
    const words = `${operation}: ${error.message}`;
    if (!errors.has(words)) say('error', words);
    errors.set(words, (errors.get(words) ?? 0) + 1);
  });
  const work = workOn(cache);
  const watch = watchHealth(cache, say);

  try {
    await pause(2000);
    console.log(`\n# Redis: ${name}`);
    work.report();
    start = performance.now();
    await outage({ master, way, admin, say });
    await pause(4000);
    console.log(work.report());
    const { errors: failures, journal } = cache.stats();
    console.log(
      `failed calls to Redis: ${failures}; journal: ${journal.recorded} recorded, ${journal.replayed} replayed`,
    );
  } finally {
    work.end();
    watch.end();
    await cache.close();
    admin.disconnect();
    way.close();
    await Promise.all(servers.map((server) => server.stop()));
    await rm(directory, { recursive: true, force: true });
  }
}

/** Calls the cache ten times a second; `report` says the slowest of each kind since the last report. */
function workOn(cache) {
  let count = 0;
  let failed = 0;
  const slowest = new Map();
  const timed = async (kind, call) => {
    const begin = performance.now();
    await call().catch(() => {
      failed += 1;
    });
    slowest.set(kind, Math.max(slowest.get(kind) ?? 0, performance.now() - begin));
  };
  const timer = setInterval(() => {
    count += 1;
    void timed('L1 hit', () => cache.getOrSet('hot', () => 'loaded'));
    void timed('load', () => cache.getOrSet(`cold:${count}`, () => 'loaded'));
    void timed('set', () => cache.set(`set:${count % 5}`, count));
  }, 100);
  return {
    report: () => {
      const parts = [...slowest].map(([kind, ms]) => `${kind} ${ms.toFixed(0)} ms`);
      slowest.clear();
      return `slowest: ${parts.join(', ')}; calls that failed: ${failed}`;
    },
    end: () => clearInterval(timer),
  };
}

/** Says the health of the cache whenever it changes in more than figures. */
function watchHealth(cache, say) {
  let last = '';
  const timer = setInterval(async () => {
    const { status, tiers } = await cache.health();
    const { latencyMs: _, journalSize, ...l2 } = tiers.l2;
    const seen = JSON.stringify([status, l2, journalSize > 0]);
    if (seen !== last) say('health', status, JSON.stringify({ ...l2, journalSize }));
    last = seen;
  }, 500);
  return { end: () => clearInterval(timer) };
}

/** A Redis server that can be stopped and started on its port, with nothing on the disk. */
function redisProcess(directory, port, args) {
  let child;
  const start = async () => {
    const options =
      args.length > 0 && args[0].endsWith('.conf') ? args : ['--save', '', '--appendonly', 'no', ...args];
    child = spawn('redis-server', [...options, '--port', String(port), '--bind', host, '--dir', directory], {
      stdio: 'ignore',
    });
    while (!(await listens(port))) await pause(20);
  };
  return {
    port,
    start,
    signal: (signal) => child.kill(signal),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

/** A replica of the master and three Sentinels that promote it after a second. */
async function sentinelsOf(master, add, directory) {
  await add('--replicaof', `${host} ${master.port}`, '--repl-diskless-sync-delay', '0');
  await pause(2500);
  const lines = [
    `sentinel monitor mymaster ${host} ${master.port} 2`,
    'sentinel down-after-milliseconds mymaster 1000',
    'sentinel failover-timeout mymaster 3000',
  ];
  const sentinels = [];
  for (const id of [1, 2, 3]) {
    const file = join(directory, `sentinel-${id}.conf`);
    await writeFile(file, `${lines.join('\n')}\n`);
    sentinels.push({ host, port: (await add(file, '--sentinel')).port });
  }
  await pause(4000);
  return sentinels;
}

/** A proxy on loopback that holds answers back for `delayMs`. */
async function slowWayTo(port) {
  const way = { delayMs: 0, port: 0, close: () => server.close() };
  const server = createServer((client) => {
    const redis = connect(port, host);
    client.pipe(redis);
    redis.on('data', (bytes) => {
      if (way.delayMs === 0) client.write(bytes);
      else setTimeout(() => client.write(bytes), way.delayMs);
    });
    for (const [one, other] of [
      [client, redis],
      [redis, client],
    ]) {
      one.on('close', () => other.destroy());
      one.on('error', () => other.destroy());
    }
  });
  server.listen(0, host);
  await once(server, 'listening');
  way.port = server.address().port;
  return way;
}

function listens(port) {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}

async function freePort() {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
