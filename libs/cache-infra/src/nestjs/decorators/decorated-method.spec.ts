import { Readable } from 'node:stream';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  concat,
  delay,
  firstValueFrom,
  lastValueFrom,
  NEVER,
  Observable,
  of,
  throwError,
  toArray,
} from 'rxjs';

import { Cache } from '../../cache/contract/cache.js';
import { InMemoryCache } from '../../cache/in-memory-cache.js';
import { CacheEvict } from './cache-evict.js';
import { CachePut } from './cache-put.js';
import { Cacheable } from './cacheable.js';

let cache: InMemoryCache;
let module: TestingModule;

@Injectable()
class Feed {
  runs = 0;

  @Cacheable({ key: (id: string) => `price:${id}`, unless: (result: number) => result > 100 })
  price(_id: string): Observable<number> {
    return new Observable<number>((subscriber) => {
      this.runs += 1;
      subscriber.next(-1);
      subscriber.next(this.runs);
      subscriber.complete();
    });
  }

  @Cacheable({ key: 'empty' })
  empty(): Observable<never> {
    this.runs += 1;
    return new Observable((subscriber) => subscriber.complete());
  }

  @Cacheable({ key: 'fails' })
  fails(): Observable<never> {
    this.runs += 1;
    return throwError(() => new RangeError('no'));
  }

  @Cacheable({ key: 'slow' })
  slow(): Observable<number> {
    this.runs += 1;
    return of(this.runs).pipe(delay(1));
  }

  @CachePut({ key: (id: string) => `price:${id}` })
  put(_id: string, value: number): Observable<number> {
    return of(value);
  }

  @CacheEvict({ key: (id: string) => `price:${id}` })
  drop(id: string): Observable<string> {
    return of(id);
  }

  @Cacheable({ key: 'hidden' })
  hidden(): ReturnType<Feed['price']> | Promise<number> {
    return of(1);
  }

  @Cacheable({ condition: () => false })
  open(): Observable<number> {
    return concat(of(1, 2), NEVER);
  }
}

beforeEach(async () => {
  cache = new InMemoryCache();
  module = await Test.createTestingModule({
    providers: [{ provide: Cache, useValue: cache }, Feed],
  }).compile();
});
afterEach(async () => {
  await module.close();
  await cache.close();
});

describe('a decorated method that returns an Observable', () => {
  it('returns an Observable of the last value, from the cache the second time', async () => {
    const feed = module.get(Feed);
    expect(feed.price('1')).toBeInstanceOf(Observable);
    await expect(lastValueFrom(feed.price('1').pipe(toArray()))).resolves.toEqual([1]);
    await expect(lastValueFrom(feed.price('1').pipe(toArray()))).resolves.toEqual([1]);
    expect(feed.runs).toBe(1);
    await expect(cache.get('price:1')).resolves.toBe(1);
  });

  it('runs nothing before a subscription, and reads the cache at every subscription', async () => {
    const feed = module.get(Feed);
    const price = feed.price('1');
    expect(feed.runs).toBe(0);
    await lastValueFrom(price);
    await cache.delete('price:1');
    await expect(lastValueFrom(price)).resolves.toBe(2);
  });

  it('serves an entry of another process before its first run', async () => {
    await cache.set('price:9', 9);
    await expect(firstValueFrom(module.get(Feed).price('9'))).resolves.toBe(9);
    expect(module.get(Feed).runs).toBe(0);
  });

  it('that completes without a value: emits undefined and stores nothing', async () => {
    await expect(lastValueFrom(module.get(Feed).empty())).resolves.toBeUndefined();
    await expect(cache.has('empty')).resolves.toBe(false);
  });

  it('that fails: fails once, and stores nothing', async () => {
    const feed = module.get(Feed);
    await expect(lastValueFrom(feed.fails())).rejects.toThrow(new RangeError('no'));
    expect(feed.runs).toBe(1);
  });

  it('puts and evicts when its own has completed', async () => {
    const feed = module.get(Feed);
    await lastValueFrom(feed.put('1', 42));
    await expect(lastValueFrom(feed.price('1'))).resolves.toBe(42);
    await expect(lastValueFrom(feed.drop('1'))).resolves.toBe('1');
    await expect(cache.has('price:1')).resolves.toBe(false);
  });

  it('is passed through unchanged if nothing is cached', async () => {
    await expect(firstValueFrom(new Feed().price('1'))).resolves.toBe(-1);
    await expect(firstValueFrom(module.get(Feed).open())).resolves.toBe(1);
  });

  it('without declaring it: the warning says to declare it', async () => {
    await expect(module.get(Feed).hidden()).rejects.toThrow(
      'Feed.hidden returns an Observable that it does not declare: declare Observable as the return type, and import it as a value',
    );
  });
});

describe('a decorated generator', () => {
  async function* two() {
    yield await Promise.resolve(1);
    yield 2;
  }

  it.each([
    ['an async iterable', () => two()],
    ['a stream', () => Readable.from(['a'])],
  ])('is refused, and the error says what to write: %s', async (_, make) => {
    @Injectable()
    class Pages {
      @Cacheable({ key: 'pages' })
      async pages(): Promise<object> {
        return Promise.resolve(make());
      }
    }
    const pages = await Test.createTestingModule({
      providers: [{ provide: Cache, useValue: cache }, Pages],
    }).compile();
    await expect(pages.get(Pages).pages()).rejects.toThrow(
      'Pages.pages returns an async iterable or a stream, which cannot be cached: return a promise of all its values',
    );
    await pages.close();
  });

  it('does not compile either', () => {
    class Typed {
      // @ts-expect-error -- an async iterable
      @Cacheable()
      direct(): AsyncIterable<number> {
        return two();
      }
      // A promise of one compiles: the call refuses it.
      @Cacheable()
      async promised(): Promise<AsyncIterable<number>> {
        return Promise.resolve(two());
      }
    }
    expect(Typed.name).toBe('Typed');
  });
});

describe('several decorators on one method', () => {
  @Injectable()
  class Shop {
    runs = 0;

    @CacheEvict({ key: 'list' })
    @CacheEvict({ tags: ['stock'] })
    @CachePut({ key: (id: string) => `product:${id}`, ttl: '1m' })
    async save(id: string): Promise<string> {
      this.runs += 1;
      return Promise.resolve(`${id} ${String(this.runs)}`);
    }

    @Cacheable({ key: 'outer' })
    @Cacheable({ namespace: 'inner', key: 'inner' })
    async twice(): Promise<number> {
      this.runs += 1;
      return Promise.resolve(this.runs);
    }

    @Cacheable({ key: 'same' })
    @Cacheable({ key: 'same' })
    async same(): Promise<number> {
      return Promise.resolve(1);
    }

    @CacheEvict({ key: 'list', condition: (really: boolean) => really })
    @Cacheable({ key: 'conditional' })
    async conditional(_really: boolean): Promise<number> {
      this.runs += 1;
      return Promise.resolve(this.runs);
    }
  }
  let shop: Shop;
  beforeEach(async () => {
    const own = await Test.createTestingModule({
      providers: [{ provide: Cache, useValue: cache }, Shop],
    }).compile();
    shop = own.get(Shop);
    await cache.set('list', ['old']);
    await cache.set('count', 1, { tags: ['stock'] });
  });

  it('all take effect, around one run', async () => {
    await expect(shop.save('1')).resolves.toBe('1 1');
    expect(shop.runs).toBe(1);
    await expect(cache.get('product:1')).resolves.toBe('1 1');
    expect([...(await cache.getMany(['list', 'count'])).keys()]).toEqual([]);
  });

  it('two @Cacheable: the outer is read first, and the inner on its miss', async () => {
    await shop.twice();
    await cache.delete('outer');
    await expect(shop.twice()).resolves.toBe(1);
    await expect(cache.get('outer')).resolves.toBe(1);
  });

  it('two @Cacheable of one key: neither waits for the other', async () => {
    await expect(shop.same()).resolves.toBe(1);
  });

  it('each has its own condition', async () => {
    await shop.conditional(false);
    await expect(cache.has('list')).resolves.toBe(true);
    await shop.conditional(true);
    await expect(cache.has('list')).resolves.toBe(false);
    expect(shop.runs).toBe(1);
  });
});
