import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from '@jest/globals';

import type { RedisServer } from '../../libs/cache-infra/src/testing/redis-server.js';
import { startTcpProxy, type TcpProxy } from '../../libs/cache-infra/src/testing/tcp-proxy.js';
import { ownRedisServer } from '../support/redis.js';
import { drill, pause } from './drill.js';
import { expectSurvived, faultTable } from './fault-table.js';
import { startInstances, type Instances } from './instances.js';
import { randomOf } from './workload.js';

const record = faultTable('network');
let instances: Instances;
let server: RedisServer;
/** One for each instance, so that each can lose its way alone. */
let proxies: Record<string, TcpProxy>;

beforeAll(async () => {
  instances = await startInstances();
}, 120_000);
afterAll(() => instances.end());

beforeEach(async () => {
  server = await ownRedisServer();
  const ways = instances.all.map(
    async ({ name }) => [name, await startTcpProxy({ to: server.url })] as const,
  );
  proxies = Object.fromEntries(await Promise.all(ways));
});
afterEach(async () => {
  await Promise.all(Object.values(proxies).map((each) => each.close()));
  await server.stop();
});

function onEach(act: (proxy: TcpProxy) => void): void {
  for (const proxy of Object.values(proxies)) act(proxy);
}

async function whileEach(act: (proxy: TcpProxy) => void, ms: number): Promise<void> {
  onEach(act);
  await pause(ms);
  onEach((proxy) => proxy.resume());
}

async function partition(name: string, fromMs: number, ms: number): Promise<void> {
  await pause(fromMs);
  proxies[name]?.hang();
  await pause(ms);
  proxies[name]?.resume();
}

const faults: { readonly name: string; strike(): Promise<void> }[] = [
  {
    name: 'latency of 5 s',
    strike: () => whileEach((proxy) => proxy.delay('5s'), 3000),
  },
  {
    name: 'black hole for what is sent',
    strike: () => whileEach((proxy) => proxy.hang('requests'), 3000),
  },
  {
    name: 'black hole for what is answered',
    strike: () => whileEach((proxy) => proxy.hang('replies'), 3000),
  },
  {
    name: 'black hole for invalidations alone',
    strike: async () => {
      onEach((proxy) => {
        for (const each of proxy.connections) if (each.isSubscriber) each.hang('replies');
      });
      // Nothing but a heartbeat can notice.
      await pause(5000);
    },
  },
  {
    name: 'RST of every connection, again and again',
    strike: async () => {
      for (let i = 0; i < 8; i++) {
        onEach((proxy) => proxy.reset());
        await pause(120);
      }
    },
  },
  {
    name: 'replies cut in half',
    strike: async () => {
      const random = randomOf(7);
      for (let i = 0; i < 12; i++) {
        onEach((proxy) => proxy.cutAfter(1 + Math.floor(random() * 2000)));
        await pause(100);
      }
      onEach((proxy) => proxy.resume());
    },
  },
  {
    name: 'connections reset, new ones refused',
    strike: () => whileEach((proxy) => proxy.cut(), 1500),
  },
  {
    name: 'two instances partitioned at different times',
    strike: async () => {
      await Promise.all([partition('a', 0, 2000), partition('b', 1200, 2000)]);
    },
  },
];

describe('guarantees 3, 4 and 5: the connection to Redis', () => {
  it.each(faults)(
    '$name',
    async ({ name, strike }) => {
      const outcome = await drill({
        fault: name,
        instances: instances.all,
        optionsFor: (instance) => ({ redisUrl: proxies[instance]!.url, l1CacheSize: 500 }),
        direct: { redisUrl: server.url },
        strike,
      });
      record(outcome);
      expectSurvived(outcome);
    },
    60_000,
  );
});
