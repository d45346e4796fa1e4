import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Req, Res } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import {
  Cache,
  CacheMonitoringInterceptor,
  CachePerformanceMonitor,
  HttpCache,
  HttpCacheInterceptor,
} from 'nestjs-cache-infra';

import { deferred } from '../support/deferred.js';
import { ownRedisServer } from '../support/redis.js';
import { until } from '../support/until.js';
import {
  appsOfTest,
  handling,
  matrix,
  Origin,
  type AppRequest,
  type BootOptions,
  type Reply,
  type TestApp,
} from '../support/http-cache-app.js';

const bootApp = appsOfTest();

@Controller()
class PagesController {
  constructor(private readonly origin: Origin) {}

  @Get('shared/:id')
  @HttpCache({ ttl: '1m', shared: true, staleWhileRevalidate: '1m' })
  shared(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Get('own/:id')
  @HttpCache({ ttl: '1m' })
  own(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }
}

describe.each(matrix)('T49: the hit ratio of an HTTP cache, on %s with %s', (adapter, tier) => {
  function boot(options: Partial<BootOptions> = {}): Promise<TestApp> {
    return bootApp({ adapter, tier, controllers: [PagesController], ...options });
  }

  /** Hits and misses. */
  const counts = ({ app }: TestApp) => {
    const { hits, misses } = app.get(Cache).stats();
    return [hits, misses];
  };

  it.each(['shared', 'own'])('counts each request once: %s', async (route) => {
    const app = await boot();
    for (let round = 0; round < 2; round++) {
      for (let id = 0; id < 20; id++) await app.fetch(`/${route}/${String(id)}`);
    }

    const { hits, misses, hitRatio, l1, l2 } = app.app.get(Cache).stats();
    expect({ hits, misses, hitRatio }).toEqual({ hits: 20, misses: 20, hitRatio: 0.5 });
    expect(l1.hits + l2.hits).toBe(20);
    if (tier === 'memory') expect(l1.misses).toBe(20);
  });

  it.each([
    ['a request that varies otherwise', [{ 'accept-language': 'de' }, { 'accept-language': 'fr' }], [0, 2]],
    ['a reload', [{}, { 'cache-control': 'no-cache' }], [0, 2]],
    ['no-store, which asks no cache', [{}, { 'cache-control': 'no-store' }], [0, 1]],
    ['a range, which asks no cache', [{}, { range: 'bytes=0-1' }], [0, 1]],
    ['only-if-cached', [{ 'cache-control': 'only-if-cached' }], [0, 1]],
  ])('%s', async (_what, requests, expected) => {
    const app = await boot();
    app.origin.script = (_request, reply) => {
      reply.header('Vary', 'Accept-Language');
      return 'x';
    };
    for (const headers of requests) await app.fetch('/own/1', headers);
    expect(counts(app)).toEqual(expected);
  });

  it('a stale answer that is made anew in the background is one hit, and the run is none', async () => {
    const app = await boot();
    await app.fetch('/shared/1');
    app.clock.advance(61_000);
    await app.fetch('/shared/1');
    await until(() => app.origin.requests.length === 2, 'the run in the background');
    expect(counts(app)).toEqual([1, 1]);
  });

  it('those who wait for one run are misses, each of them one, also where the answer is not for them', async () => {
    const app = await boot();
    const gate = deferred();
    app.origin.script = async (_request, reply) => {
      await gate.promise;
      reply.header('Vary', 'Accept-Language');
      return 'x';
    };
    const asked = ['de', 'de', 'fr'].map((it) => app.fetch('/own/1', { 'accept-language': it }));
    await until(() => app.app.get(Cache).stats().coalesced === 2, 'those who wait');
    gate.resolve();
    await Promise.all(asked);
    expect(counts(app)).toEqual([0, 3]);
  });

  it('listeners hear of each request once', async () => {
    const app = await boot();
    const heard: string[] = [];
    app.app.get(Cache).on('hit', ({ tier: from }) => heard.push(`hit ${from}`));
    app.app.get(Cache).on('miss', () => heard.push('miss'));
    await app.fetch('/own/1');
    await app.fetch('/own/1');
    expect(heard).toEqual(['miss', 'hit l1']);
  });

  it('stands by route in the monitor', async () => {
    const app = await boot();
    for (const path of ['/shared/1', '/shared/1', '/shared/1', '/own/1']) await app.fetch(path);
    expect(app.app.get(CachePerformanceMonitor).getPerformanceStats().byHttpRoute).toEqual([
      { route: 'GET /shared/:id', requests: 3, hits: 2, misses: 1, hitRatio: 2 / 3 },
      { route: 'GET /own/:id', requests: 1, hits: 0, misses: 1, hitRatio: 0 },
    ]);
  });

  it('stands in Cache-Status, where a request is watched', async () => {
    const app = await boot({
      bound: false,
      more: [
        { provide: APP_INTERCEPTOR, useExisting: CacheMonitoringInterceptor },
        { provide: APP_INTERCEPTOR, useExisting: HttpCacheInterceptor },
      ],
    });
    expect(handling(await app.fetch('/own/1'))).toContain('fwd=miss; stored; detail="hits=0,misses=1"');
    expect(handling(await app.fetch('/own/1'))).toContain('nestjs-cache-infra; hit; detail=l1');
  });
});

describe('T49: a hit of an HTTP cache whose responses are in Redis', () => {
  it('is a hit of Redis', async () => {
    await using redis = await ownRedisServer();
    const app = await bootApp({
      adapter: 'Express',
      tier: 'memory',
      controllers: [PagesController],
      cache: { redisUrl: redis.url, enableL1Cache: false },
    });
    await app.fetch('/own/1');
    await app.fetch('/own/1');
    const { hits, misses, l1, l2 } = app.app.get(Cache).stats();
    expect([hits, misses, l1.hits, l1.misses, l2.hits]).toEqual([1, 1, 0, 0, 1]);
    await app.close();
  });
});
