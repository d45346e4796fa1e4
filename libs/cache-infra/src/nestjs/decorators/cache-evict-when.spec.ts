import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable, Logger } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';

import { Cache } from '../../cache/contract/cache.js';
import { deferInvalidations } from '../../cache/deferred-invalidations.js';
import { CacheInfraModule } from '../module/cache-infra.module.js';
import type { CacheInfraConfig } from '../module/module-options.js';
import { CacheEvict } from './cache-evict.js';
import { CachePut } from './cache-put.js';
import { Cacheable } from './cacheable.js';

let module: TestingModule | undefined;
let warn: jest.SpiedFunction<Logger['warn']>;

@Injectable()
class Shop {
  stored = 'old';

  @Cacheable({ key: 'key', tags: ['tag'] })
  async find(): Promise<string> {
    return Promise.resolve(this.stored);
  }

  @CacheEvict({ key: 'key', tags: ['tag'] })
  async update(): Promise<void> {
    return Promise.resolve();
  }

  @CacheEvict({ key: 'key', beforeInvocation: true })
  async updateAndFind(): Promise<string> {
    this.stored = 'new';
    return this.find();
  }

  @CacheEvict({ key: 'key', when: 'commit' })
  async updateInTransaction(): Promise<void> {
    return Promise.resolve();
  }

  @CacheEvict({ key: 'key', when: 'now' })
  async updateNow(): Promise<void> {
    return Promise.resolve();
  }

  @CachePut({ key: 'key' })
  async put(value: string): Promise<string> {
    return Promise.resolve(value);
  }
}

async function started(options: CacheInfraConfig = {}): Promise<{ shop: Shop; cache: Cache }> {
  module = await Test.createTestingModule({
    imports: [CacheInfraModule.forRoot(options)],
    providers: [Shop],
  }).compile();
  await module.init();
  const [shop, cache] = [module.get(Shop), module.get(Cache)];
  await shop.find();
  return { shop, cache };
}

const left = (cache: Cache): Promise<unknown> => cache.get('key');

/** What the cache holds at the end of the scope, and after it. */
async function around(cache: Cache, update: () => Promise<unknown>): Promise<unknown[]> {
  const seen: unknown[] = [];
  await deferInvalidations(async () => {
    await update();
    // A scope of its own sees the cache as callers outside do.
    await deferInvalidations(async () => seen.push(await left(cache)), { separate: true });
  });
  return [...seen, await left(cache)];
}

beforeEach(() => {
  warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
});
afterEach(async () => {
  warn.mockRestore();
  await module?.close();
});

describe('@CacheEvict in a scope', () => {
  it.each(['update', 'updateInTransaction', 'updateAndFind'] as const)(
    '%s evicts when the scope resolves',
    async (method) => {
      const { shop, cache } = await started();
      expect(await around(cache, () => shop[method]())).toEqual(['old', undefined]);
      expect(warn).not.toHaveBeenCalled();
    },
  );

  it('evicts nothing when the scope rejects', async () => {
    const { shop, cache } = await started();
    const failed = async (): Promise<void> => {
      await shop.update();
      throw new Error('rolled back');
    };
    await expect(deferInvalidations(failed)).rejects.toThrow('rolled back');
    expect(await left(cache)).toBe('old');
  });

  it("when: 'now' evicts at once", async () => {
    const { shop, cache } = await started();
    expect(await around(cache, () => shop.updateNow())).toEqual([undefined, undefined]);
  });

  it('with beforeInvocation the method itself reads past the cache', async () => {
    const { shop } = await started();
    expect(await deferInvalidations(() => shop.updateAndFind())).toBe('new');
  });

  it('@CachePut evicts when the scope resolves: its value was not committed', async () => {
    const { shop, cache } = await started();
    expect(await around(cache, () => shop.put('new'))).toEqual(['old', undefined]);
  });

  it('@Cacheable stores nothing', async () => {
    const { shop, cache } = await started();
    await cache.delete('key');
    expect(await around(cache, () => shop.find())).toEqual([undefined, undefined]);
  });
});

describe('@CacheEvict outside of a scope', () => {
  it('evicts at once', async () => {
    const { shop, cache } = await started();
    await shop.update();
    expect(await left(cache)).toBeUndefined();
    expect(warn).not.toHaveBeenCalled();
  });

  it("when: 'commit' evicts at once, and warns once", async () => {
    const { shop, cache } = await started();
    await shop.updateInTransaction();
    await shop.updateInTransaction();
    expect(await left(cache)).toBeUndefined();
    expect(warn.mock.calls).toEqual([
      [
        'Shop.updateInTransaction evicts at once: it is called outside of deferInvalidations(), so there is no commit to wait for',
      ],
    ]);
  });
});

describe('the module option evictions', () => {
  it("'commit': every method warns outside of a scope, unless it says 'now'", async () => {
    const { shop, cache } = await started({ evictions: 'commit' });
    await shop.updateNow();
    expect(warn).not.toHaveBeenCalled();
    expect(await around(cache, () => shop.update())).toEqual([undefined, undefined]);
    await shop.update();
    expect(warn.mock.calls).toEqual([[expect.stringContaining('.update evicts at once')]]);
  });

  it("'now': evictions take effect in the scope, unless the method says 'commit'", async () => {
    const { shop, cache } = await started({ evictions: 'now' });
    expect(await around(cache, () => shop.updateInTransaction())).toEqual(['old', undefined]);
    await shop.find();
    expect(await around(cache, () => shop.update())).toEqual([undefined, undefined]);
  });

  it('applies to the other caches of the module', async () => {
    @Injectable()
    class OfOther {
      @CacheEvict({ cache: 'other', key: 'key' })
      async update(): Promise<void> {
        return Promise.resolve();
      }
    }
    module = await Test.createTestingModule({
      imports: [CacheInfraModule.forRoot({ evictions: 'commit', caches: { other: {} } })],
      providers: [OfOther],
    }).compile();
    await module.init();
    await module.get(OfOther).update();
    expect(warn.mock.calls).toEqual([[expect.stringContaining('OfOther.update evicts at once')]]);
  });

  it('refuses other values', async () => {
    await expect(started({ evictions: 'later' as never })).rejects.toThrow(
      "evictions must be one of 'now', 'commit'",
    );
    expect(() => CacheEvict({ key: 'key', when: 'later' as never })).toThrow(
      "when must be one of 'now', 'commit'",
    );
  });
});
