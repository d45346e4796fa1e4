import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import { setTimeout as elapse } from 'node:timers/promises';

import { Controller, Get, Module, type INestApplication } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import {
  seconds,
  Throttle,
  ThrottlerGuard,
  ThrottlerModule,
  ThrottlerStorageService,
  type ThrottlerStorage,
} from '@nestjs/throttler';
import fc from 'fast-check';
import {
  Cache,
  CacheInfraModule,
  InMemoryCache,
  RedisCache,
  type CacheInfraModuleOptions,
} from 'nestjs-cache-infra';
import { startRedisServer } from 'nestjs-cache-infra/testing';
import { NestThrottlerStorage } from 'nestjs-cache-infra/throttler';
import request from 'supertest';
import { afterEach, describe, expect, it, vi } from 'vitest';

const { TEST_REDIS_URL: redisUrl = '', TEST_KEY_PREFIX: keyPrefix = '' } = process.env;

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});
function closing<T extends { close(): Promise<unknown> }>(thing: T): T {
  open.push(thing);
  return thing;
}

// The compiler checks that the storage has the shape of the package's.
const storageOf = (cache: Cache): ThrottlerStorage => new NestThrottlerStorage(cache);

describe('NestThrottlerStorage counts as the storage of @nestjs/throttler', () => {
  /** The storage of the package gives the end of a block that never was as one long past. */
  async function hit(storage: ThrottlerStorage, key: string, limit: number, block: number) {
    const { timeToBlockExpire, ...record } = await storage.increment(key, 1000, limit, block, 'default');
    return { ...record, timeToBlockExpire: record.isBlocked ? timeToBlockExpire : 0 };
  }

  it('in the process, whatever comes when', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const step = fc.record({
      key: fc.constantFrom('a', 'b'),
      pauseMs: fc.oneof(fc.constant(0), fc.nat(1500), fc.constantFrom(999, 1000, 1001, 3000)),
    });
    const steps = fc.array(step, { minLength: 1, maxLength: 40 });
    const blocks = fc.constantFrom(0, 500, 1000, 2500);
    try {
      await fc.assert(
        fc.asyncProperty(steps, fc.integer({ min: 1, max: 4 }), blocks, async (hits, limit, block) => {
          const ours = storageOf(closing(new InMemoryCache()));
          const theirs = new ThrottlerStorageService();
          for (const { key, pauseMs } of hits) {
            vi.setSystemTime(Date.now() + pauseMs);
            const expected = await hit(theirs, key, limit, block);
            expect(await hit(ours, key, limit, block)).toEqual(expected);
          }
          theirs.onApplicationShutdown();
        }),
        { numRuns: 300 },
      );
    } finally {
      vi.useRealTimers();
    }
  });

  // Pauses that end 200 ms away from the ends of windows and blocks: a machine may be slow.
  it.each([
    ['with a block shorter than the window', 400],
    ['with a block longer than the window', 1600],
    ['without a block', 0],
  ])(
    'in Redis, %s',
    async (_, block) => {
      const ours = storageOf(closing(new RedisCache({ redisUrl, keyPrefix, onError: 'throw' })));
      const theirs = new ThrottlerStorageService();
      const key = randomUUID();
      await hit(ours, 'connects', 3, block);
      const pauses = [0, 0, 600, 0, 0, 0, 200, 600, 0, 1200, 0, 0, 0, 0, 600, 1600, 0];
      const seen: string[] = [];
      for (const pause of pauses) {
        await elapse(pause);
        const expected = await hit(theirs, key, 3, block);
        const record = await hit(ours, key, 3, block);
        seen.push(record.isBlocked ? 'blocked' : 'passed');
        expect([record.totalHits, record.isBlocked]).toEqual([expected.totalHits, expected.isBlocked]);
        expect(Math.abs(record.timeToExpire - expected.timeToExpire)).toBeLessThanOrEqual(1);
        expect(Math.abs(record.timeToBlockExpire - expected.timeToBlockExpire)).toBeLessThanOrEqual(1);
      }
      expect(new Set(seen)).toEqual(new Set(['passed', 'blocked']));
      theirs.onApplicationShutdown();
    },
    20_000,
  );
});

@Controller()
class Greetings {
  @Get('hello')
  hello(): string {
    return 'hello';
  }

  @Throttle({ default: { limit: 1, ttl: seconds(60) } })
  @Get('once')
  once(): string {
    return 'once';
  }
}

describe.each(['Express', 'Fastify'])('limits of an application on %s', (adapter) => {
  /** Sends a request to an application that limits each client to 3 a minute. */
  async function limitedApp(options: CacheInfraModuleOptions) {
    @Module({
      imports: [
        CacheInfraModule.forRoot(options),
        ThrottlerModule.forRootAsync({
          inject: [Cache],
          useFactory: (cache: Cache) => ({
            throttlers: [{ ttl: seconds(60), limit: 3 }],
            storage: storageOf(cache),
          }),
        }),
      ],
      controllers: [Greetings],
      providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }],
    })
    class AppModule {}

    const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
    const server = adapter === 'Express' ? new ExpressAdapter() : new FastifyAdapter();
    const app = closing(module.createNestApplication<INestApplication<Server>>(server, { logger: false }));
    await app.init();
    if (adapter === 'Fastify') await (app as NestFastifyApplication).getHttpAdapter().getInstance().ready();
    return async (path = '/hello') => {
      const { status, headers } = await request(app.getHttpServer()).get(path);
      return { status, left: headers['x-ratelimit-remaining'], retryAfter: Number(headers['retry-after']) };
    };
  }

  it('are shared by two instances on one Redis', async () => {
    const options = { redisUrl, keyPrefix: `${keyPrefix}-${randomUUID()}` };
    const [one, other] = [await limitedApp(options), await limitedApp(options)];
    expect([await one(), await other(), await one()]).toMatchObject([
      { status: 200, left: '2' },
      { status: 200, left: '1' },
      { status: 200, left: '0' },
    ]);
    for (const get of [one, other]) {
      const refused = await get();
      expect(refused.status).toBe(429);
      expect(refused.retryAfter).toBeGreaterThan(50);
    }
    expect([(await one('/once')).status, (await other('/once')).status]).toEqual([200, 429]);
  });

  it('are those of the process without Redis', async () => {
    const get = await limitedApp({ useMemoryCache: true });
    const statuses: number[] = [];
    for (let i = 0; i < 4; i++) statuses.push((await get()).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
  });

  it('take no answer away when Redis stops', async () => {
    const server = await startRedisServer({ own: true });
    const get = await limitedApp({ redisUrl: server.url, commandTimeout: '100ms' });
    expect(await get()).toMatchObject({ status: 200, left: '2' });
    await server.stop();
    expect(await get()).toMatchObject({ status: 200, left: '2' });
  });
});
