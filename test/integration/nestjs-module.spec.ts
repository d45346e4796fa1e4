import { afterEach, describe, expect, it } from '@jest/globals';
import { Inject, Injectable, Module } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';

import { AiCacheService } from '../../libs/cache-infra/src/ai/index.js';
import { Cache } from '../../libs/cache-infra/src/cache/contract/cache.js';
import { InMemoryCache } from '../../libs/cache-infra/src/cache/in-memory-cache.js';
import { CacheFactory } from '../../libs/cache-infra/src/config/cache-factory.js';
import { InfrastructureError, ValidationError } from '../../libs/cache-infra/src/base/errors.js';
import { CachePerformanceMonitor } from '../../libs/cache-infra/src/monitoring/performance-monitor.js';
import {
  Cacheable,
  CacheEvict,
  CacheHealthIndicator,
  CacheInfraModule,
  CacheMonitoringInterceptor,
  getAiCacheToken,
  getCacheToken,
  InjectAiCache,
  InjectCache,
} from '../../libs/cache-infra/src/nestjs/index.js';
import { withEnvironment } from '../../libs/cache-infra/src/testing/environment.js';

const nowhere = 'redis://127.0.0.1:1';
const modules: TestingModule[] = [];
afterEach(async () => {
  for (const module of modules.splice(0)) await module.close();
});

type Metadata = Parameters<typeof Test.createTestingModule>[0];

async function compile(metadata: Metadata): Promise<TestingModule> {
  const module = await Test.createTestingModule(metadata).compile();
  modules.push(module);
  return module;
}

async function start(metadata: Metadata): Promise<TestingModule> {
  return (await compile(metadata)).init();
}

@Injectable()
class Catalogue {
  calls = 0;
  @Cacheable()
  async find(id: string): Promise<string> {
    this.calls += 1;
    return Promise.resolve(`${id} ${String(this.calls)}`);
  }
}

describe('CacheInfraModule.forRoot', () => {
  it('provides a cache in memory, without any option', async () => {
    const module = await start({ imports: [CacheInfraModule.forRoot()] });
    const cache = module.get(Cache);
    await cache.set('a', 1);
    await expect(cache.get('a')).resolves.toBe(1);
    expect(cache).toBeInstanceOf(InMemoryCache);
  });

  it('provides one instance of each accompanying service', async () => {
    const module = await start({
      imports: [CacheInfraModule.forRoot(), CacheInfraModule.forRoot({ name: 'sessions' })],
    });
    expect(module.get(CachePerformanceMonitor)).toBe(module.get(CacheFactory).monitor);
    for (const type of [CacheHealthIndicator, CacheMonitoringInterceptor]) {
      expect(module.get(type, { each: true })).toHaveLength(1);
    }
  });

  it('is global: a module deep in the application needs no import', async () => {
    @Injectable()
    class Deep {
      constructor(readonly cache: Cache) {}
    }
    @Module({ providers: [Deep] })
    class DeepModule {}
    const module = await start({ imports: [DeepModule, CacheInfraModule.forRoot()] });
    expect(module.get(Deep, { strict: false }).cache).toBe(module.get(Cache));
  });

  it('isGlobal false: only modules that import it see it', async () => {
    @Injectable()
    class Deep {
      constructor(readonly cache: Cache) {}
    }
    @Module({ providers: [Deep] })
    class DeepModule {}
    const metadata = { imports: [DeepModule, CacheInfraModule.forRoot({ isGlobal: false })] };
    await expect(compile(metadata)).rejects.toThrow(/can't resolve dependencies of the Deep/);
  });

  it('passes options on, and refuses unknown ones by name', async () => {
    const module = await start({ imports: [CacheInfraModule.forRoot({ defaultTtl: 77, l1CacheSize: 7 })] });
    expect(module.get(Cache)).toMatchObject({ defaultTtl: 77, maxSize: 7 });
    const wrong = { defaultTll: 1 } as object;
    await expect(compile({ imports: [CacheInfraModule.forRoot(wrong)] })).rejects.toThrow(
      "defaultTll is not a known option (did you mean 'defaultTtl'?)",
    );
  });

  it('passes on the defaults for calls without options', async () => {
    const options = { defaultTtl: 1_000_000, jitter: 1 };
    const module = await start({ imports: [CacheInfraModule.forRoot(options)] });
    const cache = module.get(Cache);
    await cache.setMany(['a', 'b', 'c'].map((key) => [key, 1]));
    const lives = await Promise.all(['a', 'b', 'c'].map((key) => cache.ttl(key)));
    // Jitter takes a part off each: that it takes nothing off all three has no chance.
    expect(Math.min(...lives.map((life) => life ?? 0))).toBeLessThan(999_990);
  });

  it('refuses options of AI answers', async () => {
    const answers = { prices: {} } as object;
    await expect(compile({ imports: [CacheInfraModule.forRoot(answers)] })).rejects.toThrow(
      'prices is not a known option',
    );
  });

  it('reports to the monitor: operations and key generation', async () => {
    const module = await start({ imports: [CacheInfraModule.forRoot()], providers: [Catalogue] });
    await module.get(Catalogue).find('1');
    await module.get(Catalogue).find('1');
    const stats = module.get(CachePerformanceMonitor).getPerformanceStats();
    expect(stats.totals).toMatchObject({ hits: 1, misses: 1 });
    expect(stats.keyGeneration.byOperation).toEqual([
      expect.objectContaining({ cache: 'default', operation: 'Catalogue.find', count: 2 }),
    ]);
  });

  it('CACHE_MONITORING_ENABLED=false: reports nothing', async () => {
    const module = await withEnvironment({ CACHE_MONITORING_ENABLED: 'false' }, () =>
      start({ imports: [CacheInfraModule.forRoot()], providers: [Catalogue] }),
    );
    await module.get(Catalogue).find('1');
    const stats = module.get(CachePerformanceMonitor).getPerformanceStats();
    expect([stats.totals.misses, stats.keyGeneration.count]).toEqual([0, 0]);
  });

  it('CACHE_PRESET chooses a preset, and an option wins over it', async () => {
    await withEnvironment({ CACHE_PRESET: 'development' }, async () => {
      const module = await start({
        imports: [CacheInfraModule.forRoot(), CacheInfraModule.forAi({ name: 'ai', defaultTtl: 9 })],
      });
      expect(module.get(Cache)).toMatchObject({ defaultTtl: 300, maxSize: 100 });
      expect(module.get<Cache>(getCacheToken('ai'))).toMatchObject({ defaultTtl: 9, maxSize: 100 });
    });
  });

  it('can be replaced in a test, and decorated methods follow', async () => {
    const mine = new InMemoryCache({ name: 'mine' });
    const module = await Test.createTestingModule({
      imports: [CacheInfraModule.forRoot()],
      providers: [Catalogue],
    })
      .overrideProvider(Cache)
      .useValue(mine)
      .compile();
    modules.push(module);
    await module.init();
    await module.get(Catalogue).find('1');
    expect(mine.stats().sets + mine.stats().loads).toBeGreaterThan(0);
  });
});

describe('several caches', () => {
  @Injectable()
  class Sessions {
    constructor(
      readonly cache: Cache,
      @InjectCache('sessions') readonly sessions: Cache,
    ) {}
    @Cacheable({ cache: 'sessions', key: 'one' })
    async one(): Promise<number> {
      return Promise.resolve(1);
    }
  }

  it('have one token each (pitfall nest #11262, #13058: several registrations collapse into one)', async () => {
    const module = await start({
      imports: [
        CacheInfraModule.forRoot({ defaultTtl: 1 }),
        CacheInfraModule.forRoot({ name: 'sessions', defaultTtl: 2 }),
      ],
      providers: [Sessions],
    });
    const { cache, sessions } = module.get(Sessions);
    expect([cache.defaultTtl, sessions.defaultTtl]).toEqual([1, 2]);
    expect(sessions.name).toBe('sessions');
    expect(module.get(getCacheToken('sessions'))).toBe(sessions);
    await module.get(Sessions).one();
    await expect(Promise.all([cache.has('one'), sessions.has('one')])).resolves.toEqual([false, true]);
  });

  it('may be imported twice as one module', async () => {
    const shared = CacheInfraModule.forRoot({ name: 'sessions' });
    @Module({ imports: [shared] })
    class First {}
    @Module({ imports: [shared] })
    class Second {}
    await expect(start({ imports: [First, Second] })).resolves.toBeDefined();
  });

  it('need different names: the same name twice fails at boot, and the error names the option', async () => {
    const twice = { imports: [CacheInfraModule.forRoot(), CacheInfraModule.forRoot()] };
    await expect(compile(twice)).rejects.toThrow(
      "CacheInfraModule: name 'default' is used by two caches: give each forRoot(), forAi() and entry of caches its own name",
    );
  });

  it('a method that names a missing cache fails at boot, and the error lists the existing names', async () => {
    class Base {
      @CacheEvict({ cache: 'session', key: 'k' })
      async end(): Promise<void> {
        return Promise.resolve();
      }
    }
    @Injectable()
    class Users extends Base {}
    const wrong = start({
      imports: [CacheInfraModule.forRoot(), CacheInfraModule.forRoot({ name: 'sessions' })],
      providers: [Users],
    });
    await expect(wrong).rejects.toThrow(ValidationError);
    await expect(wrong).rejects.toThrow(
      "Base.end uses the cache 'session', which no CacheInfraModule creates; registered: 'default', 'sessions'",
    );
  });

  it('a method that names a missing cache fails at its first call, without a boot', async () => {
    const module = await compile({
      imports: [CacheInfraModule.forRoot({ name: 'other' })],
      providers: [Catalogue],
    });
    await expect(module.get(Catalogue).find('1')).rejects.toThrow(
      "Catalogue.find uses the default cache, which no CacheInfraModule creates; registered: 'other'",
    );
  });

  it('two classes of one name with default keys fail at boot', async () => {
    const declare = () => {
      @Injectable()
      class Same {
        @Cacheable()
        async find(): Promise<number> {
          return Promise.resolve(1);
        }
      }
      return Same;
    };
    const wrong = start({ imports: [CacheInfraModule.forRoot()], providers: [declare(), declare()] });
    await expect(wrong).rejects.toThrow('Same.find is the default key of two classes of the same name');
  });
});

describe('CacheInfraModule.forRootAsync', () => {
  @Injectable()
  class Settings {
    createCacheOptions() {
      return Promise.resolve({ defaultTtl: 42 });
    }
  }
  @Module({ providers: [Settings], exports: [Settings] })
  class SettingsModule {}
  const imports = [SettingsModule];

  it.each([
    ['useFactory', { imports, inject: [Settings], useFactory: (it: Settings) => it.createCacheOptions() }],
    ['useClass', { useClass: Settings }],
    ['useExisting', { imports, useExisting: Settings }],
  ])('%s', async (_way, options) => {
    const module = await start({ imports: [CacheInfraModule.forRootAsync(options)] });
    expect(module.get(Cache).defaultTtl).toBe(42);
  });

  it('accepts name and isGlobal beside the factory (pitfall: isGlobal misplaced in registerAsync)', async () => {
    const module = await start({
      imports: [
        CacheInfraModule.forRootAsync({ name: 'a', isGlobal: false, useFactory: () => ({ defaultTtl: 1 }) }),
      ],
    });
    expect(module.get<Cache>(getCacheToken('a'))).toMatchObject({ name: 'a', defaultTtl: 1 });
  });

  it('refuses a name from the factory', async () => {
    const late = CacheInfraModule.forRootAsync({ useFactory: () => ({ name: 'late' }) });
    await expect(compile({ imports: [late] })).rejects.toThrow("name 'late' must be set next to useFactory");
  });

  it('refuses none or several of useFactory, useClass and useExisting', () => {
    expect(() => CacheInfraModule.forRootAsync({})).toThrow(
      'give exactly one of useFactory, useClass and useExisting',
    );
    expect(() => CacheInfraModule.forRootAsync({ useClass: Settings, useExisting: Settings })).toThrow(
      'give exactly one of',
    );
  });
});

describe('CacheInfraModule.forAi', () => {
  it('provides an AiCacheService on its cache, with its settings', async () => {
    const module = await start({
      imports: [
        CacheInfraModule.forAi({
          operationTtls: { summarize: 7200 },
          prices: { m: { inputPerMillion: 1, outputPerMillion: 2 } },
          ignored: { fields: ['session'] },
        }),
      ],
    });
    const ai = module.get(AiCacheService);
    const ask = (session: number) =>
      ai.run('summarize', { model: 'm', text: 'x', session }, () => Promise.resolve({ value: 'short' }));
    await ask(1);
    await expect(ask(2)).resolves.toMatchObject({ value: 'short', cached: true });
    expect(module.get(Cache)).toMatchObject({ defaultTtl: 3600, maxSize: 200 });
    expect(module.get(CachePerformanceMonitor).getPerformanceStats().keyGeneration.count).toBeGreaterThan(0);
  });

  it('may have a name, next to other caches', async () => {
    @Injectable()
    class Writer {
      constructor(
        @InjectAiCache('ai') readonly ai: AiCacheService,
        @Inject(getCacheToken('ai')) readonly cache: Cache,
      ) {}
    }
    const module = await start({
      imports: [
        CacheInfraModule.forRoot(),
        CacheInfraModule.forAiAsync({ name: 'ai', useFactory: () => ({ maxTtl: 60 }) }),
      ],
      providers: [Writer],
    });
    expect(module.get(Writer).ai).toBe(module.get(getAiCacheToken('ai')));
    expect(module.get(Writer).cache.name).toBe('ai');
  });

  it('accepts a preset', async () => {
    const module = await start({ imports: [CacheInfraModule.forAi({ preset: 'ai-production' })] });
    expect(module.get(Cache)).toMatchObject({ defaultTtl: 14_400 });
  });

  it('names the problems of its settings', async () => {
    const wrong = compile({ imports: [CacheInfraModule.forAi({ jitter: 2 })] });
    await expect(wrong).rejects.toThrow(/jitter must be a number from 0 to 1/);
  });
});

describe('CacheInfraModule.forTesting', () => {
  it('seed S2.16 provides a cache of 50 entries and 60 s', async () => {
    const module = await start({ imports: [CacheInfraModule.forTesting()] });
    expect(module.get(Cache)).toMatchObject({ maxSize: 50, defaultTtl: 60 });
  });
});

describe('objects that Nest did not create', () => {
  it('use the caches of the application from boot to shutdown', async () => {
    const given = new Catalogue();
    const metadata = {
      imports: [CacheInfraModule.forRoot()],
      providers: [
        { provide: 'value', useValue: given },
        { provide: 'factory', useFactory: () => new Catalogue() },
      ],
    };
    const first = await start(metadata);
    await given.find('1');
    await expect(first.get<Catalogue>('factory').find('1')).resolves.toBe('1 1');
    expect(given.calls).toBe(1);
    await first.close();
    await given.find('1');
    expect(given.calls).toBe(2);
    await start(metadata);
    await given.find('1');
    await given.find('1');
    expect(given.calls).toBe(3);
  });
});

describe('two applications in one process', () => {
  it('do not see each other (pitfall: a process-global getter breaks parallel tests)', async () => {
    const metadata = { imports: [CacheInfraModule.forRoot()], providers: [Catalogue] };
    const [first, second] = await Promise.all([start(metadata), start(metadata)]);
    await first.get(Catalogue).find('1');
    await second.get(Catalogue).find('1');
    expect([first.get(Catalogue).calls, second.get(Catalogue).calls]).toEqual([1, 1]);
    await first.close();
    await second.get(Catalogue).find('1');
    expect(second.get(Catalogue).calls).toBe(1);
  });
});

describe('Redis unavailable at start', () => {
  it('boots, and serves from memory', async () => {
    const began = performance.now();
    const module = await start({
      imports: [CacheInfraModule.forRoot({ redisUrl: nowhere })],
      providers: [Catalogue],
    });
    await module.get(Catalogue).find('1');
    await module.get(Catalogue).find('1');
    expect(module.get(Catalogue).calls).toBe(1);
    expect(performance.now() - began).toBeLessThan(1000);
  });

  it('boots as fast if the address drops packets', async () => {
    const began = performance.now();
    await start({ imports: [CacheInfraModule.forRoot({ redisUrl: 'redis://10.255.255.1:6379' })] });
    expect(performance.now() - began).toBeLessThan(1000);
  });

  it('failOnConnectionError: fails at boot, fast', async () => {
    const strict = compile({
      imports: [
        CacheInfraModule.forRoot({ redisUrl: nowhere, failOnConnectionError: true }),
        CacheInfraModule.forRoot({ name: 'other' }),
      ],
    });
    const module = await strict;
    await expect(module.init()).rejects.toThrow(InfrastructureError);
    await expect(module.get<Cache>(getCacheToken('other')).get('a')).rejects.toThrow('is closed');
  });
});
