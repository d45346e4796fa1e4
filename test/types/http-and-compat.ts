/** Compiled, not run. */
import type { DynamicModule, ExecutionContext } from '@nestjs/common';
import { expectTypeOf } from 'expect-type';
import {
  HttpCache,
  HttpCacheInterceptor,
  InMemoryCache,
  type HttpCacheOptions,
  type InMemoryCacheOptions,
  type RedisCache,
  type Ttl,
} from 'nestjs-cache-infra';
import {
  Cache,
  CacheInterceptor,
  CacheKey,
  CacheModule,
  CacheTTL,
  createCache,
  type CacheManagerOptions,
  type CacheModuleOptions,
  type CacheOptions,
  type CacheOptionsFactory,
  type StoredValue,
} from 'nestjs-cache-infra/compat';

// HTTP
@HttpCache({ ttl: '1m', shared: true, vary: ['Accept-Language'], statuses: [404], host: false })
class Pages {
  @HttpCache({ key: (context) => context.getClass().name, tags: (context) => [context.getHandler().name] })
  page(): string {
    return 'x';
  }

  @HttpCache(false)
  out(): string {
    return 'x';
  }
}
expectTypeOf<Pages>().toHaveProperty('page');
expectTypeOf(HttpCache()).toEqualTypeOf<ClassDecorator & MethodDecorator>();
expectTypeOf<HttpCacheOptions['ttl']>().toEqualTypeOf<Ttl | undefined>();
expectTypeOf<HttpCacheInterceptor>().toHaveProperty('intercept');
// @ts-expect-error -- no such option
HttpCache({ tll: 5 });
// @ts-expect-error -- numbers
HttpCache({ statuses: ['404'] });
// @ts-expect-error -- a key is a text
HttpCache({ key: () => 1 });
// @ts-expect-error -- true would say nothing
HttpCache(true);

class WithoutParentheses {
  // @ts-expect-error -- it needs parentheses
  @HttpCache
  page(): string {
    return 'x';
  }
}
expectTypeOf<WithoutParentheses>().toHaveProperty('page');

// What moves from @nestjs/cache-manager
expectTypeOf(
  CacheModule.register({ ttl: 5000, isGlobal: true, nonBlocking: true }),
).toEqualTypeOf<DynamicModule>();
expectTypeOf(
  CacheModule.registerAsync({ isGlobal: true, useFactory: () => ({ ttl: 5000 }), inject: [] }),
).toEqualTypeOf<DynamicModule>();
expectTypeOf<CacheOptions>().toEqualTypeOf<CacheModuleOptions>();
expectTypeOf<CacheManagerOptions>().toEqualTypeOf<CacheModuleOptions>();
// @ts-expect-error -- milliseconds, a number
CacheModule.register({ ttl: '5s' });
// @ts-expect-error -- there is one store
CacheModule.register({ stores: [] });
class Options implements CacheOptionsFactory {
  createCacheOptions(): CacheOptions {
    return { ttl: 5000, config: { defaultTtl: 60 } };
  }
}
expectTypeOf(CacheModule.registerAsync({ useClass: Options })).toEqualTypeOf<DynamicModule>();
CacheKey('key');
CacheKey((context) => context.getClass().name);
CacheTTL(5000);
// @ts-expect-error -- milliseconds, a number
CacheTTL('5s');
class Own extends CacheInterceptor {
  protected override trackBy(): string {
    return 'key';
  }
}
expectTypeOf<Own>().toExtend<CacheInterceptor>();

// T78: as in sample 20 of nestjs/nest.
class SampleInterceptor extends CacheInterceptor {
  override trackBy(context: ExecutionContext): string | undefined {
    const { httpAdapter } = this.httpAdapterHost;
    const request: object = context.switchToHttp().getRequest();
    return httpAdapter.getRequestMethod(request) === 'GET'
      ? String(httpAdapter.getRequestUrl(request))
      : undefined;
  }
}
expectTypeOf<SampleInterceptor>().toExtend<CacheInterceptor>();

// T77: a subclass has members of any name.
class Mine extends CacheInterceptor {
  store = new Map<string, unknown>();
  ttlOf = 5;
}
expectTypeOf<Mine>().toExtend<CacheInterceptor>();

// T56: completion shows options, and nothing of the engine.
expectTypeOf<ConstructorParameters<typeof InMemoryCache>[0]>().toEqualTypeOf<
  InMemoryCacheOptions | undefined
>();
expectTypeOf<RedisCache>().not.toHaveProperty('toMemoryFallback');

const cache = createCache({ cache: new InMemoryCache(), ttl: 5000, refreshAllStores: true });
expectTypeOf(cache).toEqualTypeOf<Cache>();
expectTypeOf(cache.get<number>('a')).resolves.toEqualTypeOf<number | undefined>();
expectTypeOf(cache.mget<number>(['a'])).resolves.toEqualTypeOf<(number | undefined)[]>();
expectTypeOf(cache.set('a', 1)).resolves.toEqualTypeOf<number>();
expectTypeOf(cache.wrap('a', () => 1)).resolves.toEqualTypeOf<number>();
export async function entriesOfStore(): Promise<void> {
  for await (const [key, value] of cache.stores[0]!.iterator<number>({})) {
    expectTypeOf(key).toBeString();
    expectTypeOf(value).toBeNumber();
  }
  for await (const [key] of cache.stores[0]!.iterator()) expectTypeOf(key).toBeString();
  cache.stores[0]!.deserialize = undefined;
  cache.stores[0]!.on('error', (error) => String(error));
}
// A key of `null` = not cached, as in @nestjs/cache-manager.
class NullInterceptor extends CacheInterceptor {
  override trackBy(): string | null {
    return null;
  }
}
expectTypeOf<NullInterceptor>().toExtend<CacheInterceptor>();
expectTypeOf(cache.wrap('a', () => 1, { raw: true })).resolves.toEqualTypeOf<StoredValue<number>>();
expectTypeOf(
  cache.wrap(
    'a',
    async () => Promise.resolve('x'),
    (value) => value.length,
  ),
).resolves.toBeString();
