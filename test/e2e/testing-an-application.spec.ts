import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, Module, Param, type INestApplication } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  Cache,
  Cacheable,
  CacheHealthIndicator,
  CacheInfraModule,
  CacheRegistry,
  getCacheToken,
  HttpCache,
  HttpCacheInterceptor,
  InjectCache,
  InMemoryCache,
} from 'nestjs-cache-infra';
import { CacheSpy, ManualClock } from 'nestjs-cache-infra/testing';
import request from 'supertest';
import type { App } from 'supertest/types.js';

/** Nothing listens there: a test that reaches for it has left the production cache in place. */
const production = { redisUrl: 'redis://127.0.0.1:1', keyPrefix: 'production' };
const sessions = { ...production, name: 'sessions' };

@Injectable()
class Prices {
  queries = 0;

  constructor(
    private readonly cache: Cache,
    @InjectCache('sessions') private readonly sessions: Cache,
  ) {}

  @Cacheable({ key: (id: string) => `price:${id}`, ttl: '5m' })
  async find(id: string): Promise<number> {
    this.queries += 1;
    return Promise.resolve(id.length);
  }

  @Cacheable({ cache: 'sessions', key: (id: string) => `session:${id}` })
  async session(id: string): Promise<string> {
    return Promise.resolve(id);
  }

  caches(): readonly Cache[] {
    return [this.cache, this.sessions];
  }
}

@Controller('prices')
class PricesController {
  requests = 0;

  @Get(':id')
  @HttpCache({ ttl: '1m' })
  find(@Param('id') id: string): { id: string } {
    this.requests += 1;
    return { id };
  }
}

@Injectable()
class Catalogue {
  constructor(readonly cache: Cache) {}

  @Cacheable({ key: (id: string) => id })
  async find(id: string): Promise<string> {
    return Promise.resolve(id);
  }
}

@Module({ imports: [CacheInfraModule.forFeature('catalogue')], providers: [Catalogue] })
class CatalogueModule {}

const cacheModule = CacheInfraModule.forRoot(production);
const sessionsModule = CacheInfraModule.forRoot(sessions);

@Module({
  imports: [cacheModule, sessionsModule],
  controllers: [PricesController],
  providers: [Prices, { provide: APP_INTERCEPTOR, useExisting: HttpCacheInterceptor }],
})
class AppModule {}

describe('T84: a whole application with the testing cache', () => {
  let app: INestApplication<App> | undefined;
  afterEach(() => app?.close());

  it('T84: overriding the module by its class leaves the production cache in place', async () => {
    const module = await Test.createTestingModule({ imports: [AppModule] })
      .overrideModule(CacheInfraModule)
      .useModule(CacheInfraModule.forTesting())
      .compile();
    app = module.createNestApplication<INestApplication<App>>();
    await app.init();
    await expect(app.get(CacheHealthIndicator).check()).resolves.toMatchObject({
      cache: { state: 'degraded', l2: { status: 'away' } },
    });
  });

  it('T84: overriding the modules that AppModule imports replaces them', async () => {
    const module = await Test.createTestingModule({ imports: [AppModule] })
      .overrideModule(cacheModule)
      .useModule(CacheInfraModule.forTesting({ useMemoryCache: true }))
      .overrideModule(sessionsModule)
      .useModule(CacheInfraModule.forTesting({ useMemoryCache: true, name: 'sessions' }))
      .compile();
    app = module.createNestApplication<INestApplication<App>>();
    await app.init();
    const prices = app.get(Prices);

    await prices.find('lamp');
    app.get(ManualClock).advance('4m');
    await prices.find('lamp');
    expect(prices.queries).toBe(1);
    app.get(ManualClock).advance('1m');
    await prices.find('lamp');
    expect(prices.queries).toBe(2);
    await prices.session('ann');
    expect(prices.caches()[1]?.stats()).toMatchObject({ sets: 1 });

    const health = app.get(CacheHealthIndicator);
    expect(await health.check()).toMatchObject({ cache: { state: 'up' } });
    expect((await health.check()).cache).not.toHaveProperty('l2');

    await app.close();
    await expect(prices.caches()[0]?.get('price:lamp')).rejects.toMatchObject({ code: 'CACHE_CLOSED' });
  });

  it('T84: decorated methods, the HTTP cache and health follow an override of the token; the test closes it', async () => {
    await using cache = new InMemoryCache();
    await using others = new CacheSpy();
    const module = await Test.createTestingModule({ imports: [AppModule] })
      .overrideProvider(Cache)
      .useValue(cache)
      .overrideProvider(getCacheToken('sessions'))
      .useValue(others)
      .compile();
    app = module.createNestApplication<INestApplication<App>>();
    // One port for all requests of a test: supertest would take another port for each, and the URL contains the port.
    await app.listen(0, '127.0.0.1');

    await app.get(Prices).find('lamp');
    expect(await cache.get('price:lamp')).toBe(4);
    await app.get(Prices).session('ann');
    expect(others.calls.map(({ operation }) => operation)).toEqual(['getOrSet']);

    const sets = cache.stats().sets;
    await request(app.getHttpServer()).get('/prices/1').expect(200);
    await request(app.getHttpServer()).get('/prices/1').expect('Cache-Status', /hit/);
    expect(app.get(PricesController).requests).toBe(1);
    expect(cache.stats().sets).toBeGreaterThan(sets);

    const { cache: health } = await app.get(CacheHealthIndicator).check();
    expect(health).toMatchObject({ state: 'up' });
    expect(health).not.toHaveProperty('l2');
    await app.close();
    expect(await cache.get('price:lamp')).toBe(4);
  });

  it('T84: overriding the token replaces the namespace that a feature injects, not that of its decorators', async () => {
    await using cache = new InMemoryCache();
    const module = await Test.createTestingModule({ imports: [cacheModule, CatalogueModule] })
      .overrideProvider(Cache)
      .useValue(cache)
      .compile();
    app = module.createNestApplication<INestApplication<App>>();
    await app.init();
    const catalogue = app.get(Catalogue);

    await catalogue.find('lamp');
    expect(await cache.namespace('catalogue').get('lamp')).toBe('lamp');
    expect(catalogue.cache).toBe(cache);
  });

  it('T84: an override of the module keeps both', async () => {
    const module = await Test.createTestingModule({ imports: [cacheModule, CatalogueModule] })
      .overrideModule(cacheModule)
      .useModule(CacheInfraModule.forTesting({ useMemoryCache: true }))
      .compile();
    app = module.createNestApplication<INestApplication<App>>();
    await app.init();
    const catalogue = app.get(Catalogue);

    await catalogue.find('lamp');
    expect(await catalogue.cache.get('lamp')).toBe('lamp');
    expect(await app.get(CacheRegistry).cacheOf('default')?.get('lamp')).toBeUndefined();
  });
});
