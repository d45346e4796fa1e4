import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable, Logger } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';

import { Cache } from '../../cache/contract/cache.js';
import { InMemoryCache } from '../../cache/in-memory-cache.js';
import { CacheEvict } from './cache-evict.js';
import { CachePut } from './cache-put.js';

let cache: InMemoryCache;
let module: TestingModule;
let service: Shop;
let warn: jest.SpiedFunction<Logger['warn']>;

@Injectable()
class Shop {
  fail = false;
  async #work<T>(value: T): Promise<T> {
    if (this.fail) throw new Error('no');
    return Promise.resolve(value);
  }

  @CacheEvict({ key: (id: string) => `product:${id}` })
  async remove(id: string): Promise<string> {
    return this.#work(id);
  }

  @CacheEvict({ key: (...ids: string[]) => ids.map((id) => `product:${id}`) })
  async removeAll(...ids: string[]): Promise<number> {
    return this.#work(ids.length);
  }

  @CacheEvict({ tags: (shop: string) => [`shop-${shop}`] })
  async close(shop: string): Promise<string> {
    return this.#work(shop);
  }

  @CacheEvict({ tags: ['lists'], key: 'menu' })
  async reorder(): Promise<void> {
    return this.#work(undefined);
  }

  @CacheEvict({ pattern: 'product:*' })
  async reprice(): Promise<void> {
    return this.#work(undefined);
  }

  @CacheEvict({ allEntries: true })
  async reset(): Promise<void> {
    return this.#work(undefined);
  }

  @CacheEvict({ key: 'menu', tags: ['lists'], markStale: true })
  async age(): Promise<void> {
    return this.#work(undefined);
  }

  @CacheEvict({ key: 'menu', beforeInvocation: true })
  async rewrite(): Promise<void> {
    return this.#work(undefined);
  }

  @CacheEvict({ key: 'menu', condition: (really: boolean) => really })
  async maybe(_really: boolean): Promise<void> {
    return this.#work(undefined);
  }

  @CacheEvict({ key: () => undefined as never })
  async badKey(): Promise<void> {
    return this.#work(undefined);
  }

  @CacheEvict({
    key: 'menu',
    resultKey: (found, slug) => (found.id === '2' ? ['product:2', `slug:${slug}`] : `product:${found.id}`),
  })
  async removeBySlug(slug: string, id: string): Promise<{ id: string }> {
    return this.#work({ id, slug });
  }

  @CacheEvict({
    resultTags(this: Shop, shop: string) {
      return this.fail ? [] : [`shop-${shop}`];
    },
  })
  async sell(shop: string): Promise<string> {
    return this.#work(shop);
  }

  @CacheEvict({ key: 'menu', resultKey: (it) => it.length.toFixed() })
  async breaks(): Promise<string | undefined> {
    return this.#work(undefined);
  }

  @CachePut({
    key: (id: string) => `product:${id}`,
    ttl: 60,
    tags: ['lists'],
    unless: (result: string) => result === 'draft',
  })
  async rename(_id: string, name: string): Promise<string> {
    return this.#work(name);
  }

  @CachePut({ key: 'gone' })
  async vanish(): Promise<undefined> {
    return this.#work(undefined);
  }

  @CachePut({ key: 'function' })
  async makeFunction(): Promise<() => number> {
    return this.#work(() => 1);
  }
}

beforeEach(async () => {
  cache = new InMemoryCache();
  warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  module = await Test.createTestingModule({
    providers: [{ provide: Cache, useValue: cache }, Shop],
  }).compile();
  service = module.get(Shop);
  await cache.set('product:1', 'lamp', { tags: ['shop-a', 'lists'] });
  await cache.set('product:2', 'desk', { tags: ['shop-b'] });
  await cache.set('menu', ['lamp']);
});

afterEach(async () => {
  warn.mockRestore();
  await module.close();
  await cache.close();
});

const left = async (): Promise<string[]> => [
  ...(await cache.getMany(['product:1', 'product:2', 'menu'])).keys(),
];

describe('@CacheEvict', () => {
  it('evicts a key after the method, whose result the caller gets', async () => {
    await expect(service.remove('1')).resolves.toBe('1');
    await expect(left()).resolves.toEqual(['product:2', 'menu']);
  });

  it('evicts several keys', async () => {
    await service.removeAll('1', '2');
    await expect(left()).resolves.toEqual(['menu']);
  });

  it('evicts by tags made from the arguments', async () => {
    await service.close('b');
    await expect(left()).resolves.toEqual(['product:1', 'menu']);
  });

  it('evicts by tags and key together', async () => {
    await service.reorder();
    await expect(left()).resolves.toEqual(['product:2']);
  });

  it('markStale: entries are stale, and go where they have no grace', async () => {
    await cache.set('product:1', 'lamp', { tags: ['lists'], grace: 60 });
    await cache.set('product:2', 'desk', { tags: ['lists'] });
    await cache.set('menu', ['lamp'], { grace: 60 });
    await service.age();
    await expect(left()).resolves.toEqual([]);
    const down = (): never => {
      throw new Error('down');
    };
    await expect(cache.getOrSet('menu', down)).resolves.toEqual(['lamp']);
    await expect(cache.getOrSet('product:1', down)).resolves.toBe('lamp');
    await expect(cache.getOrSet('product:2', down)).rejects.toThrow('down');
  });

  it('evicts by pattern', async () => {
    await service.reprice();
    await expect(left()).resolves.toEqual(['menu']);
  });

  it('evicts all entries', async () => {
    await service.reset();
    await expect(left()).resolves.toEqual([]);
  });

  it('evicts nothing when the method fails', async () => {
    service.fail = true;
    await expect(service.remove('1')).rejects.toThrow('no');
    await expect(left()).resolves.toContain('product:1');
  });

  it('evicts keys made from the result', async () => {
    await expect(service.removeBySlug('lamp', '1')).resolves.toMatchObject({ id: '1' });
    expect(await left()).toEqual(['product:2']);
    await cache.set('slug:desk', 1);
    await service.removeBySlug('desk', '2');
    expect(await left()).toEqual([]);
    expect(await cache.has('slug:desk')).toBe(false);
  });

  it('evicts by tags made from the result', async () => {
    await service.sell('a');
    expect(await left()).toEqual(['product:2', 'menu']);
  });

  it('a function of the result that throws: evicts the rest, and the caller gets the result', async () => {
    await expect(service.breaks()).resolves.toBeUndefined();
    await service.breaks();
    expect(await left()).toEqual(['product:1', 'product:2']);
    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(/^Shop.breaks does not evict by its result: .* threw TypeError: /)],
    ]);
  });

  it('refuses functions of the result before there is one', () => {
    expect(() => CacheEvict({ resultKey: () => 'a', beforeInvocation: true })).toThrow(
      '@CacheEvict(): resultKey needs the result, which beforeInvocation does not wait for',
    );
    expect(() => CacheEvict({ key: 'a', resultTags: () => ['a'], beforeInvocation: true })).toThrow(
      '@CacheEvict(): resultTags needs the result',
    );
  });

  it('beforeInvocation: evicts also when the method fails', async () => {
    service.fail = true;
    await expect(service.rewrite()).rejects.toThrow('no');
    await expect(left()).resolves.not.toContain('menu');
  });

  it('condition false: evicts nothing', async () => {
    await service.maybe(false);
    await expect(left()).resolves.toContain('menu');
    await service.maybe(true);
    await expect(left()).resolves.not.toContain('menu');
  });

  it('refuses a bad key before the method runs', async () => {
    service.fail = true;
    await expect(service.badKey()).rejects.toThrow(
      'key of Shop.badKey must return a non-empty string, returned undefined',
    );
  });

  it('runs the method when the cache was closed', async () => {
    await cache.close();
    await expect(service.remove('1')).resolves.toBe('1');
  });

  it('rejects if the cache failed to evict, after it tried everything', async () => {
    jest.spyOn(cache, 'deleteMany').mockRejectedValue(new Error('away'));
    await expect(service.reorder()).rejects.toThrow('away');
    await expect(left()).resolves.not.toContain('product:1');
  });

  it('refuses options without anything to evict', () => {
    expect(() => CacheEvict({})).toThrow(
      '@CacheEvict(): nothing to evict: give key, tags, pattern or allEntries',
    );
    expect(() => CacheEvict({ allEntries: false })).toThrow('nothing to evict');
    expect(() => CacheEvict({ pattern: 'a*', markStale: true })).toThrow(
      '@CacheEvict(): markStale is for keys and tags: pattern removes',
    );
    expect(() => CacheEvict({ allEntries: true, markStale: true })).toThrow('allEntries removes');
  });
});

describe('@CachePut', () => {
  it('runs every time and stores the result', async () => {
    await service.rename('1', 'chair');
    await service.rename('1', 'sofa');
    await expect(cache.get('product:1')).resolves.toBe('sofa');
    await cache.invalidateTags('lists');
    await expect(cache.has('product:1')).resolves.toBe(false);
  });

  it('unless true: keeps the stored value', async () => {
    await expect(service.rename('1', 'draft')).resolves.toBe('draft');
    await expect(cache.get('product:1')).resolves.toBe('lamp');
  });

  it('stores neither undefined nor failures', async () => {
    await service.vanish();
    await expect(cache.has('gone')).resolves.toBe(false);
    service.fail = true;
    await expect(service.rename('1', 'x')).rejects.toThrow('no');
    await expect(cache.get('product:1')).resolves.toBe('lamp');
  });

  it('returns a result that no cache can store, and warns', async () => {
    expect((await service.makeFunction())()).toBe(1);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('Shop.makeFunction runs uncached'));
  });

  it('requires a key', () => {
    expect(() => CachePut({} as { key: string })).toThrow('@CachePut(): key is required');
  });
});
