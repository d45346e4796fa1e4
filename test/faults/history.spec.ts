import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from '@jest/globals';
import { Redis } from 'ioredis';

import type { RedisServer } from '../../libs/cache-infra/src/testing/redis-server.js';
import { startTcpProxy, type TcpProxy } from '../../libs/cache-infra/src/testing/tcp-proxy.js';
import { ownRedisServer } from '../support/redis.js';
import { drill, pause } from './drill.js';
import { expectSurvived, faultTable } from './fault-table.js';
import { startInstances, type Instances } from './instances.js';
import { randomOf } from './workload.js';

const record = faultTable('history');
let instances: Instances;
let server: RedisServer;
let admin: Redis;
let proxies: TcpProxy[];

beforeAll(async () => {
  instances = await startInstances();
}, 120_000);
afterAll(() => instances.end());

beforeEach(async () => {
  instances.forget();
  server = await ownRedisServer();
  admin = new Redis(server.url, { disconnectTimeout: 20 });
  admin.on('error', () => {});
  proxies = await Promise.all(instances.all.map(() => startTcpProxy({ to: server.url })));
});
afterEach(async () => {
  admin.disconnect();
  await Promise.all(proxies.map((each) => each.close()));
  await server.stop();
});

type Kind = (proxy: TcpProxy, random: () => number) => unknown;

/** Faults of one instance's connection, or of the server. No command is awaited: the server may be halted. */
const kinds: Record<string, Kind> = {
  silent: (proxy) => proxy.hang(),
  deaf: (proxy) => proxy.hang('replies'),
  mute: (proxy) => proxy.hang('requests'),
  slow: (proxy, random) => proxy.delay(`${Math.round(50 + 100 * random())}ms`),
  cut: (proxy, random) => proxy.cutAfter(1 + Math.floor(20_000 * random())),
  reset: (proxy) => proxy.reset(),
  refused: (proxy) => proxy.cut(),
  hung: () => server.pause(),
  flushed: () => void admin.flushall().catch(() => {}),
  unsubscribed: () => void admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub').catch(() => {}),
};

/** `FAULTS=hung,cut` narrows a search. */
const chosen = (process.env['FAULTS'] ?? Object.keys(kinds).join())
  .split(',')
  .flatMap((name) => kinds[name] ?? []);

/** Faults of all kinds, one after the other or together, as the seed says. */
async function randomFaults(seed: number, forMs: number): Promise<void> {
  const random = randomOf(seed);
  const end = performance.now() + forMs;
  while (performance.now() < end) {
    const proxy = proxies[Math.floor(random() * proxies.length)] as TcpProxy;
    await chosen[Math.floor(random() * chosen.length)]?.(proxy, random);
    await pause(100 + 500 * random());
    if (random() < 0.3) continue;
    await server.resume();
    for (const each of proxies) each.resume();
    await pause(200 * random());
  }
  await server.resume();
  for (const each of proxies) each.resume();
}

/** `SEEDS=4,5,6` goes on searching. */
const seeds = (process.env['SEEDS'] ?? '1,2,3').split(',').map(Number);

interface History {
  readonly name: string;
  readonly seed: number;
  readonly faultsForMs: number;
  readonly loads: 'own' | 'shared';
}

const histories: History[] = [
  { name: 'history without faults', seed: 1, faultsForMs: 0, loads: 'shared' },
  ...seeds.map((seed): History => ({
    name: `history with random faults, seed ${seed}`,
    seed,
    faultsForMs: 6000,
    loads: seed % 3 === 0 ? 'own' : 'shared',
  })),
];

describe('guarantees 1, 3, 4 and 5: a random history of sets, deletes, loads and reads by three instances', () => {
  it.each(histories)(
    '$name',
    async ({ name, seed, faultsForMs, loads }) => {
      const outcome = await drill({
        fault: name,
        instances: instances.all,
        optionsFor: (instance) => ({
          redisUrl: proxies[instances.all.findIndex((each) => each.name === instance)]!.url,
          l1CacheSize: 500,
        }),
        direct: { redisUrl: server.url },
        loads,
        seed,
        // One of the faults is a flush.
        forgets: faultsForMs > 0,
        strike: () => (faultsForMs > 0 ? randomFaults(seed, faultsForMs) : pause(2000)),
      });
      record(outcome);
      // A slow Redis is not down: each of a call's few commands may take almost as long as the command time-out.
      expectSurvived(outcome, 1000);
    },
    60_000,
  );
});
