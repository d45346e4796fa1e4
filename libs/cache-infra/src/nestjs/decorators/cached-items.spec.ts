import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable, Logger, type Provider } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { lastValueFrom, Observable, of } from 'rxjs';

import { deferred, turn } from '../../../../../test/support/deferred.js';
import { Cache } from '../../cache/contract/cache.js';
import { InMemoryCache } from '../../cache/in-memory-cache.js';
import { ValidationError } from '../../base/errors.js';
import { Cacheable } from './cacheable.js';
import type { CacheableOptions } from './decorator-options.js';
import { cacheableKey } from './method-key.js';

const cache = new InMemoryCache({ maxSize: 100, defaultTtl: 60 });
const modules: TestingModule[] = [];
let warn: jest.SpiedFunction<Logger['warn']>;

beforeEach(() => {
  warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
});
afterEach(async () => {
  warn.mockRestore();
  for (const module of modules.splice(0)) await module.close();
  await cache.clear();
});

async function service<T>(type: new () => T, ...providers: Provider[]): Promise<T> {
  const module = await Test.createTestingModule({
    providers: [{ provide: Cache, useValue: cache }, type, ...providers],
  }).compile();
  modules.push(module);
  return module.get(type);
}

interface Product {
  readonly id: string;
  readonly price: number;
}

@Injectable()
class Products {
  asked: unknown[][] = [];
  gate: Promise<void> = Promise.resolve();

  @Cacheable({ each: true, key: (id: string, lang: string) => `product:${id}:${lang}` })
  async find(ids: readonly string[], lang: string): Promise<(Product | undefined)[]> {
    this.asked.push([...ids, lang]);
    await this.gate;
    return ids.map((id) => (id === 'none' ? undefined : { id, price: id.length }));
  }

  @Cacheable({ each: 'map', key: (id: number) => `number:${String(id)}` })
  async byNumber(ids: number[]): Promise<Map<number, string>> {
    this.asked.push([...ids]);
    return Promise.resolve(new Map(ids.filter((id) => id > 0).map((id) => [id, `#${String(id)}`])));
  }

  @Cacheable({ each: true, key: (id: string) => id, absent: 'null' })
  async orNull(ids: readonly string[]): Promise<(string | null | undefined)[]> {
    this.asked.push([...ids]);
    return Promise.resolve(ids.map(() => undefined));
  }

  @Cacheable({ each: true })
  async defaultKey(ids: readonly { id: string }[], lang: string): Promise<string[]> {
    this.asked.push([...ids, lang]);
    return Promise.resolve(ids.map(({ id }) => `${id} ${lang}`));
  }

  @Cacheable({
    each: true,
    key: (id: string) => id,
    tags: (id: string) => [`tag ${id}`],
    ttl: (result: Product) => result.price,
    resultTags: (result: Product) => [`price ${String(result.price)}`],
    unless: (result: Product) => result.price === 3,
  })
  async decided(ids: readonly string[]): Promise<Product[]> {
    this.asked.push([...ids]);
    return Promise.resolve(ids.map((id) => ({ id, price: id.length })));
  }

  @Cacheable({ each: true, key: (id: string) => id, chunkSize: 2 })
  async inChunks(ids: readonly string[]): Promise<string[]> {
    this.asked.push([...ids]);
    return Promise.resolve([...ids]);
  }

  @Cacheable({ each: true, key: (id: string) => id })
  async fails(ids: readonly string[]): Promise<string[]> {
    this.asked.push([...ids]);
    return Promise.reject(new RangeError('no'));
  }

  @Cacheable({ each: true, key: (id: string) => id })
  async wrongLength(ids: readonly string[]): Promise<string[]> {
    return Promise.resolve(ids.slice(1));
  }

  @Cacheable({ each: true, key: (id: string) => `functions:${id}` })
  async functions(ids: readonly string[]): Promise<(() => string)[]> {
    this.asked.push([...ids]);
    return Promise.resolve(ids.map((id) => () => id));
  }

  @Cacheable({ each: true, key: (id: string) => `tree:${id}` })
  async tree(ids: readonly string[]): Promise<string[]> {
    this.asked.push([...ids]);
    if (ids.includes('b')) return Promise.resolve([...ids]);
    // Its own item, and another one.
    const parents = await this.tree(['a', 'b']);
    return ids.map((id) => `${id} of ${parents.join('+')}`);
  }

  @Cacheable({ each: true, key: (id: string) => `observable:${id}` })
  observed(ids: readonly string[]): Observable<string[]> {
    this.asked.push([...ids]);
    return of([...ids]);
  }
}

describe('@Cacheable({ each })', () => {
  it('runs the method with the missing items only; the result has one value for each item', async () => {
    const products = await service(Products);
    await products.find(['a'], 'en');
    const found = await products.find(['b', 'a', 'none', 'b'], 'en');
    expect(found).toEqual([{ id: 'b', price: 1 }, { id: 'a', price: 1 }, undefined, { id: 'b', price: 1 }]);
    expect(products.asked).toEqual([
      ['a', 'en'],
      ['b', 'none', 'en'],
    ]);
    expect(await cache.get('product:b:en')).toEqual({ id: 'b', price: 1 });
  });

  it('the other arguments are part of the key', async () => {
    const products = await service(Products);
    await products.find(['a'], 'en');
    await products.find(['a'], 'de');
    expect(products.asked).toEqual([
      ['a', 'en'],
      ['a', 'de'],
    ]);
  });

  it('does not run the method if every item is cached, or if there is none', async () => {
    const products = await service(Products);
    await products.find(['a', 'b'], 'en');
    expect(await products.find(['b', 'a'], 'en')).toHaveLength(2);
    expect(await products.find([], 'en')).toEqual([]);
    expect(products.asked).toHaveLength(1);
  });

  it("each: 'map' returns a Map by item, in the order of the items", async () => {
    const products = await service(Products);
    await products.byNumber([2]);
    expect([...(await products.byNumber([3, 2, -1]))]).toEqual([
      [3, '#3'],
      [2, '#2'],
    ]);
    expect([...(await products.byNumber([2, 3]))]).toEqual([
      [2, '#2'],
      [3, '#3'],
    ]);
    expect(products.asked).toEqual([[2], [3, -1]]);
  });

  it("absent: 'null' stores null for items without a value", async () => {
    const products = await service(Products);
    expect(await products.orNull(['a', 'b'])).toEqual([null, null]);
    expect(await products.orNull(['a', 'b'])).toEqual([null, null]);
    expect(products.asked).toHaveLength(1);
  });

  it('default keys are those of a call with one item', async () => {
    const products = await service(Products);
    expect(await products.defaultKey([{ id: '1' }, { id: '2' }], 'en')).toEqual(['1 en', '2 en']);
    await products.defaultKey([{ id: '2' }, { id: '3' }], 'en');
    expect(products.asked[1]).toEqual([{ id: '3' }, 'en']);
    expect(await cache.get(cacheableKey(Products, 'defaultKey', [{ id: '1' }, 'en']))).toBe('1 en');
  });

  it('tags, ttl, resultTags and unless are functions of one item and its value', async () => {
    const products = await service(Products);
    await products.decided(['a', 'bb', 'ccc']);
    expect([await cache.ttl('a'), await cache.ttl('bb'), await cache.has('ccc')]).toEqual([1, 2, false]);
    await cache.invalidateTags('tag a');
    expect(await cache.has('a')).toBe(false);
    await cache.invalidateTags('price 2');
    expect(await cache.has('bb')).toBe(false);
  });

  it('chunkSize: at most so many items in one run', async () => {
    const products = await service(Products);
    expect(await products.inChunks(['a', 'b', 'c'])).toEqual(['a', 'b', 'c']);
    expect(products.asked).toEqual([['a', 'b'], ['c']]);
  });

  it('calls at the same time share the runs of their items', async () => {
    const products = await service(Products);
    const gate = deferred();
    products.gate = gate.promise;
    const calls = [products.find(['a', 'b'], 'en'), products.find(['b', 'c'], 'en')];
    await turn();
    gate.resolve();
    expect((await Promise.all(calls)).flat()).toHaveLength(4);
    expect(products.asked).toEqual([
      ['a', 'b', 'en'],
      ['c', 'en'],
    ]);
  });

  it('a method that throws runs once, and its error reaches the caller as it is', async () => {
    const products = await service(Products);
    await expect(products.fails(['a', 'b'])).rejects.toThrow(RangeError);
    expect(products.asked).toEqual([['a', 'b']]);
  });

  it('an array of another length is an error that names the method and both lengths', async () => {
    const products = await service(Products);
    await expect(products.wrongLength(['a', 'b'])).rejects.toThrow(
      'Products.wrongLength got 2 items and returned 1 values',
    );
  });

  it('values that cannot be stored are returned, with one warning', async () => {
    const products = await service(Products);
    const [one] = await products.functions(['a', 'b']);
    expect(one?.()).toBe('a');
    expect(products.asked).toHaveLength(1);
    expect(warn.mock.calls.flat()).toEqual([expect.stringContaining('Products.functions runs uncached')]);
  });

  it('a method that calls itself for an item that it is loading runs without the cache', async () => {
    const products = await service(Products);
    expect(await products.tree(['a', 'c'])).toEqual(['a of a+b', 'c of a+b']);
  });

  it('a method that returns an Observable', async () => {
    const products = await service(Products);
    expect(await lastValueFrom(products.observed(['a']))).toEqual(['a']);
    expect(await lastValueFrom(products.observed(['a', 'b']))).toEqual(['a', 'b']);
    expect(products.asked).toEqual([['a'], ['b']]);
  });

  it('another first argument than an array is an error', async () => {
    const products = await service(Products);
    await expect(products.find('a' as never, 'en')).rejects.toThrow('must be an array, got "a"');
  });

  it('an instance created with new runs uncached', async () => {
    const products = new Products();
    await products.find(['a'], 'en');
    await products.find(['a'], 'en');
    expect(products.asked).toHaveLength(2);
  });
});

describe('the options of each', () => {
  it.each<[string, object, string]>([
    ['each', { each: 'array' }, "each must be true or 'map'"],
    ['absent', { each: true, absent: 'none' }, 'absent'],
    ['chunkSize', { each: true, chunkSize: 0 }, 'chunkSize'],
    ['concurrency', { each: true, concurrency: 1.5 }, 'concurrency'],
    ['absent alone', { absent: 'null' }, "absent needs each: true (or 'map')"],
    ['a constant key', { each: true, key: 'one' }, 'key must be a function of one item'],
  ])('%s: wrong options are refused when the class is defined', (_, options, words) => {
    expect(() => Cacheable(options as CacheableOptions)).toThrow(ValidationError);
    expect(() => Cacheable(options as CacheableOptions)).toThrow(words);
  });
});
