import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable, Logger, type Provider } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';

import { ManualClock } from '../../../../../test/support/manual-clock.js';
import { Cache } from '../../cache/contract/cache.js';
import { InMemoryCache } from '../../cache/in-memory-cache.js';
import { withChaos } from '../../testing/chaos-cache.js';
import { CacheSpy } from '../../testing/cache-spy.js';
import { CacheVaryProvider } from '../registry/cache-facts.js';
import { CachePut } from './cache-put.js';
import { Cacheable } from './cacheable.js';
import { factsOf } from '../vary/facts-lookup.js';
import { ModuleRef } from '@nestjs/core';

let cache: InMemoryCache;
let warn: jest.SpiedFunction<Logger['warn']>;
const modules: TestingModule[] = [];
const warnings = (): unknown[] => warn.mock.calls.map(([message]) => message as unknown);

beforeEach(() => {
  cache = new InMemoryCache({ advanced: { clock: new ManualClock() } });
  warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
});
afterEach(async () => {
  warn.mockRestore();
  for (const module of modules.splice(0)) await module.close();
  await cache.close();
});

async function compile(provided: unknown, ...providers: Provider[]): Promise<TestingModule> {
  const module = await Test.createTestingModule({
    providers: [{ provide: Cache, useValue: provided }, ...providers],
  }).compile();
  modules.push(module);
  return module;
}

interface Order {
  readonly id: string;
  readonly lines: readonly string[];
  readonly ttl?: number | string;
}

const broken = (): boolean => {
  throw new TypeError('it has no lines');
};

describe('a function of the options that throws after the work is done', () => {
  @Injectable()
  class Orders {
    saved = 0;

    @CachePut({ key: (it) => it.id, unless: broken })
    async save(order: Order): Promise<Order> {
      this.saved += 1;
      return Promise.resolve(order);
    }

    @CachePut({ key: (it) => it.id, resultTags: () => [''] })
    async saveTagged(order: Order): Promise<Order> {
      return Promise.resolve(order);
    }

    @CachePut({ key: (it) => it.id, ttl: (it) => it.ttl })
    async saveFor(order: Order): Promise<Order> {
      return Promise.resolve(order);
    }

    @Cacheable({ key: (id: string) => id, unless: broken })
    async find(id: string): Promise<Order> {
      this.saved += 1;
      return Promise.resolve({ id, lines: [] });
    }

    @Cacheable({ ttl: () => Number.NaN })
    async forever(): Promise<number> {
      return Promise.resolve(1);
    }
  }
  const order: Order = { id: '1', lines: [] };

  it('T71: @CachePut returns the result, does not store it, and warns once', async () => {
    const orders = (await compile(cache, Orders)).get(Orders);
    await expect(orders.save(order)).resolves.toEqual(order);
    await expect(orders.save(order)).resolves.toEqual(order);
    expect(orders.saved).toBe(2);
    await expect(cache.has('1')).resolves.toBe(false);
    expect(warnings()).toEqual([
      expect.stringMatching(
        /^The result of Orders.save is not stored: a function in its options threw TypeError: it has no lines$/,
      ),
    ]);
  });

  it('T71: @Cacheable does the same, also for callers that share the run', async () => {
    const orders = (await compile(cache, Orders)).get(Orders);
    const results = await Promise.all([orders.find('1'), orders.find('1')]);
    expect(results).toEqual([order, order]);
    expect(orders.saved).toBe(1);
    await expect(cache.has('1')).resolves.toBe(false);
    expect(warnings()).toHaveLength(1);
  });

  it.each([-1, Number.NaN, 'long', null])('T71: an invalid ttl: %p', async (ttl) => {
    const orders = (await compile(cache, Orders)).get(Orders);
    await expect(orders.saveFor({ ...order, ttl: ttl as never })).resolves.toMatchObject({ id: '1' });
    await expect(cache.has('1')).resolves.toBe(false);
    await expect(orders.forever()).resolves.toBe(1);
  });

  it('T71: invalid tags', async () => {
    const orders = (await compile(cache, Orders)).get(Orders);
    await expect(orders.saveTagged(order)).resolves.toEqual(order);
    await expect(cache.has('1')).resolves.toBe(false);
    expect(warnings()).toEqual([
      expect.stringMatching(/resultTags of Orders.saveTagged must return a non-empty string/),
    ]);
  });
});

describe('the key of @CachePut from the result', () => {
  @Injectable()
  class Orders {
    readonly shop = 'acme';
    saved = 0;

    @CachePut({
      resultKey(this: Orders, order: Order, title: string) {
        return `${this.shop}:${order.id}:${title}`;
      },
      tags: (title: string) => [title],
      unless: (order) => order.lines.length === 0,
    })
    async create(_title: string, ...lines: string[]): Promise<Order> {
      this.saved += 1;
      return Promise.resolve({ id: `new ${String(this.saved)}`, lines });
    }

    @CachePut({ resultKey: (order) => order.lines[0] })
    async first(...lines: string[]): Promise<Order | undefined> {
      return Promise.resolve(lines.length === 0 ? undefined : { id: '1', lines });
    }

    @CachePut({ resultKey: broken as never })
    async broken(): Promise<number> {
      return Promise.resolve(1);
    }
  }

  it('stores the result under it', async () => {
    const orders = (await compile(cache, Orders)).get(Orders);
    const order = await orders.create('May', 'lamp');
    await expect(cache.get('acme:new 1:May')).resolves.toEqual(order);
    await cache.invalidateTags('May');
    await expect(cache.has('acme:new 1:May')).resolves.toBe(false);
  });

  it('asks for no key where nothing is stored', async () => {
    const orders = (await compile(cache, Orders)).get(Orders);
    await orders.create('May');
    await expect(cache.has('acme:new 1:May')).resolves.toBe(false);
    await expect(orders.first()).resolves.toBeUndefined();
    expect(warnings()).toEqual([]);
  });

  it('keeps the entries of facts apart', async () => {
    @Injectable()
    class Varied {
      @CachePut({ resultKey: (order) => order.id, vary: ['tenant'] })
      async create(): Promise<Order> {
        return Promise.resolve({ id: '1', lines: [] });
      }
    }
    @Injectable()
    class Facts extends CacheVaryProvider {
      readonly facts = { tenant: () => 'acme' };
    }
    await (
      await compile(cache, Varied, { provide: CacheVaryProvider, useClass: Facts })
    )
      .get(Varied)
      .create();
    await expect(cache.has('1')).resolves.toBe(false);
    await expect(cache.namespace('vary.tenant').has('acme#1')).resolves.toBe(true);
  });

  it('a key function that throws, or returns no text, stores nothing, and warns once', async () => {
    const orders = (await compile(cache, Orders)).get(Orders);
    await expect(orders.broken()).resolves.toBe(1);
    await expect(orders.first('')).resolves.toMatchObject({ id: '1' });
    await expect(orders.first('')).resolves.toMatchObject({ id: '1' });
    expect(warnings()).toEqual([
      expect.stringMatching(/^The result of Orders.broken is not stored: .*it has no lines$/),
      expect.stringMatching(/resultKey of Orders.first must return a non-empty string, returned ''/),
    ]);
  });

  it('warns of a key with a gap', async () => {
    @Injectable()
    class Gaps {
      @CachePut({ resultKey: (order) => `order:${String(order.number)}` })
      async create(): Promise<Order> {
        return Promise.resolve({ id: '1', lines: [] });
      }
    }
    await (await compile(cache, Gaps)).get(Gaps).create();
    expect(warnings()).toEqual([expect.stringMatching(/^resultKey of Gaps.create returned a string/)]);
  });

  it('takes the place of key: one of the two is required', () => {
    expect(() => CachePut({} as { key: string })).toThrow('@CachePut(): key is required (or resultKey)');
    expect(() => CachePut({ key: 'a', resultKey: () => 'a' } as never)).toThrow(
      '@CachePut(): resultKey cannot be combined with key',
    );
    expect(() => CachePut({ resultKey: 'a' } as never)).toThrow('resultKey must be a function');
  });
});

describe('T82: ttl and tags from the result', () => {
  @Injectable()
  class Tokens {
    private readonly tenant = 'acme';

    @Cacheable({
      key: (user: string) => user,
      ttl(this: Tokens, token: { expiresIn: number | undefined }, user: string) {
        return this.tenant === 'acme' && user !== 'x' ? token.expiresIn : 1;
      },
      tags: (user: string) => [`user-${user}`],
      resultTags(this: Tokens, token: { expiresIn: number | undefined }) {
        return [`${this.tenant}-${String(token.expiresIn)}`];
      },
    })
    async token(user: string): Promise<{ expiresIn: number | undefined }> {
      return Promise.resolve({ expiresIn: user === 'none' ? undefined : 30 });
    }

    @CachePut({
      key: (user: string) => user,
      ttl: (token: { expiresIn: number }) => token.expiresIn,
      tags: ['all'],
      resultTags: (token: { expiresIn: number }) => [`put-${String(token.expiresIn)}`],
    })
    async put(_user: string, expiresIn: number): Promise<{ expiresIn: number }> {
      return Promise.resolve({ expiresIn });
    }
  }
  let tokens: Tokens;
  beforeEach(async () => {
    tokens = (await compile(cache, Tokens)).get(Tokens);
  });

  it('@Cacheable: the ttl from the result, and the default if the result has none', async () => {
    await tokens.token('ann');
    await tokens.token('none');
    expect(await cache.ttl('ann')).toBe(30);
    expect(await cache.ttl('none')).toBe(cache.defaultTtl);
  });

  it.each(['user-ann', 'acme-30'])('@Cacheable: tags of the arguments and of the result: %s', async (tag) => {
    await tokens.token('ann');
    await cache.invalidateTags(tag);
    await expect(cache.has('ann')).resolves.toBe(false);
  });

  it.each(['all', 'put-7'])('@CachePut: ttl and tags, %s', async (tag) => {
    await tokens.put('ann', 7);
    expect(await cache.ttl('ann')).toBe(7);
    await cache.invalidateTags(tag);
    await expect(cache.has('ann')).resolves.toBe(false);
  });
});

describe('T79: the provider of Cache', () => {
  const auto = (): object =>
    new Proxy({}, { get: (_, name) => (name === 'then' ? undefined : () => undefined) });

  @Injectable()
  class Prices {
    constructor(readonly cache: Cache) {}
    @Cacheable({ key: 'p' })
    async find(): Promise<number> {
      return Promise.resolve(42);
    }
    @CachePut({ key: 'p' })
    async put(): Promise<number> {
      return Promise.resolve(43);
    }
  }

  it('is not a cache if it is an automatic mock', async () => {
    const module = await Test.createTestingModule({ providers: [Prices] })
      .useMocker(auto)
      .compile();
    modules.push(module);
    await expect(module.get(Prices).find()).resolves.toBe(42);
    await expect(module.get(Prices).put()).resolves.toBe(43);
    expect(warnings()).toEqual([
      'Prices.find runs uncached: the provider of Cache is not a cache (a mock?). Provide new InMemoryCache(), or import CacheInfraModule.forTesting()',
    ]);
  });

  it.each([{ get: () => undefined, set: () => undefined }, { getOrSet: jest.fn() }])(
    'is not a cache if it is an object with a few functions',
    async (mock) => {
      await expect((await compile(mock, Prices)).get(Prices).find()).resolves.toBe(42);
    },
  );

  it.each([
    ['a spy', (it: Cache) => new CacheSpy(it)],
    ['a cache with chaos', (it: Cache) => withChaos(it)],
  ])('is a cache if it is %s', async (_, wrap) => {
    await (await compile(wrap(cache), Prices)).get(Prices).find();
    await expect(cache.get('p')).resolves.toBe(42);
  });
});

describe('T68: facts', () => {
  it('of a provider that is not created yet do not count as undeclared', async () => {
    let seen: object | undefined;
    @Injectable()
    class Early {
      constructor(moduleRef: ModuleRef) {
        seen = factsOf(moduleRef);
      }
    }
    const useFactory = (_: Early) => ({ facts: { tenant: () => 'acme' } });
    const module = await compile(cache, Early, { provide: CacheVaryProvider, inject: [Early], useFactory });
    expect(seen).toEqual({});
    expect(Object.keys(factsOf(module.get(ModuleRef)))).toEqual(['tenant']);
  });
});
