import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Global,
  Injectable,
  Module,
  UseInterceptors,
  type ModuleMetadata,
} from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { Cache as InfraCache, CacheInfraModule, InMemoryCache, type CacheMonitor } from 'nestjs-cache-infra';
import {
  Cache,
  CACHE_MANAGER,
  CacheInterceptor,
  CacheKey,
  CacheModule,
  type CacheModuleOptions,
  type CacheOptionsFactory,
} from 'nestjs-cache-infra/compat';
import { lastValueFrom, of } from 'rxjs';
import request from 'supertest';

import { redisForSuite } from '../support/redis.js';

const { url, prefix } = redisForSuite();
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});
async function start(metadata: ModuleMetadata): Promise<TestingModule> {
  const module = await Test.createTestingModule(metadata).compile();
  open.push(module);
  return module.init();
}
const memory = () => {
  const cache = new InMemoryCache();
  open.push(cache);
  return cache;
};

describe('CacheModule.register', () => {
  it('creates a cache in memory without any option', async () => {
    const module = await start({ imports: [CacheModule.register()] });
    const cache = module.get<Cache>(CACHE_MANAGER);
    await cache.set('key', 1);
    await expect(cache.get('key')).resolves.toBe(1);
    expect(module.get(Cache)).toBe(cache);
  });

  it('creates a cache on Redis, with its own keys, and closes it with the application', async () => {
    const config = { redisUrl: url, keyPrefix: prefix, failOnConnectionError: true };
    const module = await start({ imports: [CacheModule.register({ config, namespace: 'shop' })] });
    const cache = module.get(Cache);
    await cache.set('key', { at: new Date(0) });
    await expect(cache.get('key')).resolves.toEqual({ at: new Date(0) });
    await module.close();
    await expect(cache.get('key')).rejects.toThrow("Cache 'cache-manager' is closed");
  });

  it('does not start without a required Redis', async () => {
    const config = {
      redisUrl: 'redis://127.0.0.1:1',
      failOnConnectionError: true,
      logger: { warn() {}, log() {} },
    };
    const module = await Test.createTestingModule({ imports: [CacheModule.register({ config })] }).compile();
    open.push(module);
    await expect(module.init()).rejects.toThrow('Redis connection failed');
  });

  it('starts without an optional Redis', async () => {
    const config = { redisUrl: 'redis://127.0.0.1:1', logger: { warn() {}, log() {} } };
    const module = await start({ imports: [CacheModule.register({ config })] });
    await expect(module.get(Cache).wrap('key', () => 'made')).resolves.toBe('made');
  });

  it('does not close a given cache', async () => {
    const cache = memory();
    const module = await start({ imports: [CacheModule.register({ cache })] });
    await module.close();
    await expect(cache.get('key')).resolves.toBeUndefined();
  });

  it('keeps its keys in a namespace if configured so', async () => {
    const cache = memory();
    const module = await start({ imports: [CacheModule.register({ cache, namespace: 'shop' })] });
    await module.get(Cache).set('key', 1);
    await expect(cache.has('key')).resolves.toBe(false);
    await expect(cache.namespace('shop').get('key')).resolves.toBe(1);
  });

  it.each([
    [{ stores: [] }, /stores is not supported.*config: \{ redisUrl \}/],
    [{ ttl: '5m', isGlobl: true }, /ttl must be a non-negative number \(milliseconds\).*isGlobl/],
    [{ config: { defaultTtl: -1 } }, /defaultTtl must be non-negative/],
  ])('%j is refused', async (options, message) => {
    const compiling = Test.createTestingModule({
      imports: [CacheModule.register(options as object)],
    }).compile();
    await expect(compiling).rejects.toThrow(message);
  });

  it('exports all that @nestjs/cache-manager exports', async () => {
    const theirs = Object.keys(await import('@nestjs/cache-manager'));
    const ours = Object.keys(await import('nestjs-cache-infra/compat'));
    expect(theirs.filter((name) => !ours.includes(name))).toEqual([]);
  });

  it('accepts nonBlocking and refreshAllStores, without effect', async () => {
    const module = await start({
      imports: [CacheModule.register({ nonBlocking: true, refreshAllStores: true })],
    });
    await module.get(Cache).set('key', 1);
    await expect(module.get(Cache).get('key')).resolves.toBe(1);
  });

  it('isGlobal: every module sees it', async () => {
    @Injectable()
    class Reader {
      constructor(readonly cache: Cache) {}
    }
    @Module({ providers: [Reader] })
    class ReaderModule {}
    const module = await start({ imports: [CacheModule.register({ isGlobal: true }), ReaderModule] });
    expect(module.get(Reader, { strict: false }).cache).toBe(module.get(Cache));
    await expect(start({ imports: [CacheModule.register(), ReaderModule] })).rejects.toThrow(/can't resolve/);
  });
});

describe('CacheModule.registerAsync', () => {
  it('uses the cache of CacheInfraModule, for a migration step by step', async () => {
    const module = await start({
      imports: [
        CacheInfraModule.forTesting(),
        CacheModule.registerAsync({
          isGlobal: true,
          inject: [InfraCache],
          useFactory: (cache: InfraCache) => ({ cache, ttl: 5000 }),
        }),
      ],
    });
    await module.get(Cache).set('key', 'value');
    await expect(module.get(InfraCache).get('key')).resolves.toBe('value');
    await expect(module.get(InfraCache).ttl('key')).resolves.toBe(5);
  });

  it.each(['useClass', 'useExisting'] as const)('%s', async (way) => {
    @Injectable()
    class Options implements CacheOptionsFactory {
      createCacheOptions(): CacheModuleOptions {
        return { ttl: 5000, cacheId: way };
      }
    }
    @Global()
    @Module({ providers: [Options], exports: [Options] })
    class OptionsModule {}
    const module = await start({ imports: [OptionsModule, CacheModule.registerAsync({ [way]: Options })] });
    expect(module.get(Cache).cacheId()).toBe(way);
  });

  it('extraProviders', async () => {
    const module = await start({
      imports: [
        CacheModule.registerAsync({
          extraProviders: [{ provide: 'TTL', useValue: 5000 }],
          inject: ['TTL'],
          useFactory: (ttl: number) => ({ ttl, cacheId: `ttl ${String(ttl)}` }),
        }),
      ],
    });
    expect(module.get(Cache).cacheId()).toBe('ttl 5000');
  });
});

describe('CacheInterceptor', () => {
  async function serve(controller: new () => object, cache: InfraCache = memory()) {
    const module = await Test.createTestingModule({
      imports: [CacheModule.register({ cache })],
      controllers: [controller],
    }).compile();
    const app = module.createNestApplication({ logger: false });
    open.push(app);
    await app.init();
    return request(app.getHttpServer() as never);
  }

  it('pitfall (nest #4997, #10225) null is cached like other responses', async () => {
    let calls = 0;
    @Controller()
    @UseInterceptors(CacheInterceptor)
    class NullController {
      @Get()
      nothing() {
        calls += 1;
        return null;
      }
    }
    const http = await serve(NullController);
    await http.get('/').expect(200);
    await http.get('/').expect(200).expect('X-Cache', 'HIT');
    expect(calls).toBe(1);
  });

  it('pitfall (@nestjs/cache-manager) the response is sent after it was stored', async () => {
    @Controller()
    @UseInterceptors(CacheInterceptor)
    class SlowController {
      @Get()
      value() {
        return { value: 1 };
      }
    }
    const http = await serve(SlowController);
    await http.get('/').expect('X-Cache', 'MISS');
    await http.get('/').expect('X-Cache', 'HIT');
  });

  it('a response that cannot be cached is sent nevertheless', async () => {
    @Controller()
    @UseInterceptors(CacheInterceptor)
    class FunctionController {
      @Get()
      value() {
        return { value: 1, toString: () => 'text' };
      }
    }
    const http = await serve(FunctionController);
    await http.get('/').expect(200, { value: 1 }).expect('X-Cache', 'MISS');
    await http.get('/').expect(200, { value: 1 }).expect('X-Cache', 'MISS');
  });

  it('the handler runs if the cache fails', async () => {
    const cache = new InMemoryCache();
    await cache.close();
    @Controller()
    @UseInterceptors(CacheInterceptor)
    class AnyController {
      @Get()
      value() {
        return { value: 1 };
      }
    }
    const http = await serve(AnyController, cache);
    await http.get('/').expect(200, { value: 1 });
  });

  it('pitfall (nest) messages of a hybrid application: cached by @CacheKey, with no headers to set', async () => {
    let calls = 0;
    @Controller()
    class Events {
      @CacheKey('keyed')
      keyed() {
        return ++calls;
      }
      plain() {
        return ++calls;
      }
    }
    const module = await start({
      imports: [CacheModule.register({ cache: memory() })],
      controllers: [Events],
      providers: [CacheInterceptor],
    });
    const interceptor = module.get(CacheInterceptor);
    const events = module.get(Events);
    const handle = async (handler: 'keyed' | 'plain') => {
      const context = {
        getType: () => 'rpc',
        getHandler: () => Events.prototype[handler],
        getClass: () => Events,
        getArgByIndex: () => undefined,
      };
      const answer = await interceptor.intercept(context as never, { handle: () => of(events[handler]()) });
      return lastValueFrom(answer);
    };
    expect([await handle('keyed'), await handle('keyed')]).toEqual([1, 1]);
    expect([await handle('plain'), await handle('plain')]).toEqual([2, 3]);
  });
});

describe('monitoring', () => {
  it('reports the calls of the underlying cache', async () => {
    const operations: string[] = [];
    const monitor: CacheMonitor = { recordCacheOperationTime: ({ operation }) => operations.push(operation) };
    const module = await start({ imports: [CacheModule.register({ config: { monitor } })] });
    await module.get(Cache).get('key');
    expect(operations).toEqual(['get']);
  });
});

describe('CacheInterceptor', () => {
  it('T77: a subclass may have members of any name', async () => {
    class Mine extends CacheInterceptor {
      readonly store = new Map<string, unknown>();
      readonly ttlOf = 5;
    }
    @Controller()
    @UseInterceptors(Mine)
    class Page {
      @Get()
      get(): number {
        return 1;
      }
    }
    const module = await start({ imports: [CacheModule.register()], controllers: [Page] });
    const app = module.createNestApplication();
    open.push(app);
    await app.init();
    const ask = () => request(app.getHttpServer() as never).get('/');
    expect((await ask()).text).toBe('1');
    expect((await ask()).headers['x-cache']).toBe('HIT');
  });
});
