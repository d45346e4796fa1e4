import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';

import type { RedisServer } from '../../libs/cache-infra/src/testing/redis-server.js';
import { ownRedisServer } from '../support/redis.js';
import { until } from '../support/until.js';
import { drill, pause, type Drill } from './drill.js';
import { expectSurvived, faultTable } from './fault-table.js';
import { startInstances, type Instances } from './instances.js';

const record = faultTable('single-node');
let instances: Instances;
let server: RedisServer;
let admin: Redis;

beforeAll(async () => {
  instances = await startInstances();
}, 120_000);
afterAll(() => instances.end());

async function start(args: readonly string[] = []): Promise<void> {
  server = await ownRedisServer(args);
  admin = new Redis(server.url, { disconnectTimeout: 20 });
  admin.on('error', () => {});
}
afterEach(async () => {
  admin.disconnect();
  await server.stop();
});

/** Milliseconds for 256 reads that nobody answers: the command time-out, and the rest for a busy machine. */
const burstMs = 600;

interface Fault extends Pick<Drill, 'forgets'> {
  readonly name: string;
  readonly args?: readonly string[];
  strike(): Promise<void>;
}

/** Ids of the clients of this kind that the instances have. */
async function clients(invalidations: boolean): Promise<string[]> {
  const list = String(await admin.client('LIST'));
  return list
    .split('\n')
    .filter((line) => line.includes('name=nestjs-cache-infra'))
    .filter((line) => line.includes('-invalidations') === invalidations)
    .flatMap((line) => /\bid=(\d+)/.exec(line)?.[1] ?? []);
}

function never(): boolean {
  return false;
}

async function kill(ids: readonly string[]): Promise<void> {
  for (const id of ids) await admin.client('KILL', 'ID', id);
}

const faults: Fault[] = [
  {
    name: 'Redis stopped and started',
    forgets: true,
    strike: async () => {
      await server.stop();
      await pause(1500);
      await server.start();
    },
  },
  {
    name: 'SIGSTOP for 10 s',
    strike: async () => {
      await server.pause();
      await pause(10_000);
      await server.resume();
    },
  },
  {
    name: 'killed with 256 reads in flight',
    forgets: true,
    strike: async () => {
      // Halted first, so that none of them is answered before.
      await server.pause();
      const bursts = instances.all.map((each) => each.burst(256));
      await pause(50);
      await server.stop();
      for (const ms of await Promise.all(bursts)) expect(ms).toBeLessThan(burstMs);
      await server.start();
    },
  },
  {
    name: 'LOADING',
    args: [
      '--enable-debug-command',
      'yes',
      '--key-load-delay',
      '5000',
      '--loading-process-events-interval-bytes',
      '1024',
    ],
    strike: async () => {
      await admin.mset(
        Array.from({ length: 400 }, (_, i) => [`filler:${String(i)}`, 'x'.repeat(200)]).flat(),
      );
      // Connected before: a new connection waits until the server has loaded.
      const witness = admin.duplicate();
      await witness.ping();
      const loading = admin.call('DEBUG', 'RELOAD');
      await until(
        () => witness.ping().then(never, (error: unknown) => (error as Error).message.startsWith('LOADING')),
        'the server to be loading',
      );
      witness.disconnect();
      await loading;
    },
  },
  {
    name: 'CLIENT KILL of the data connections',
    strike: async () => {
      for (let i = 0; i < 5; i++) {
        await kill(await clients(false));
        await pause(100);
      }
    },
  },
  {
    name: 'CLIENT KILL of the invalidation connections',
    strike: async () => {
      for (let i = 0; i < 5; i++) {
        await kill(await clients(true));
        await pause(100);
      }
    },
  },
  {
    name: 'FLUSHALL',
    forgets: true,
    strike: async () => {
      for (let i = 0; i < 5; i++) {
        await admin.flushall();
        await pause(100);
      }
    },
  },
  {
    name: 'maxmemory with noeviction',
    forgets: true,
    strike: async () => {
      await admin.config('SET', 'maxmemory-policy', 'noeviction');
      await admin.config('SET', 'maxmemory', '1');
      await pause(1500);
      await admin.config('SET', 'maxmemory', '0');
    },
  },
  {
    name: 'READONLY replica',
    strike: async () => {
      // Of a master that is not there: what it holds stays, and it takes no writes.
      await admin.call('REPLICAOF', '127.0.0.1', '1');
      await pause(1500);
      await admin.call('REPLICAOF', 'NO', 'ONE');
    },
  },
  {
    name: 'min-replicas-to-write without replicas',
    strike: async () => {
      await admin.config('SET', 'min-replicas-to-write', '1');
      await pause(1500);
      await admin.config('SET', 'min-replicas-to-write', '0');
    },
  },
  {
    name: 'wrong type at every key',
    forgets: true,
    strike: async () => {
      for (let i = 0; i < 5; i++) {
        const keys = (await admin.keys('*')).filter((key) => !key.includes('!tags'));
        await Promise.all(keys.map((key) => admin.multi().del(key).lpush(key, 'a', 'b').exec()));
        await pause(100);
      }
    },
  },
  {
    name: 'password changed, and changed back',
    strike: async () => {
      await admin.config('SET', 'requirepass', 'another');
      await kill([...(await clients(false)), ...(await clients(true))]);
      await pause(1500);
      await admin.config('SET', 'requirepass', '');
    },
  },
];

describe('guarantees 3, 4 and 5: a single node', () => {
  it.each(faults)(
    '$name',
    async (fault) => {
      await start(fault.args);
      const outcome = await drill({
        fault: fault.name,
        instances: instances.all,
        optionsFor: () => ({ redisUrl: server.url, l1CacheSize: 500 }),
        direct: { redisUrl: server.url },
        strike: () => fault.strike(),
        forgets: fault.forgets,
      });
      record(outcome);
      expectSurvived(outcome);
    },
    60_000,
  );
});
