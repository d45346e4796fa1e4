/** Compiled, not run. */
import type { DynamicModule, InjectionToken } from '@nestjs/common';
import { ConfigService, registerAs } from '@nestjs/config';
import { expectTypeOf } from 'expect-type';
import {
  Cache,
  CacheInfraModule,
  CacheService,
  CacheVaryProvider,
  classType,
  decimalType,
  getAiCacheToken,
  getCacheToken,
  getWholeCacheToken,
  InjectAiCache,
  InjectCache,
  InjectWholeCache,
  withCacheContext,
  type AiCacheService,
  type CacheContext,
  type CacheFactValue,
  type CacheInfraAsyncOptions,
  type CacheInfraConfig,
  type CacheInfraModuleOptions,
  type CacheType,
  type LoadContext,
  type Loader,
} from 'nestjs-cache-infra';

declare const cache: Cache;

// Reading
expectTypeOf(cache.getMany<number>(['a'])).resolves.toEqualTypeOf<Map<string, number>>();
expectTypeOf(cache.getMany(['a'])).resolves.toEqualTypeOf<Map<string, unknown>>();
expectTypeOf(cache.get<number>('a')).resolves.toEqualTypeOf<number | undefined>();
expectTypeOf(cache.get('a')).resolves.toBeUnknown();
expectTypeOf(cache.getOrSet('a', () => 1)).resolves.toEqualTypeOf<number>();
expectTypeOf(cache.getOrSet('a', async () => Promise.resolve({ id: 1 }))).resolves.toEqualTypeOf<{
  id: number;
}>();
// T55: a loader may return the stale value, which has the type of what it loads.
interface Product {
  id: string;
}
declare const load: (signal: AbortSignal) => Promise<Product | undefined>;
expectTypeOf(
  cache.getOrSet<Product | undefined>('a', async ({ stale, signal }) => (await load(signal)) ?? stale),
).resolves.toEqualTypeOf<Product | undefined>();
// Also where the type is left to the loader, which takes its context.
expectTypeOf(cache.getOrSet('a', async ({ signal }) => load(signal))).resolves.toEqualTypeOf<
  Product | undefined
>();
const loader: Loader<number> = ({ stale = 0 }) => stale + 1;
expectTypeOf(cache.getOrSet('a', loader)).resolves.toEqualTypeOf<number>();

// The type of a value is inferred from what the loader of many keys returns.
expectTypeOf(cache.getOrSetMany(['a'], () => [1])).resolves.toEqualTypeOf<Map<string, number>>();
expectTypeOf(
  cache.getOrSetMany(['a'], async () => Promise.resolve(new Map([['a', 1]]))),
).resolves.toEqualTypeOf<Map<string, number>>();
expectTypeOf(cache.getOrSetMany(['a'], () => ({ a: 1 }))).resolves.toEqualTypeOf<Map<string, number>>();
expectTypeOf(
  cache.getOrSetMany(['a'], (missing: readonly string[]) =>
    missing.map((): Product | undefined => undefined),
  ),
).resolves.toEqualTypeOf<Map<string, Product>>();
void cache.getOrSetMany<Product>(['a'], (missing, { stale, signal, set }) => {
  expectTypeOf(missing).toEqualTypeOf<readonly string[]>();
  expectTypeOf(stale).toEqualTypeOf<ReadonlyMap<string, Product>>();
  expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
  set('a', { ttl: '5m', tags: ['t'], skipStore: false });
  return new Map<string, Product>();
});
// @ts-expect-error neither a Map, nor a record, nor an array
void cache.getOrSetMany(['a'], () => 1);
// @ts-expect-error unknown option
void cache.getOrSetMany(['a'], () => [1], { chunk: 1 });
expectTypeOf<LoadContext<Product>['stale']>().toEqualTypeOf<Product | undefined>();

// Classes of values
abstract class Shape {
  abstract area(): number;
}
class Square extends Shape {
  constructor(readonly side: number) {
    super();
  }
  area(): number {
    return this.side ** 2;
  }
}
void cache.set('a', new Square(1), { as: Square });
void cache.set('a', new Square(1), { as: () => Square });
void cache.getOrSet('a', () => new Square(1), {
  revive: (stored: { side: number }) => new Square(stored.side),
});
void cache.getOrSet('a', () => new Square(1), { revive: (stored) => stored });
void cache.set('a', new Square(1), { plain: true });
// @ts-expect-error -- neither a class nor a function that gives one
void cache.set('a', new Square(1), { as: 'Square' });
// @ts-expect-error -- no class
void cache.set('a', new Square(1), { as: () => 1 });
const square: CacheType<Square, number> = {
  name: 'Square',
  is: (value) => value instanceof Square,
  encode: ({ side }) => side,
  decode: (side) => new Square(side),
};
expectTypeOf({ types: [square], plain: false }).toExtend<CacheInfraConfig>();
declare class Decimal {
  constructor(value: string | number | Decimal);
  plus(other: Decimal): Decimal;
  valueOf(): string;
}
expectTypeOf(decimalType(Decimal)).toEqualTypeOf<CacheType<Decimal, string>>();
expectTypeOf(classType('Square', Square)).toEqualTypeOf<CacheType<Square, object>>();

expectTypeOf(cache.has('a')).resolves.toBeBoolean();
expectTypeOf(cache.ttl('a')).resolves.toEqualTypeOf<number | undefined>();
// @ts-expect-error -- keys are texts
void cache.getMany([1]);
// @ts-expect-error -- a list of them
void cache.getMany('a');
// @ts-expect-error -- the value is no number
expectTypeOf(cache.get<string>('a')).resolves.toEqualTypeOf<number | undefined>();
// @ts-expect-error -- no such option
void cache.set('a', 1, { tll: 5 });

// Injecting
class Service {
  constructor(
    readonly cache: CacheService,
    @InjectCache('sessions') readonly sessions: Cache,
    @InjectAiCache() readonly answers: AiCacheService,
  ) {}
  @InjectCache() readonly property!: Cache;
}
expectTypeOf(Service).constructorParameters.toEqualTypeOf<[Cache, Cache, AiCacheService]>();
expectTypeOf(InjectCache).parameters.toEqualTypeOf<[name?: string | undefined]>();
expectTypeOf(InjectCache('a')).toEqualTypeOf<PropertyDecorator & ParameterDecorator>();
// @ts-expect-error -- it takes a name
InjectCache(Cache);
// @ts-expect-error -- it belongs on parameters and properties
@InjectCache('a')
class OnAClass {}
expectTypeOf(OnAClass).toBeConstructibleWith();
expectTypeOf(getCacheToken('a')).toEqualTypeOf<InjectionToken<Cache>>();
expectTypeOf(getWholeCacheToken()).toEqualTypeOf<InjectionToken<Cache>>();
expectTypeOf(InjectWholeCache).parameters.toEqualTypeOf<[name?: string | undefined]>();
expectTypeOf<CacheService>().toEqualTypeOf<Cache>();
expectTypeOf(getAiCacheToken()).toEqualTypeOf<InjectionToken<AiCacheService>>();

// Modules
expectTypeOf(CacheInfraModule.forRoot()).toEqualTypeOf<DynamicModule>();
expectTypeOf(CacheInfraModule.forFeature('catalogue', { cache: 'products' })).toEqualTypeOf<DynamicModule>();
CacheInfraModule.forRoot({
  name: 'shop',
  redisUrl: 'redis://127.0.0.1',
  defaultTtl: 60,
  grace: '1h',
  isGlobal: false,
  caches: { sessions: { defaultTtl: 900 }, products: { l1CacheSize: 10, preset: 'production' } },
  vary: {
    tenant: ({ request }) => String(request?.headers['x-tenant']),
    user: async () => Promise.resolve(undefined),
  },
});
CacheInfraModule.forRoot({ defaultTtl: '5m', caches: { sessions: { defaultTtl: '15m' } } });
CacheInfraModule.forRootAsync({ useFactory: () => ({ defaultTtl: '5m' }) });
// @ts-expect-error -- a text has a unit
CacheInfraModule.forRoot({ defaultTtl: '60' });
// @ts-expect-error -- no such option
CacheInfraModule.forRoot({ defaultTll: 60 });
// @ts-expect-error -- no such option of a cache beside it
CacheInfraModule.forRoot({ caches: { sessions: { defaultTll: 60 } } });
// @ts-expect-error -- its name is its key
CacheInfraModule.forRoot({ caches: { sessions: { name: 'other' } } });
// @ts-expect-error -- a fact is a function
CacheInfraModule.forRoot({ vary: { tenant: 'acme' } });
// @ts-expect-error -- and gives a plain value
CacheInfraModule.forRoot({ vary: { user: () => ({ id: 1 }) } });
// @ts-expect-error -- no such preset
CacheInfraModule.forRoot({ preset: 'fast' });
// @ts-expect-error -- it takes a name
CacheInfraModule.forFeature();

CacheInfraModule.forRootAsync({
  name: 'shop',
  caches: ['sessions'],
  isGlobal: true,
  inject: [ConfigService],
  useFactory: (config: ConfigService) => ({
    redisUrl: config.getOrThrow<string>('REDIS_URL'),
    defaultTtl: 60,
  }),
});
CacheInfraModule.forRootAsync({ useFactory: async () => Promise.resolve({ caches: { sessions: {} } }) });
// @ts-expect-error -- a text has a unit
CacheInfraModule.forRootAsync({ useFactory: () => ({ defaultTtl: '60' }) });
// @ts-expect-error -- names beside the factory
CacheInfraModule.forRootAsync({ caches: { sessions: {} }, useFactory: () => ({}) });
// @ts-expect-error -- it makes no options
CacheInfraModule.forRootAsync({ useClass: Service });

const cacheConfig = registerAs('cache', (): CacheInfraConfig => ({
  defaultTtl: 60,
  caches: { sessions: {} },
}));
expectTypeOf(cacheConfig.asProvider()).toExtend<CacheInfraAsyncOptions>();
CacheInfraModule.forRootAsync(cacheConfig.asProvider());
CacheInfraModule.forRootAsync({ ...cacheConfig.asProvider(), name: 'shop', caches: ['sessions'] });
const wrongConfig = registerAs('cache', () => ({ defaultTtl: '60' }));
// @ts-expect-error -- a text has a unit, also from @nestjs/config
CacheInfraModule.forRootAsync(wrongConfig.asProvider());

expectTypeOf<CacheInfraModuleOptions['caches']>().not.toBeAny();
expectTypeOf<CacheInfraModuleOptions>().toHaveProperty('vary');
expectTypeOf<CacheFactValue>().toEqualTypeOf<string | number | bigint | boolean | null | undefined>();

// Facts
class Facts extends CacheVaryProvider {
  readonly facts = { tenant: ({ type }: CacheContext) => type };
}
expectTypeOf<Facts>().toExtend<CacheVaryProvider>();
expectTypeOf(withCacheContext({ type: 'job' }, () => 1)).toBeNumber();
expectTypeOf<CacheContext['request'] & object>().toHaveProperty('headers');
// @ts-expect-error -- headers may be lists
expectTypeOf<NonNullable<CacheContext['request']>['headers'][string]>().toEqualTypeOf<string | undefined>();
