import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';

import { Cache } from '../../cache/contract/cache.js';
import { InMemoryCache } from '../../cache/in-memory-cache.js';
import { CacheEvict } from './cache-evict.js';
import { CachePut } from './cache-put.js';
import { Cacheable } from './cacheable.js';
import { CacheDefaults } from './class-defaults.js';
import { getCacheToken } from '../registry/tokens.js';

const cache = new InMemoryCache({ defaultTtl: 60 });
const other = new InMemoryCache({ name: 'other' });
const modules: TestingModule[] = [];
afterEach(async () => {
  for (const module of modules.splice(0)) await module.close();
  await cache.clear();
  await other.clear();
});

async function provide<T>(type: new () => T): Promise<T> {
  const module = await Test.createTestingModule({
    providers: [
      { provide: Cache, useValue: cache },
      { provide: getCacheToken('other'), useValue: other },
      type as never,
    ],
  }).compile();
  modules.push(module);
  return module.get(type);
}

const secondsLeft = async (of: Cache, key: string) => Math.round((await of.ttl(key)) ?? 0);

@CacheDefaults({ namespace: 'shop', ttl: '5m', tags: ['shop'] })
@Injectable()
class Shop {
  @Cacheable({ key: 'a' })
  async byDefault(): Promise<number> {
    return Promise.resolve(1);
  }

  @Cacheable({ key: 'b', ttl: '10s', tags: ['b'], namespace: 'mine' })
  async byItself(): Promise<number> {
    return Promise.resolve(2);
  }

  @CachePut({ key: 'a' })
  async put(value: number): Promise<number> {
    return Promise.resolve(value);
  }

  @CacheEvict({ key: 'a' })
  async evict(): Promise<void> {
    return Promise.resolve();
  }

  @CacheEvict({ key: 'c' })
  async evictOther(): Promise<void> {
    return Promise.resolve();
  }
}

@CacheDefaults({ cache: 'other', ttl: undefined })
@Injectable()
class Corner extends Shop {}

describe('@CacheDefaults', () => {
  it('sets options that a method does not set', async () => {
    await (await provide(Shop)).byDefault();
    expect(await secondsLeft(cache.namespace('shop'), 'a')).toBe(300);
    await cache.invalidateTags('shop');
    expect(await cache.namespace('shop').has('a')).toBe(false);
  });

  it('does not override options that a method sets', async () => {
    await (await provide(Shop)).byItself();
    expect(await secondsLeft(cache.namespace('mine'), 'b')).toBe(10);
    await cache.invalidateTags('shop');
    expect(await cache.namespace('mine').has('b')).toBe(true);
  });

  it('applies to @CachePut and @CacheEvict too', async () => {
    const shop = await provide(Shop);
    await shop.put(7);
    expect(await shop.byDefault()).toBe(7);
    await shop.evict();
    expect(await shop.byDefault()).toBe(1);
  });

  it('sets cache and namespace of @CacheEvict, not the entries to evict', async () => {
    const shop = await provide(Shop);
    await shop.byDefault();
    await shop.evictOther();
    expect(await cache.namespace('shop').has('a')).toBe(true);
  });

  it('is inherited, and a subclass overrides it, for inherited methods too', async () => {
    await (await provide(Corner)).byDefault();
    expect(await secondsLeft(other.namespace('shop'), 'a')).toBe(300);
    expect(await cache.namespace('shop').has('a')).toBe(false);
  });

  it('stands above or below @Injectable()', async () => {
    @Injectable()
    @CacheDefaults({ ttl: '2m' })
    class Below {
      @Cacheable({ key: 'below' })
      async find(): Promise<number> {
        return Promise.resolve(1);
      }
    }
    await (await provide(Below)).find();
    expect(await secondsLeft(cache, 'below')).toBe(120);
  });

  it('refuses wrong options, and those that belong to a method, all at once', () => {
    const wrong = () => CacheDefaults({ ttl: -1, key: 'k', tags: () => ['t'], vary: 'user' } as never);
    expect(wrong).toThrow(/^@CacheDefaults\(\): ttl must be/);
    for (const words of [
      'key is not a known option',
      'tags must be a list',
      'vary must be a list of fact names',
    ]) {
      expect(wrong).toThrow(words);
    }
  });

  it('refuses anything but a class', () => {
    const onMethod = CacheDefaults({ ttl: 1 }) as unknown as (...args: unknown[]) => void;
    expect(() => onMethod(Shop.prototype, 'evict', {})).toThrow('@CacheDefaults() belongs on a class');
  });
});
