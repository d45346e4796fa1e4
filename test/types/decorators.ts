/** Compiled, not run: what is wrong here does not compile, or is said not to by `@ts-expect-error`. */
import { expectTypeOf } from 'expect-type';
import {
  Cacheable,
  CacheDefaults,
  CacheEvict,
  CachePut,
  type AsyncMethod,
  type CacheableOptions,
  type CacheDefaultsOptions,
  type CacheEvictOptions,
  type CachePutOptions,
  type Ttl,
} from 'nestjs-cache-infra';
import { of, type Observable } from 'rxjs';

interface Product {
  readonly id: string;
  readonly price: number;
}
declare const product: Product;

// The functions in the options know the parameters of the method, and its result.
class Right {
  @Cacheable({
    key: (id: string, options?: { lang: string }) => `${id}:${options?.lang ?? ''}`,
    tags: (id: string) => [`product-${id}`],
    condition: (id: string) => id !== '',
    unless: (result: Product | null, id: string) => result?.id === id,
    vary: ['tenant', 'user'],
    ttl: '5m',
    grace: '1h',
    refreshAhead: 0.8,
    lock: true,
    namespace: 'products',
    cache: 'catalogue',
  })
  async find(_id: string, _options?: { lang: string }): Promise<Product | null> {
    return Promise.resolve(product);
  }

  @Cacheable()
  async withoutOptions(): Promise<void> {
    return Promise.resolve();
  }

  @Cacheable({ key: (...ids: string[]) => ids.join() })
  async rest(...ids: string[]): Promise<number> {
    return Promise.resolve(ids.length);
  }

  @Cacheable({ key: (id: string) => id, unless: (result: Product) => result.price < 0 })
  observable(_id: string): Observable<Product> {
    return of(product);
  }

  @Cacheable()
  async generic<T>(value: T): Promise<T> {
    return Promise.resolve(value);
  }

  @Cacheable()
  async fails(): Promise<never> {
    return Promise.reject(new Error('always'));
  }

  @CachePut({ key: (id: string) => id, unless: (result: Product) => result.price === 0 })
  async put(_id: string, _price: number): Promise<Product> {
    return Promise.resolve(product);
  }

  @CacheEvict({
    key: (id: string) => [id, `${id}:list`],
    tags: ['lists'],
    pattern: (id: string) => `${id}:*`,
  })
  async evict(_id: string): Promise<void> {
    return Promise.resolve();
  }

  @CacheEvict({ allEntries: true, beforeInvocation: true })
  @CachePut({ key: 'one' })
  async several(): Promise<number> {
    return Promise.resolve(1);
  }
}
expectTypeOf<Right['find']>().parameters.toEqualTypeOf<[string, ({ lang: string } | undefined)?]>();
expectTypeOf<Right['find']>().returns.resolves.toEqualTypeOf<Product | null>();
expectTypeOf<Right['observable']>().returns.toEqualTypeOf<Observable<Product>>();

// A method that is named gives its types to them.
class Named {
  @Cacheable<Named['find']>({
    key: (id, page) => `${id.toUpperCase()}:${page.toFixed()}`,
    tags: (id) => [id.toUpperCase()],
    condition: (id) => id.length > 0,
    unless: (result, id) => result.price < 0 && id.length > 0,
    ttl: '5m',
  })
  async find(_id: string, _page: number): Promise<Product> {
    return Promise.resolve(product);
  }

  @CachePut<Named['put']>({ key: (id) => id.toUpperCase(), unless: (result) => result.price < 0 })
  put(_id: string): Observable<Product> {
    return of(product);
  }

  @CacheEvict<Named['evict']>({
    key: (id) => [id.toUpperCase()],
    tags: ['lists'],
    pattern: (id) => `${id.trim()}*`,
  })
  async evict(_id: string): Promise<void> {
    return Promise.resolve();
  }

  // @ts-expect-error -- another method
  @Cacheable<Named['find']>({ key: (id) => id })
  async other(_id: number): Promise<Product> {
    return Promise.resolve(product);
  }
}
expectTypeOf<Named>().toHaveProperty('find');
// @ts-expect-error -- the method has no such parameter
Cacheable<Named['evict']>({ key: (id, page) => `${id}${String(page)}` });
// @ts-expect-error -- a key is a text
Cacheable<Named['find']>({ key: (id, page) => page });
// @ts-expect-error -- a key is required
CachePut<Named['find']>({ ttl: 5 });
// @ts-expect-error -- no such option
CacheEvict<Named['find']>({ key: 'k', ttl: 5 });

// T80: what is not typed passes.
declare const client: {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what an untyped client gives
  call(...args: unknown[]): any;
};
class Untyped {
  @Cacheable({ key: (id: string) => id })
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the case
  async find(id: string): Promise<any> {
    return client.call(id);
  }

  @CacheEvict({ key: 'all' })
  async save() {
    return client.call();
  }

  @CachePut({ key: (id) => id, unless: (result) => result.isDraft })
  async put(id: string) {
    return client.call(id);
  }

  @Cacheable({ unless: (result: { draft: boolean }[]) => result.length === 0 })
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the case
  async list(): Promise<any[]> {
    return client.call();
  }

  @Cacheable({
    key: (it) => it.id,
    tags: (it) => [it.id],
    condition: (it) => it.id !== '',
    ttl: (it) => it.ttl,
  })
  async unannotated(_product: Product): Promise<{ ttl: number }> {
    return Promise.resolve({ ttl: 1 });
  }

  @CachePut({ key: (it) => it.id, resultTags: (it) => [it.id] })
  async putUnannotated(it: Product): Promise<Product> {
    return Promise.resolve(it);
  }

  @CacheEvict({ key: (it) => [it.id], pattern: (it) => `${it.id}*`, tags: (it) => [it.id] })
  async evictUnannotated(_product: Product): Promise<void> {
    return Promise.resolve();
  }

  @Cacheable({ key: (it) => JSON.stringify(it) })
  async generic<T>(it: T): Promise<T> {
    return Promise.resolve(it);
  }

  @CachePut({ key: (id: string) => id })
  async putGeneric<T extends { id: string }>(_id: string, it: T): Promise<T> {
    return Promise.resolve(it);
  }

  @CacheEvict({ key: (id: string) => id })
  async evictGeneric<T>(_id: string, it: T): Promise<T> {
    return Promise.resolve(it);
  }

  @Cacheable({ key: (it) => it.id, unless: (result) => result.draft, ttl: (result) => result.ttl })
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the case
  async findAny(_it: Product): Promise<any> {
    return client.call();
  }

  @CachePut({ key: (it) => it.id, unless: (result) => result.draft, resultTags: (result) => result.tags })
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the case
  async putAny(_it: Product): Promise<any> {
    return client.call();
  }

  @CacheEvict({ key: (it) => it.id, condition: (it) => it.price > 0, resultTags: (result) => result.tags })
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the case
  async evictAny(_it: Product): Promise<any> {
    return client.call();
  }

  @Cacheable({ key: (it, page) => `${it.id}:${page}`, unless: (result) => result === null })
  async genericUnannotated<T extends { id: string }>(it: T, _page?: number): Promise<T | null> {
    return Promise.resolve(it);
  }

  @CachePut({ key: (it) => it.id, ttl: (result) => result.ttl })
  async putGenericUnannotated<T extends { id: string }>(it: T): Promise<T> {
    return Promise.resolve(it);
  }

  @CacheEvict({ key: (it) => it.id, resultKey: (result) => result.id })
  async evictGenericUnannotated<T extends { id: string }>(it: T): Promise<T> {
    return Promise.resolve(it);
  }

  @Cacheable({ each: true, key: (id) => `item:${id}`, unless: (result) => result === null })
  async genericItems<T>(_ids: readonly string[]): Promise<T[]> {
    return client.call();
  }

  @Cacheable({ each: 'map', key: (id) => id, unless: (result) => result.draft })
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the case
  async anyItems(_ids: readonly string[]): Promise<Map<string, any>> {
    return client.call();
  }

  @Cacheable({ key: (...parts) => parts.join(':') })
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the case
  observableAny(_id: string): Observable<any> {
    return of(1);
  }

  @Cacheable({ unless: (result: unknown) => result === null })
  async unknown(): Promise<unknown> {
    return Promise.resolve();
  }
}
// The type of the class is the parameter's.
class Repository<E extends { id: string }> {
  @Cacheable({ key: (id: string) => id })
  async find(_id: string): Promise<E | undefined> {
    return client.call();
  }

  @Cacheable({ key: (id) => id, unless: (result) => result.id === '' })
  async unannotated(_id: string): Promise<E> {
    return client.call();
  }

  @CachePut({ resultKey: (it) => it.id })
  async insert(it: E): Promise<E> {
    return Promise.resolve(it);
  }

  @Cacheable({ each: true, key: (id: string) => id })
  async findAll(_ids: readonly string[]): Promise<(E | undefined)[]> {
    return client.call();
  }

  @CachePut({ key: (it) => it.id })
  async save(it: E): Promise<E> {
    return Promise.resolve(it);
  }

  @CacheEvict({ key: (it) => it.id })
  async remove(_it: E): Promise<void> {
    return Promise.resolve();
  }

  // @ts-expect-error -- the method's parameter is a text
  @Cacheable({ key: (id: number) => String(id) })
  async wrong(_id: string): Promise<E | undefined> {
    return client.call();
  }
}
expectTypeOf<Repository<Product>['find']>().returns.resolves.toEqualTypeOf<Product | undefined>();
expectTypeOf<Untyped['evictGenericUnannotated']>().toBeFunction();
class UntypedButWrong {
  // @ts-expect-error -- the parameter is a text, whatever the result is
  @Cacheable({ key: (id: number) => String(id) })
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the case
  async find(_id: string): Promise<any> {
    return client.call();
  }

  // @ts-expect-error -- two parameters
  @CachePut({ key: (id: string, page: number) => `${id}${String(page)}` })
  async put<T>(_id: string): Promise<T | undefined> {
    return client.call();
  }

  // @ts-expect-error -- the parameter is a text
  @CacheEvict({ key: (id: number) => String(id) })
  async evict<T>(_id: string): Promise<T | undefined> {
    return client.call();
  }

  // @ts-expect-error -- a generic method that returns at once
  @Cacheable()
  sync<T>(it: T): T[] {
    return [it];
  }
}
expectTypeOf<UntypedButWrong>().toHaveProperty('find');
expectTypeOf<Untyped['unannotated']>().parameters.toEqualTypeOf<[Product]>();

// T82: the instance is `this`, ttl and tags may come from the result.
class ByInstance {
  constructor(private readonly tenant: string) {}

  @Cacheable({
    key(this: ByInstance, id: string) {
      return `${this.tenant}:${id}`;
    },
    tags(this: ByInstance) {
      return [this.tenant];
    },
    condition(this: ByInstance, id: string) {
      return this.tenant !== id;
    },
    unless(this: ByInstance, result: Product) {
      return result.id === this.tenant;
    },
    ttl: (result: Product, id: string) => (result.id === id ? 5 : '5m'),
    resultTags: (result: Product) => [result.id],
  })
  async find(_id: string): Promise<Product> {
    return Promise.resolve(product);
  }

  @Cacheable<ByInstance['find']>({
    ttl: (result, id) => (result.price > 0 && id === '' ? 1 : undefined),
    resultTags: (result) => [result.id.trim()],
  })
  async named(_id: string): Promise<Product> {
    return Promise.resolve(product);
  }

  // @ts-expect-error -- another instance
  @Cacheable({
    key(this: Right) {
      return String(this.rest);
    },
  })
  async other(): Promise<Product> {
    return Promise.resolve(product);
  }

  // @ts-expect-error -- the result is a product
  @Cacheable({ ttl: (result: string) => result.length })
  async wrongTtl(): Promise<Product> {
    return Promise.resolve(product);
  }

  // @ts-expect-error -- the result is a product
  @CachePut({ key: 'k', resultTags: (result: string) => [result] })
  async wrongTags(): Promise<Product> {
    return Promise.resolve(product);
  }
}
expectTypeOf<ByInstance>().toHaveProperty('find');
// @ts-expect-error -- a life is a duration
Cacheable({ ttl: () => new Date() });
// @ts-expect-error -- the result is a method's own
CacheDefaults({ ttl: () => 5 });
// @ts-expect-error -- @CacheEvict stores nothing
CacheEvict({ key: 'k', unless: () => true });

// Keys from the result, for what is known only then.
class ByResult {
  constructor(private readonly tenant: string) {}

  @CachePut({
    resultKey(this: ByResult, result: Product, name: string) {
      return `${this.tenant}:${result.id}:${name}`;
    },
  })
  async put(_name: string): Promise<Product> {
    return Promise.resolve(product);
  }

  @CachePut({ resultKey: (it, name) => `${it.id}:${name}`, ttl: (it) => it.ttl, tags: (name) => [name.id] })
  async unannotated(_name: string): Promise<Product> {
    return Promise.resolve(product);
  }

  @CachePut<ByResult['named']>({ resultKey: (result, name) => `${result.id.trim()}:${name.trim()}` })
  async named(_name: string): Promise<Product> {
    return Promise.resolve(product);
  }

  @CacheEvict({
    resultKey: (it: Product) => [it.id],
    resultTags: (it: Product, name: string) => [it.id, name],
  })
  async evict(_name: string): Promise<Product> {
    return Promise.resolve(product);
  }

  @CacheEvict<ByResult['evictNamed']>({
    key: (name) => name,
    resultKey: (it) => it.id,
    resultTags: (it) => [it.id],
  })
  async evictNamed(_name: string): Promise<Product> {
    return Promise.resolve(product);
  }

  // @ts-expect-error -- the result is a product
  @CachePut({ resultKey: (result: string) => result })
  async wrongPut(): Promise<Product> {
    return Promise.resolve(product);
  }

  // @ts-expect-error -- another instance
  @CachePut({
    resultKey(this: Right) {
      return String(this.rest);
    },
  })
  async wrongThis(): Promise<Product> {
    return Promise.resolve(product);
  }

  // @ts-expect-error -- the result is a product
  @CacheEvict({ resultTags: (result: string) => [result] })
  async wrongEvict(): Promise<Product> {
    return Promise.resolve(product);
  }
}
expectTypeOf<ByResult>().toHaveProperty('put');
// @ts-expect-error -- a key is a text
CachePut({ resultKey: () => 1 });
// @ts-expect-error -- which of the two?
CachePut({ key: 'k', resultKey: () => 'k' });
// @ts-expect-error -- a function of the result
CachePut({ resultKey: 'k' });
// @ts-expect-error -- the key is needed before there is a result
Cacheable({ resultKey: () => 'k' });

// And hold it to them.
class Wrong {
  // @ts-expect-error -- the method's parameter is a text
  @Cacheable({ key: (id: number) => String(id) })
  async key(_id: string): Promise<number> {
    return Promise.resolve(1);
  }

  // @ts-expect-error -- the method has one parameter
  @Cacheable({ key: (id: string, page: number) => `${id}:${String(page)}` })
  async tooMany(_id: string): Promise<number> {
    return Promise.resolve(1);
  }

  // @ts-expect-error -- the result is a product
  @Cacheable({ unless: (result: string) => result === '' })
  async unless(_id: string): Promise<Product> {
    return Promise.resolve(product);
  }

  // @ts-expect-error -- what the Observable completes with is a product
  @Cacheable({ unless: (result: string) => result === '' })
  observable(): Observable<Product> {
    return of(product);
  }

  // @ts-expect-error -- unless gets the parameters after the result
  @Cacheable({ unless: (result: Product, page: number) => page === result.price })
  async unlessArguments(_id: string): Promise<Product> {
    return Promise.resolve(product);
  }

  // @ts-expect-error -- the parameter is a text
  @Cacheable({ condition: (id: number) => id > 0 })
  async condition(_id: string): Promise<number> {
    return Promise.resolve(1);
  }

  // @ts-expect-error -- the parameter is a text
  @CacheEvict({ tags: (id: Product) => [id.id] })
  async tags(_id: string): Promise<void> {
    return Promise.resolve();
  }

  // @ts-expect-error -- the parameter is a text
  @CacheEvict({ pattern: (id: Product) => id.id })
  async pattern(_id: string): Promise<void> {
    return Promise.resolve();
  }

  // @ts-expect-error -- the parameter is a text
  @CachePut({ key: (id: Product) => id.id })
  async put(_id: string): Promise<void> {
    return Promise.resolve();
  }

  // @ts-expect-error -- it returns at once, a cached method returns a promise
  @Cacheable()
  sync(): number {
    return 1;
  }

  // @ts-expect-error -- it may return at once
  @Cacheable()
  sometimesSync(): number | Promise<number> {
    return 1;
  }

  // @ts-expect-error -- an async iterable cannot be cached
  @Cacheable()
  async *generator(): AsyncGenerator<number> {
    yield await Promise.resolve(1);
  }

  // @ts-expect-error -- a property is no method
  @Cacheable()
  property = 1;
}
expectTypeOf<Wrong>().toHaveProperty('key');

// @ts-expect-error -- a key is a text
Cacheable({ key: () => 1 });
// @ts-expect-error -- a condition is true or false
Cacheable({ condition: () => 'yes' });
// @ts-expect-error -- no such option
Cacheable({ tll: 5 });
// @ts-expect-error -- no such option, beside one that there is
Cacheable({ key: 'k', tll: 5 });
// @ts-expect-error -- a list of them
Cacheable({ vary: 'user' });
// @ts-expect-error -- where would it be stored?
CachePut({});
// @ts-expect-error -- @CacheEvict stores nothing
CacheEvict({ key: 'k', ttl: 5 });

@CacheDefaults({
  cache: 'catalogue',
  namespace: 'products',
  ttl: '5m',
  tags: ['products'],
  vary: ['tenant'],
  lock: true,
})
class Defaults {}
expectTypeOf(new Defaults()).toBeObject();
// @ts-expect-error -- a key is a method's own
CacheDefaults({ key: 'k' });
// @ts-expect-error -- arguments are a method's own
CacheDefaults({ tags: (id: string) => [id] });
// @ts-expect-error -- the result is a method's own
CacheDefaults({ unless: () => true });

expectTypeOf<CacheDefaultsOptions>().not.toHaveProperty('key');
expectTypeOf<CachePutOptions>().toHaveProperty('key').not.toBeUndefined();
expectTypeOf<CacheableOptions['ttl']>().extract<number | string>().toEqualTypeOf<Ttl>();
expectTypeOf<CacheableOptions['vary']>().toEqualTypeOf<readonly string[] | undefined>();
expectTypeOf<CacheEvictOptions>().not.toHaveProperty('ttl');
expectTypeOf<Right['find']>().toExtend<AsyncMethod>();
expectTypeOf<Right['observable']>().toExtend<AsyncMethod>();

// Many items: the functions in the options know one item, and its value.
class Items {
  @Cacheable({
    each: true,
    key: (id: string, lang: string) => `product:${id}:${lang}`,
    tags: (id: string) => [`product-${id}`],
    unless: (result: Product, id: string) => result.id === id,
    ttl: (result: Product) => result.price,
    condition: (ids: readonly string[], lang: string) => ids.length > 0 && lang !== '',
    absent: 'null',
    chunkSize: 100,
    concurrency: 2,
  })
  async array(_ids: readonly string[], _lang: string): Promise<(Product | undefined)[]> {
    return Promise.resolve([product]);
  }

  @Cacheable({
    each: 'map',
    key: (id: number) => `product:${id}`,
    unless: (result: Product) => result.price < 0,
  })
  async map(_ids: number[]): Promise<Map<number, Product>> {
    return Promise.resolve(new Map());
  }

  @Cacheable<Items['named']>({
    each: true,
    key: (item) => item.id,
    unless: (result, item) => result.id === item.id,
  })
  async named(_items: readonly { id: string }[]): Promise<Product[]> {
    return Promise.resolve([product]);
  }

  @Cacheable({ each: true })
  async defaultKey(_ids: readonly string[]): Promise<Product[]> {
    return Promise.resolve([product]);
  }
}
expectTypeOf<Items['array']>().returns.resolves.toEqualTypeOf<(Product | undefined)[]>();

class WrongItems {
  // @ts-expect-error the first argument is no array
  @Cacheable({ each: true, key: (id: string) => id })
  async single(_id: string): Promise<Product[]> {
    return Promise.resolve([product]);
  }

  // @ts-expect-error the result is no array
  @Cacheable({ each: true, key: (id: string) => id })
  async one(_ids: string[]): Promise<Product> {
    return Promise.resolve(product);
  }

  // @ts-expect-error a Map needs each: 'map'
  @Cacheable({ each: true, key: (id: string) => id })
  async map(_ids: string[]): Promise<Map<string, Product>> {
    return Promise.resolve(new Map());
  }

  // @ts-expect-error an array needs each: true
  @Cacheable({ each: 'map', key: (id: string) => id })
  async array(_ids: string[]): Promise<Product[]> {
    return Promise.resolve([product]);
  }

  // @ts-expect-error a Map by something else than the items
  @Cacheable({ each: 'map', key: (id: string) => id })
  async otherKeys(_ids: string[]): Promise<Map<number, Product>> {
    return Promise.resolve(new Map());
  }

  // @ts-expect-error the key is a function of one item
  @Cacheable({ each: true, key: (ids: string[]) => ids.join() })
  async whole(_ids: string[]): Promise<Product[]> {
    return Promise.resolve([product]);
  }

  // @ts-expect-error no arguments
  @Cacheable({ each: true })
  async nothing(): Promise<Product[]> {
    return Promise.resolve([product]);
  }
}
expectTypeOf<WrongItems['one']>().returns.resolves.toEqualTypeOf<Product>();
