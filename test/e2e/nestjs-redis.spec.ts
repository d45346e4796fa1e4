import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, Module, type INestApplication } from '@nestjs/common';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { Redis } from 'ioredis';
import {
  Cache,
  Cacheable,
  CacheHealthIndicator,
  CacheInfraModule,
  InfrastructureError,
} from 'nestjs-cache-infra';
import { makeMemoryCache, startRedisServer, type RedisServer } from 'nestjs-cache-infra/testing';
import request from 'supertest';

import { until } from '../support/until.js';

@Injectable()
class Catalogue {
  calls = 0;
  @Cacheable({ key: 'all' })
  async all(): Promise<number> {
    this.calls += 1;
    return Promise.resolve(this.calls);
  }
}

@Controller()
class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly cache: CacheHealthIndicator,
    private readonly catalogue: Catalogue,
  ) {}

  @Get('health')
  @HealthCheck()
  check(): Promise<object> {
    return this.health.check([() => this.cache.check()]);
  }

  @Get('health/strict')
  @HealthCheck()
  strict(): Promise<object> {
    return this.health.check([() => this.cache.check('cache', { degradedAs: 'down' })]);
  }

  @Get('all')
  all(): Promise<number> {
    return this.catalogue.all();
  }
}

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedisServer({ own: true });
});
afterAll(() => redis.stop());
beforeEach(() => redis.start());

const apps: INestApplication[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});

async function boot(options: object, adapter: 'Express' | 'Fastify' = 'Express'): Promise<INestApplication> {
  const module = await Test.createTestingModule({
    imports: [CacheInfraModule.forRoot(options), TerminusModule.forRoot({ logger: false })],
    controllers: [HealthController],
    providers: [Catalogue],
  }).compile();
  const app =
    adapter === 'Express'
      ? module.createNestApplication(new ExpressAdapter())
      : module.createNestApplication(new FastifyAdapter());
  apps.push(app);
  await app.init();
  if (adapter === 'Fastify')
    await (app.getHttpAdapter().getInstance() as { ready(): Promise<unknown> }).ready();
  return app;
}

const http = (app: INestApplication) => request(app.getHttpServer() as Parameters<typeof request>[0]);

/** Clients of this library that Redis sees. */
async function connections(url: string): Promise<number> {
  const client = new Redis(url, { disconnectTimeout: 20 });
  try {
    return String(await client.client('LIST')).split('name=nestjs-cache-infra').length - 1;
  } finally {
    await client.quit();
  }
}

describe.each(['Express', 'Fastify'] as const)('health on %s', (adapter) => {
  it('is up while Redis answers, degraded while it is unavailable, and up again by itself', async () => {
    const app = await boot({ redisUrl: redis.url }, adapter);
    const up = await http(app).get('/health').expect(200);
    expect(up.body).toMatchObject({
      status: 'ok',
      details: {
        cache: {
          status: 'up',
          state: 'up',
          latencyMs: expect.any(Number),
          l1: { size: 0, maxSize: 100 },
          l2: { status: 'ready', latencyMs: expect.any(Number) },
        },
      },
    });

    await redis.stop();
    const degraded = await http(app).get('/health').expect(200);
    expect(degraded.body).toMatchObject({
      status: 'degraded',
      details: { cache: { status: 'degraded', state: 'degraded', l2: { lastError: expect.any(String) } } },
    });
    await http(app).get('/health/strict').expect(503);

    await redis.start();
    await until(async () => (await http(app).get('/health/strict')).status === 200, 'Redis to be used again');
  });

  it('is down without any available tier', async () => {
    const app = await boot({ redisUrl: redis.url, enableL1Cache: false }, adapter);
    await http(app).get('/health').expect(200);
    await redis.stop();
    const down = await http(app).get('/health').expect(503);
    expect(down.body).toMatchObject({ status: 'error', error: { cache: { status: 'down', state: 'down' } } });
  });

  it('is up in memory', async () => {
    const app = await boot({}, adapter);
    const { body } = await http(app).get('/health').expect(200);
    expect(body).toMatchObject({ details: { cache: { status: 'up', l1: { maxSize: 10_000 } } } });
    expect(JSON.stringify(body)).not.toContain('l2');
  });
});

describe('health', () => {
  it('shows no credentials', async () => {
    const app = await boot({ redisUrl: 'redis://user:hunter2@127.0.0.1:1' });
    const { text } = await http(app).get('/health').expect(200);
    expect(text).toContain('degraded');
    expect(text).not.toMatch(/hunter2|user/);
  });

  it('probes a cache of another implementation, and does not repeat its error', async () => {
    const mine = makeMemoryCache();
    Object.defineProperty(mine, 'health', { value: undefined });
    const module = await Test.createTestingModule({ imports: [CacheInfraModule.forRoot()] })
      .overrideProvider(Cache)
      .useValue(mine)
      .compile();
    const indicator = module.get(CacheHealthIndicator);
    await expect(indicator.check('mine')).resolves.toMatchObject({ mine: { status: 'up' } });
    mine.get = () => Promise.reject(new Error('password is hunter2'));
    await expect(indicator.check()).resolves.toMatchObject({
      cache: { status: 'down', message: 'The cache does not answer' },
    });
    await expect(indicator.check('x', 'absent')).rejects.toThrow("the cache 'absent'");
    await module.close();
  });
});

describe('guarantee 3: Redis unavailable at boot', () => {
  it('answers within a second, and uses Redis once it is available, without a restart', async () => {
    await redis.stop();
    const began = performance.now();
    const app = await boot({ redisUrl: redis.url });
    await http(app).get('/all').expect(200, '1');
    expect(performance.now() - began).toBeLessThan(1000);

    await redis.start();
    await until(async () => (await http(app).get('/health/strict')).status === 200, 'Redis to be used');
    await app.get(Cache).set('later', 'shared');
    const second = await boot({ redisUrl: redis.url });
    await expect(second.get(Cache).get('later')).resolves.toBe('shared');
  });

  it('boots within the connect time-out if Redis hangs', async () => {
    await redis.pause();
    try {
      const began = performance.now();
      const app = await boot({ redisUrl: redis.url });
      await http(app).get('/all').expect(200, '1');
      expect(performance.now() - began).toBeLessThan(1500);
    } finally {
      await redis.resume();
    }
  });

  it('failOnConnectionError: fails to boot, within the connect time-out', async () => {
    await redis.stop();
    await expect(boot({ redisUrl: redis.url, failOnConnectionError: true })).rejects.toThrow(
      InfrastructureError,
    );
  });
});

describe('shutdown (guarantee 10)', () => {
  it('app.close() closes the connection, without shutdown hooks (pitfall liaoliaots/nestjs-redis #340)', async () => {
    const app = await boot({ redisUrl: redis.url });
    await expect(connections(redis.url)).resolves.toBeGreaterThan(0);
    await app.close();
    await until(async () => (await connections(redis.url)) === 0, 'the connection to close');
  });

  it('an application that fails to compile has connected nothing (pitfall nest #8020)', async () => {
    const failing = Test.createTestingModule({
      imports: [CacheInfraModule.forRoot({ redisUrl: redis.url })],
      providers: [
        {
          provide: 'late',
          inject: [Cache],
          useFactory: () => Promise.reject(new Error('a later provider failed')),
        },
      ],
    }).compile();
    await expect(failing).rejects.toThrow('a later provider failed');
    await expect(connections(redis.url)).resolves.toBe(0);
  });

  it('a cache that fails to connect closes the others', async () => {
    const module = await Test.createTestingModule({
      imports: [
        CacheInfraModule.forRoot({ redisUrl: redis.url }),
        CacheInfraModule.forRoot({
          name: 'dead',
          redisUrl: 'redis://127.0.0.1:1',
          failOnConnectionError: true,
        }),
      ],
    }).compile();
    await expect(module.init()).rejects.toThrow(InfrastructureError);
    await until(async () => (await connections(redis.url)) === 0, 'the connection to close');
    await module.close();
  });

  it('requests and other modules may use the cache until the application has closed', async () => {
    const seen: unknown[] = [];
    @Injectable()
    class Last {
      constructor(private readonly cache: Cache) {}
      async onModuleDestroy(): Promise<void> {
        await this.cache.set('last', 1);
      }
      async onApplicationShutdown(): Promise<void> {
        seen.push(await this.cache.get('last'));
      }
    }
    @Module({ providers: [Last] })
    class LastModule {}
    const module = await Test.createTestingModule({
      imports: [LastModule, CacheInfraModule.forRoot({ redisUrl: redis.url })],
    }).compile();
    await module.init();
    await module.close();
    expect(seen).toEqual([1]);
  });
});

describe('optional peers', () => {
  it('the library loads without @nestjs/terminus: no file of it names the package', async () => {
    const run = promisify(execFile);
    const sources = ['--exclude=*.spec.ts', 'libs/cache-infra/src'];
    const found = run('grep', ['-rlE', "from '@nestjs/terminus'", ...sources]);
    await expect(found).rejects.toMatchObject({ code: 1 });
  });
});

describe('two applications in one process (issue: shown by 5)', () => {
  it('share entries in Redis under one prefix, and nothing in memory', async () => {
    const [first, second] = await Promise.all([boot({ keyPrefix: 'one' }), boot({ keyPrefix: 'two' })]);
    await http(first).get('/all').expect(200, '1');
    await http(first).get('/all').expect(200, '1');
    await http(second).get('/all').expect(200, '1');
    expect([first.get(Catalogue).calls, second.get(Catalogue).calls]).toEqual([1, 1]);
    expect(first.get(Cache)).not.toBe(second.get(Cache));
  });

  it('do not see each other on one Redis with different prefixes', async () => {
    const [first, second] = await Promise.all([
      boot({ redisUrl: redis.url, keyPrefix: 'one' }),
      boot({ redisUrl: redis.url, keyPrefix: 'two' }),
    ]);
    await first.get(Cache).set('a', 1);
    await expect(second.get(Cache).get('a')).resolves.toBeUndefined();
  });

  it('a service made with new runs uncached beside them', async () => {
    await boot({});
    const service = new Catalogue();
    await service.all();
    await service.all();
    expect(service.calls).toBe(2);
  });
});
