import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, Inject, Injectable, Logger, Module, type Type } from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import { Test, type TestingModule, type TestingModuleBuilder } from '@nestjs/testing';
import {
  AiCacheService,
  Cache,
  Cacheable,
  CacheHealthIndicator,
  CacheInfraModule,
  CacheRegistry,
  CacheService,
  getCacheToken,
  getWholeCacheToken,
  InjectAiCache,
  InjectCache,
  InjectWholeCache,
  InMemoryCache,
} from 'nestjs-cache-infra';

import { cleanEnvironment } from 'nestjs-cache-infra/testing';

const modules: TestingModule[] = [];
afterEach(async () => {
  for (const module of modules.splice(0)) await module.close();
});

type Metadata = Parameters<typeof Test.createTestingModule>[0];

async function start(
  metadata: Metadata,
  change: (builder: TestingModuleBuilder) => unknown = () => undefined,
): Promise<TestingModule> {
  const builder = Test.createTestingModule(metadata);
  change(builder);
  const module = await builder.compile();
  modules.push(module);
  return module.init();
}

@Injectable()
class Products {
  runs = 0;
  constructor(readonly cache: Cache) {}

  @Cacheable({ key: (id: string) => `product:${id}` })
  async find(id: string): Promise<string> {
    this.runs += 1;
    return Promise.resolve(`${id} ${String(this.runs)}`);
  }
}

describe('at its start, an application logs', () => {
  /** The lines of the library's logger. */
  async function linesOf(module: ReturnType<typeof CacheInfraModule.forRoot>): Promise<string[]> {
    const log = jest.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
    try {
      await start({ imports: [module] });
      return log.mock.calls.map(([line]) => String(line)).filter((line) => line.startsWith('Cache '));
    } finally {
      log.mockRestore();
    }
  }

  it('where each cache has its entries', async () => {
    const url = process.env['TEST_REDIS_URL'] ?? '';
    const { host } = new URL(url);
    const caches = { local: { useMemoryCache: true, redisUrl: undefined }, off: { enabled: false } };
    expect(await linesOf(CacheInfraModule.forRoot({ redisUrl: url, keyPrefix: 'shop', caches }))).toEqual([
      `Cache 'default': in Redis (${host}), prefix 'shop'`,
      "Cache 'local': in memory",
      "Cache 'off': disabled",
    ]);
  });

  it('that no Redis is named', async () => {
    expect(await linesOf(CacheInfraModule.forRoot())).toEqual([
      "Cache 'default': in the memory of this process; redisUrl, redis or REDIS_URL would share it",
    ]);
  });
});

describe('forTesting()', () => {
  it.each<[string, object, string]>([
    ['REDIS_URL alone', {}, 'memory'],
    ['REDIS_URL and REDIS_TEST_DB', { REDIS_TEST_DB: '9' }, 'redis'],
  ])('beside %s lives in the right place', async (_, variables, kind) => {
    using _environment = cleanEnvironment({ REDIS_URL: process.env['TEST_REDIS_URL'], ...variables });
    const module = await start({ imports: [CacheInfraModule.forTesting()] });
    expect(module.get(Cache) instanceof InMemoryCache ? 'memory' : 'redis').toBe(kind);
  });
});

describe('several caches in one call', () => {
  const options = {
    defaultTtl: 100,
    keyPrefix: 'shop',
    caches: { sessions: { defaultTtl: 900, l1CacheSize: 7 }, products: {}, own: { keyPrefix: 'mine' } },
  };

  it('each has the options beside `caches`, and its own over them', async () => {
    @Injectable()
    class Service {
      constructor(
        readonly cache: Cache,
        @InjectCache('sessions') readonly sessions: Cache,
        @InjectCache('products') readonly products: Cache,
      ) {}
    }
    const module = await start({ imports: [CacheInfraModule.forRoot(options)], providers: [Service] });
    const { cache, sessions, products } = module.get(Service);
    expect([cache, sessions, products].map((it) => [it.name, it.defaultTtl, it.maxSize])).toEqual([
      ['default', 100, 10_000],
      ['sessions', 900, 7],
      ['products', 100, 10_000],
    ]);
    const registry = module.get(CacheRegistry);
    expect(registry.names()).toEqual(['default', 'sessions', 'products', 'own']);
    expect(registry.names().map((name) => registry.optionsOf(name)?.keyPrefix)).toEqual([
      'shop',
      'shop.sessions',
      'shop.products',
      'mine',
    ]);
  });

  it('share no keys in Redis, and are closed with the application', async () => {
    const redisUrl = process.env['TEST_REDIS_URL'];
    const module = await start({
      imports: [CacheInfraModule.forRoot({ ...options, redisUrl, keyPrefix: 'several' })],
    });
    const sessions = module.get<Cache>(getCacheToken('sessions'));
    await sessions.set('a', 1);
    await expect(module.get(Cache).has('a')).resolves.toBe(false);
    await module.get(Cache).clear();
    await expect(sessions.get('a')).resolves.toBe(1);
    await sessions.clear();
    await module.close();
    await expect(sessions.get('a')).rejects.toThrow("Cache 'sessions' is closed");
  });

  it('forRootAsync: names beside the factory, options from it', async () => {
    const module = await start({
      imports: [
        CacheInfraModule.forRootAsync({
          caches: ['sessions', 'plain'],
          useFactory: () => ({ defaultTtl: 10, caches: { sessions: { defaultTtl: 20 } } }),
        }),
      ],
    });
    const ttls = ['default', 'sessions', 'plain'].map(
      (name) => module.get<Cache>(getCacheToken(name)).defaultTtl,
    );
    expect(ttls).toEqual([10, 20, 10]);
  });

  it.each([
    [
      'a name that stands in the factory only',
      () => CacheInfraModule.forRootAsync({ useFactory: () => ({ caches: { sessions: {} } }) }),
      "caches: ['sessions'] must also be listed next to useFactory",
    ],
    [
      'options beside the factory',
      () => CacheInfraModule.forRootAsync({ caches: { sessions: {} } as never, useFactory: () => ({}) }),
      "caches next to useFactory must be a list of names: caches: ['sessions']",
    ],
    [
      'no dictionary',
      () => CacheInfraModule.forRoot({ caches: ['sessions'] as never }),
      'caches must be a dictionary',
    ],
    [
      'the name of the first',
      () => CacheInfraModule.forRoot({ caches: { default: {} } }),
      "name 'default' is used by two caches",
    ],
    [
      'a wrong option',
      () => CacheInfraModule.forRoot({ caches: { sessions: { defaultTtl: -1, maxsize: 1 } as never } }),
      /^CacheInfraModule \(cache 'sessions'\): maxsize is not a known option.*defaultTtl must be non-negative/,
    ],
  ])('refuses %s, by name', async (_, make, words) => {
    await expect(async () => start({ imports: [make()] })).rejects.toThrow(words);
  });
});

describe('CacheInfraModule.forFeature', () => {
  @Module({ imports: [CacheInfraModule.forFeature('catalogue')], providers: [Products], exports: [Products] })
  class CatalogueModule {}

  @Injectable()
  class Outside {
    constructor(readonly cache: Cache) {}
    @Cacheable({ key: (id: string) => `product:${id}` })
    async find(id: string): Promise<string> {
      return Promise.resolve(`outside ${id}`);
    }
  }
  @Module({ providers: [Outside] })
  class OutsideModule {}

  const imports = [OutsideModule, CatalogueModule, CacheInfraModule.forRoot()];

  it('injects a namespace of the cache, in that module alone', async () => {
    const module = await start({ imports });
    const { cache } = module.get(Products);
    await cache.set('a', 1);
    const whole = module.get(Outside).cache;
    await expect(whole.has('a')).resolves.toBe(false);
    await expect(whole.namespace('catalogue').get('a')).resolves.toBe(1);
    await cache.clear();
    await expect(cache.has('a')).resolves.toBe(false);
  });

  it('decorated methods keep their entries in the namespace of the injected cache', async () => {
    const module = await start({ imports });
    await expect(module.get(Outside).find('1')).resolves.toBe('outside 1');
    await expect(module.get(Products).find('1')).resolves.toBe('1 1');
    await expect(module.get(Products).cache.get('product:1')).resolves.toBe('1 1');
    await module.get(Products).cache.delete('product:1');
    await expect(module.get(Products).find('1')).resolves.toBe('1 2');
    await expect(module.get(Outside).find('1')).resolves.toBe('outside 1');
  });

  it('applies to objects from a factory, and to two classes of one name in two modules', async () => {
    const declare = (namespace: string) => {
      @Injectable()
      class Same {
        @Cacheable()
        async find(): Promise<string> {
          return Promise.resolve(namespace);
        }
      }
      @Module({
        imports: [CacheInfraModule.forFeature(namespace)],
        providers: [{ provide: `made ${namespace}`, useFactory: () => new Same() }],
      })
      class FeatureModule {}
      return FeatureModule;
    };
    const module = await start({ imports: [CacheInfraModule.forRoot(), declare('a'), declare('b')] });
    for (const namespace of ['a', 'b']) {
      const made = module.get<{ find(): Promise<string> }>(`made ${namespace}`, { strict: false });
      await expect(made.find()).resolves.toBe(namespace);
      await expect(made.find()).resolves.toBe(namespace);
    }
  });

  it('T74: CacheRegistry.get() returns the whole cache, whichever namespaces modules have', async () => {
    const module = await start({ imports: [...imports, CacheInfraModule.forRoot({ name: 'sessions' })] });
    const { cache } = module.get(Products);
    await cache.set('1', 'lamp');
    const registry = module.get(CacheRegistry);
    expect([await registry.get().has('1'), await registry.get().namespace('catalogue').has('1')]).toEqual([
      false,
      true,
    ]);
    expect(registry.get('sessions').name).toBe('sessions');
    expect(() => registry.get('orders')).toThrow(
      "CacheRegistry: no cache 'orders' exists; registered: 'default', 'sessions'",
    );
  });

  it('CacheService is the same class: it injects, decorates and overrides as Cache does', async () => {
    @Injectable()
    class Aliased {
      constructor(
        readonly cache: CacheService,
        @Inject(CacheService) readonly byToken: Cache,
      ) {}
    }
    const replacement = new InMemoryCache();
    const module = await start(
      { imports: [CacheInfraModule.forRoot()], providers: [Aliased, Products] },
      (builder) => builder.overrideProvider(CacheService).useValue(replacement),
    );
    const { cache, byToken } = module.get(Aliased);
    expect(cache).toBe(replacement);
    expect([byToken, module.get(CacheService), module.get(Products).cache]).toEqual([cache, cache, cache]);
    expect(cache).toBeInstanceOf(CacheService);
    await replacement.close();
  });

  it('the token of the whole cache gives it, to an application and to a class', async () => {
    @Injectable()
    class Admin {
      constructor(
        @InjectWholeCache() readonly cache: Cache,
        @InjectWholeCache('sessions') readonly sessions: Cache,
        @InjectCache() readonly namespace: Cache,
      ) {}
    }
    @Module({ imports: [CacheInfraModule.forFeature('admin')], providers: [Admin] })
    class AdminModule {}
    const module = await start({
      imports: [CacheInfraModule.forRoot({ caches: { sessions: {} } }), AdminModule],
    });
    const { cache, sessions, namespace } = module.get(Admin);
    expect(cache).toBe(module.get(CacheRegistry).get());
    expect(module.get(getWholeCacheToken(), { strict: false })).toBe(cache);
    expect(sessions).toBe(module.get(getCacheToken('sessions')));
    expect(namespace).not.toBe(cache);
    await namespace.set('a', 1);
    await cache.clear();
    expect(await namespace.get('a')).toBeUndefined();
  });

  it('T74: CacheRegistry.get() returns the cache with which a test replaces the default one', async () => {
    const mine = new InMemoryCache({ name: 'mine' });
    const module = await start({ imports }, (builder) => builder.overrideProvider(Cache).useValue(mine));
    expect(module.get(CacheRegistry).get()).toBe(mine);
  });

  it('gives a namespace of a named cache', async () => {
    @Injectable()
    class Sessions {
      constructor(
        @InjectCache('sessions') readonly sessions: Cache,
        readonly cache: Cache,
      ) {}
    }
    @Module({
      imports: [CacheInfraModule.forFeature('users', { cache: 'sessions' })],
      providers: [Sessions],
    })
    class UsersModule {}
    const module = await start({
      imports: [UsersModule, CacheInfraModule.forRoot({ caches: { sessions: {} } })],
    });
    const { sessions, cache } = module.get(Sessions);
    await sessions.set('a', 1);
    const whole = module.get(CacheRegistry).cacheOf('sessions');
    await expect(whole?.namespace('users').get('a')).resolves.toBe(1);
    await expect(cache.namespace('users').has('a')).resolves.toBe(false);
  });

  it('for a missing cache fails at boot, and names the call', async () => {
    const wrong = CacheInfraModule.forFeature('users', { cache: 'sessions' });
    await expect(start({ imports: [CacheInfraModule.forRoot(), wrong] })).rejects.toThrow(
      "CacheInfraModule: forFeature('users') uses the cache 'sessions', which no CacheInfraModule creates",
    );
    expect(() => CacheInfraModule.forFeature('')).toThrow('namespace cannot be empty');
  });

  it('twice in one module fails at boot, and names the module', async () => {
    @Module({ imports: [CacheInfraModule.forFeature('a'), CacheInfraModule.forFeature('b')] })
    class TwiceModule {}
    await expect(start({ imports: [CacheInfraModule.forRoot(), TwiceModule] })).rejects.toThrow(
      "TwiceModule imports forFeature('a') and forFeature('b'): a module has one namespace",
    );
  });

  it('the health indicator checks the whole cache', async () => {
    const module = await start({ imports });
    await expect(module.get(CacheHealthIndicator).check()).resolves.toMatchObject({
      cache: { status: 'up' },
    });
  });
});

describe('T75: forRoot() and forAi() in one application', () => {
  @Injectable()
  class Answers {
    constructor(
      readonly cache: Cache,
      readonly ai: AiCacheService,
    ) {}
  }
  @Injectable()
  class ByName {
    constructor(
      @InjectCache('ai') readonly cache: Cache,
      @InjectAiCache('ai') readonly ai: AiCacheService,
    ) {}
  }
  const ask = async ({ ai, cache }: Answers): Promise<(string | number)[]> => {
    const { cacheStatus } = await ai.run('ask', { prompt: 'x' }, async () => Promise.resolve({ value: 1 }));
    return [cache.name, cache.stats().loads, cacheStatus.split(';')[0] ?? ''];
  };

  it.each([
    ['forRoot() first', () => [CacheInfraModule.forRoot(), CacheInfraModule.forAi()]],
    ['forAi() first', () => [CacheInfraModule.forAi(), CacheInfraModule.forRoot()]],
    [
      'both async',
      () => [
        CacheInfraModule.forAiAsync({ useFactory: () => ({}) }),
        CacheInfraModule.forRootAsync({ useFactory: async () => Promise.resolve({}) }),
      ],
    ],
    ['a name', () => [CacheInfraModule.forRoot(), CacheInfraModule.forAi({ name: 'ai' })]],
  ])('%s: each has a cache of its own, and both are injected by their classes', async (_, imports) => {
    const module = await start({ imports: imports(), providers: [Answers] });
    expect(await ask(module.get(Answers))).toEqual(['default', 0, 'ai']);
    expect([...module.get(CacheRegistry).names()].sort()).toEqual(['ai', 'default']);
  });

  it.each([
    ['forRoot() first', () => [CacheInfraModule.forRoot(), CacheInfraModule.forAi()]],
    ['forAi() first', () => [CacheInfraModule.forAi(), CacheInfraModule.forRoot()]],
    [
      'async',
      () => [
        CacheInfraModule.forAiAsync({ useFactory: () => ({}) }),
        CacheInfraModule.forRootAsync({ useFactory: async () => Promise.resolve({}) }),
      ],
    ],
  ])("%s: 'ai' is injected by its name, too", async (_, imports) => {
    const module = await start({ imports: imports(), providers: [Answers, ByName] });
    const { cache, ai } = module.get(ByName);
    expect(cache.name).toBe('ai');
    expect(module.get(CacheRegistry).get('ai')).toBe(cache);
    expect(ai).toBe(module.get(Answers).ai);
    expect(cache.stats().loads).toBe(0);
    await ask(module.get(Answers));
    expect(cache.stats().loads).toBe(1);
  });

  it("a name 'ai' of another module is not taken from it", async () => {
    const imports = [
      CacheInfraModule.forRoot({ name: 'main', caches: { ai: { defaultTtl: 5 } } }),
      CacheInfraModule.forAi(),
    ];
    const module = await start({ imports, providers: [Answers, ByName] });
    expect(module.get(ByName).cache).toMatchObject({ name: 'ai', defaultTtl: 5 });
    expect(module.get(Answers).cache.name).toBe('default');
  });

  it("nor is the service of a forAi({ name: 'ai' })", async () => {
    const imports = [CacheInfraModule.forAi(), CacheInfraModule.forAi({ name: 'ai' })];
    const module = await start({ imports, providers: [Answers, ByName] });
    const { cache, ai } = module.get(ByName);
    expect(cache.name).toBe('ai');
    expect(ai).not.toBe(module.get(Answers).ai);
    const { cacheStatus } = await ai.run('ask', { prompt: 'x' }, async () => Promise.resolve({ value: 1 }));
    expect(cacheStatus).toMatch(/^ai;/);
  });

  it('forAi() alone has the default cache', async () => {
    const module = await start({ imports: [CacheInfraModule.forAi()], providers: [Answers] });
    expect(await ask(module.get(Answers))).toEqual(['default', 1, 'default']);
  });

  it('AiCacheService is the service of the forAi() without a name, next to a named one', async () => {
    const imports = [CacheInfraModule.forAi({ name: 'other' }), CacheInfraModule.forAi()];
    const module = await start({ imports, providers: [Answers] });
    expect((await ask(module.get(Answers)))[2]).toBe('default');
  });

  it('two named ones: AiCacheService is ambiguous, which fails at boot with the decorator to use', async () => {
    const imports = ['chat', 'search'].map((name) => CacheInfraModule.forAi({ name }));
    @Injectable()
    class ByClass {
      constructor(readonly ai: AiCacheService) {}
    }
    @Injectable()
    class ByName {
      constructor(@InjectAiCache('search') readonly ai: AiCacheService) {}
    }
    await expect(start({ imports, providers: [ByClass] })).rejects.toThrow(
      "CacheInfraModule: ByClass injects AiCacheService, but the application has 2 ('chat' and 'search'): name one with @InjectAiCache('chat')",
    );
    await expect(start({ imports, providers: [ByName] })).resolves.toBeDefined();
  });

  it('two of one name: the error names everything to change', async () => {
    const imports = [CacheInfraModule.forRoot(), CacheInfraModule.forRoot()];
    await expect(start({ imports })).rejects.toThrow(
      /'default' is used by two caches.*its own name.*@InjectCache\(name\).*@InjectAiCache\(name\)/,
    );
  });
});

describe('overrideProvider', () => {
  it('replaces the default cache for injection, decorators and features', async () => {
    @Module({ imports: [CacheInfraModule.forFeature('catalogue')], providers: [Products] })
    class CatalogueModule {}
    const mine = new InMemoryCache({ name: 'mine' });
    const module = await start({ imports: [CacheInfraModule.forRoot(), CatalogueModule] }, (builder) =>
      builder.overrideProvider(Cache).useValue(mine),
    );
    const products = module.get(Products);
    await products.find('1');
    expect(products.cache).toBe(mine);
    expect(mine.stats().loads).toBe(1);
    await mine.close();
  });

  it('replaces a named cache', async () => {
    const mine = new InMemoryCache({ name: 'mine' });
    @Injectable()
    class Sessions {
      @Cacheable({ cache: 'sessions', key: 'one' })
      async one(): Promise<number> {
        return Promise.resolve(1);
      }
    }
    const module = await start(
      { imports: [CacheInfraModule.forRoot({ caches: { sessions: {} } })], providers: [Sessions] },
      (builder) => builder.overrideProvider(getCacheToken('sessions')).useValue(mine),
    );
    await module.get(Sessions).one();
    await expect(mine.get('one')).resolves.toBe(1);
    await mine.close();
  });
});

describe('lazy-loaded modules', () => {
  it('use the caches of the application', async () => {
    @Module({ providers: [Products], exports: [Products] })
    class LazyModule {}
    const app = await start({ imports: [CacheInfraModule.forRoot()] });
    const lazy = await app.get(LazyModuleLoader).load(() => LazyModule);
    const products = lazy.get(Products);
    await products.find('1');
    await products.find('1');
    expect(products.runs).toBe(1);
    expect(products.cache).toBe(app.get(Cache));
  });

  it('have namespaces of their own', async () => {
    @Module({ imports: [CacheInfraModule.forFeature('lazy')], providers: [Products], exports: [Products] })
    class LazyModule {}
    const app = await start({ imports: [CacheInfraModule.forRoot()] });
    const products = (await app.get(LazyModuleLoader).load(() => LazyModule)).get(Products);
    await products.find('1');
    await expect(app.get(Cache).namespace('lazy').has('product:1')).resolves.toBe(true);
  });

  it('may create caches, which their decorators find and the application closes', async () => {
    @Injectable()
    class Reports {
      @Cacheable({ cache: 'reports', key: 'one' })
      async one(): Promise<number> {
        return Promise.resolve(1);
      }
    }
    @Module({
      imports: [CacheInfraModule.forRoot({ name: 'reports' })],
      providers: [Reports],
      exports: [Reports],
    })
    class LazyModule {}
    const app = await start({ imports: [CacheInfraModule.forRoot()] });
    const reports = (await app.get(LazyModuleLoader).load(() => LazyModule)).get(Reports);
    await reports.one();
    const cache = app.get(CacheRegistry).cacheOf('reports');
    await expect(cache?.get('one')).resolves.toBe(1);
    await app.close();
    await expect(cache?.get('one')).rejects.toThrow("Cache 'reports' is closed");
  });
});

describe('isGlobal: false', () => {
  const local = () => CacheInfraModule.forRoot({ isGlobal: false });

  it('the modules that import it see the cache, injected and decorated', async () => {
    @Module({ imports: [local()], providers: [Products] })
    class ShopModule {}
    const products = (await start({ imports: [ShopModule] })).get(Products);
    await products.find('1');
    await products.find('1');
    expect(products.runs).toBe(1);
    await expect(products.cache.has('product:1')).resolves.toBe(true);
  });

  it('a feature imports it', async () => {
    const root = local();
    @Module({ imports: [CacheInfraModule.forFeature('shop', { imports: [root] })], providers: [Products] })
    class ShopModule {}
    const products = (await start({ imports: [root, ShopModule] })).get(Products);
    await products.find('1');
    await expect(products.cache.has('product:1')).resolves.toBe(true);
  });

  it('a feature that does not import it fails, and the error says to import it', async () => {
    const wrong = start({ imports: [local(), CacheInfraModule.forFeature('shop')] });
    await expect(wrong).rejects.toThrow(
      "A cache that is not global must be imported: forFeature('shop', { imports: [...] })",
    );
  });
});

describe('two applications in one process', () => {
  it('keep their entries apart, decorators too', async () => {
    const make = async (): Promise<Products> =>
      (await start({ imports: [CacheInfraModule.forRoot()], providers: [Products] })).get(Products);
    const [one, two] = [await make(), await make()];
    await one.find('1');
    await two.find('1');
    expect([one.runs, two.runs]).toEqual([1, 1]);
  });
});

describe('decorated handlers', () => {
  it('keep the metadata that Nest and others read from them', async () => {
    const seen: unknown[] = [];
    const Note =
      (value: string): MethodDecorator =>
      (target, name) => {
        seen.push([value, Reflect.getMetadata('design:paramtypes', target, name)]);
      };
    @Controller('things')
    class Things {
      @Note('above')
      @Cacheable({ key: (id: number) => String(id) })
      @Note('below')
      @Get()
      async find(id: number): Promise<number> {
        return Promise.resolve(id);
      }
    }
    expect(seen).toEqual([
      ['below', [Number]],
      ['above', [Number]],
    ]);
    expect(Reflect.getMetadata('path', Things.prototype.find)).toBe('/');
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    await start({ imports: [CacheInfraModule.forRoot()], controllers: [Things as Type] });
    warn.mockRestore();
  });
});
