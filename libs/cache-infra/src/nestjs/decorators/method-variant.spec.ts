import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as turn } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Inject, Injectable, Logger, Scope, type Provider } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { Test, type TestingModule } from '@nestjs/testing';
import { lastValueFrom, Observable, of } from 'rxjs';

import { withCacheContext } from '../vary/current-context.js';
import { CacheEvict } from './cache-evict.js';
import { CacheVaryProvider, type CacheFacts } from '../registry/cache-facts.js';
import { CacheInfraModule } from '../module/cache-infra.module.js';
import { CachePut } from './cache-put.js';
import { Cacheable } from './cacheable.js';
import { CacheDefaults } from './class-defaults.js';

const modules: TestingModule[] = [];
let warn: jest.SpiedFunction<Logger['warn']>;
beforeEach(() => {
  warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
});
afterEach(async () => {
  warn.mockRestore();
  for (const module of modules.splice(0)) await module.close();
});

interface Who {
  readonly tenant?: unknown;
  readonly user?: unknown;
}
const who = new AsyncLocalStorage<Who>();
const as = <T>(user: unknown, call: () => T, tenant: unknown = 'acme'): T => who.run({ tenant, user }, call);
const vary = {
  tenant: () => who.getStore()?.tenant as string,
  user: async () => Promise.resolve(who.getStore()?.user as string),
};

@CacheDefaults({ vary: ['tenant', 'user'], tags: ['orders'] })
@Injectable()
class Orders {
  runs = 0;

  @Cacheable({ key: (id: string) => `order:${id}` })
  async find(id: string): Promise<string> {
    this.runs += 1;
    await turn();
    const { tenant, user } = who.getStore() ?? {};
    return `${id} of ${String(tenant)}/${String(user)}`;
  }

  @Cacheable({ key: (id: string) => `order:${id}`, vary: [] })
  async shared(id: string): Promise<string> {
    this.runs += 1;
    return Promise.resolve(`shared ${id}`);
  }

  @Cacheable({ key: (id: string) => `order:${id}`, vary: ['user', 'tenant', 'user'] })
  async inAnotherOrder(id: string): Promise<string> {
    this.runs += 1;
    return Promise.resolve(`other ${id}`);
  }

  @Cacheable({ key: 'stream' })
  stream(): Observable<string> {
    return of(String(who.getStore()?.user));
  }

  @CachePut({ key: (id: string) => `order:${id}` })
  async put(_id: string, value: string): Promise<string> {
    return Promise.resolve(value);
  }

  @CacheEvict({ key: (id: string) => `order:${id}` })
  async drop(_id: string): Promise<void> {
    return Promise.resolve();
  }

  @CacheEvict({ pattern: 'order:*' })
  async dropMine(): Promise<void> {
    return Promise.resolve();
  }

  @CacheEvict({ tags: ['orders'] })
  async dropTagged(): Promise<void> {
    return Promise.resolve();
  }

  @CacheEvict({ allEntries: true })
  async dropAll(): Promise<void> {
    return Promise.resolve();
  }
}

async function start(facts: CacheFacts | undefined, ...providers: Provider[]): Promise<TestingModule> {
  const module = await Test.createTestingModule({
    imports: [CacheInfraModule.forRoot({ l1CacheSize: 1000, vary: facts })],
    providers: [Orders, ...providers],
  }).compile();
  modules.push(module);
  return module.init();
}

describe('guarantee 16: vary', () => {
  let orders: Orders;
  beforeEach(async () => {
    orders = (await start(vary)).get(Orders);
  });

  it('keeps an entry for each combination of facts', async () => {
    await expect(as('ann', () => orders.find('1'))).resolves.toBe('1 of acme/ann');
    await expect(as('bob', () => orders.find('1'))).resolves.toBe('1 of acme/bob');
    await expect(as('ann', () => orders.find('1'), 'evil')).resolves.toBe('1 of evil/ann');
    await expect(as('ann', () => orders.find('1'))).resolves.toBe('1 of acme/ann');
    expect(orders.runs).toBe(3);
  });

  it('1,000 interleaved calls of 50 users: 0 leaks', async () => {
    const calls = Array.from({ length: 1000 }, (_, index) => ({
      user: `u${String(index % 50)}`,
      id: String(index % 7),
    }));
    const answers = await Promise.all(
      calls.map(({ user, id }, index) =>
        as(user, async () => {
          for (let wait = index % 4; wait > 0; wait--) await turn();
          return orders.find(id);
        }),
      ),
    );
    const leaks = answers.filter((answer, index) => {
      const { user = '', id = '' } = calls[index] ?? {};
      return answer !== `${id} of acme/${user}`;
    });
    expect(leaks).toEqual([]);
    expect(orders.runs).toBe(350);
  });

  it('distinguishes values that look alike, whatever they contain', async () => {
    const pairs = [
      ['a', 'b'],
      ['a&b', ''],
      ['a&b', 'c'],
      ['a', 'b&c'],
      ['a#', 'b'],
      ['a', '#b'],
    ] as const;
    for (const [tenant, user] of pairs) {
      const answer = await as(user, () => orders.find('1'), tenant);
      expect(answer).toBe(`1 of ${tenant}/${user}`);
    }
  });

  it('no key of a method without vary equals the key of a user’s entry', async () => {
    await as('ann', () => orders.find('1'));
    for (const id of ['1', '1#acme&ann', 'acme&ann#order:1']) {
      await expect(orders.shared(id)).resolves.toBe(`shared ${id}`);
    }
  });

  it('the order of the names does not matter', async () => {
    await as('ann', () => orders.find('1'));
    await expect(as('ann', () => orders.inAnotherOrder('1'))).resolves.toBe('1 of acme/ann');
  });

  it.each([undefined, null, '', Number.NaN, { id: 1 }, ['a', 'b']])(
    'a fact that is %p: the call bypasses the cache, with one warning',
    async (user) => {
      await as(user, () => orders.find('1'));
      await as(user, () => orders.find('1'));
      await as(user, () => orders.put('1', 'x'));
      expect(orders.runs).toBe(2);
      expect(
        warn.mock.calls.filter(([words]) => String(words).startsWith('Orders.find')).length,
      ).toBeLessThan(2);
    },
  );

  it('an Observable belongs to the caller of the method, not to its subscriber', async () => {
    const ofAnn = as('ann', () => orders.stream());
    await as('bob', () => lastValueFrom(orders.stream()));
    await expect(as('bob', () => lastValueFrom(ofAnn))).resolves.toBe('ann');
  });

  it('@CachePut stores the entry of the caller', async () => {
    await as('ann', () => orders.put('1', 'new'));
    await expect(as('ann', () => orders.find('1'))).resolves.toBe('new');
    await expect(as('bob', () => orders.find('1'))).resolves.toBe('1 of acme/bob');
  });

  describe('@CacheEvict', () => {
    const left = async (): Promise<readonly string[]> => {
      const before = orders.runs;
      const kept: string[] = [];
      for (const user of ['ann', 'bob']) {
        const { runs } = orders;
        await as(user, () => orders.find('1'));
        if (orders.runs === runs) kept.push(user);
      }
      orders.runs = before;
      return kept;
    };
    beforeEach(async () => {
      await as('ann', () => orders.find('1'));
      await as('bob', () => orders.find('1'));
    });

    it('by key: the entry of the caller', async () => {
      await as('ann', () => orders.drop('1'));
      expect(await left()).toEqual(['bob']);
    });

    it('by pattern: the entries of the caller', async () => {
      await as('ann', () => orders.dropMine());
      expect(await left()).toEqual(['bob']);
    });

    it('by tags, and all: the entries of every caller', async () => {
      await as('ann', () => orders.dropTagged());
      expect(await left()).toEqual([]);
      await as('ann', () => orders.dropAll());
      expect(await left()).toEqual([]);
    });

    it('of an unknown caller: the key for every value of the unknown fact', async () => {
      await as('ann', () => orders.find('1'), 'other');
      await as(undefined, () => orders.drop('1'));
      expect(await left()).toEqual([]);
      const { runs } = orders;
      await as('ann', () => orders.find('1'), 'other');
      expect(orders.runs).toBe(runs);
    });
  });
});

describe('the facts of vary', () => {
  it('come from a CacheVaryProvider, with its injected providers', async () => {
    @Injectable()
    class Tenants {
      readonly current = () => 'injected';
    }
    @Injectable()
    class RequestFacts extends CacheVaryProvider {
      constructor(private readonly tenants: Tenants) {
        super();
      }
      readonly facts = { tenant: () => this.tenants.current() };
    }
    const module = await start({ user: vary.user }, Tenants, {
      provide: CacheVaryProvider,
      useClass: RequestFacts,
    });
    await expect(as('ann', () => module.get(Orders).find('1'))).resolves.toBe('1 of acme/ann');
    await expect(as('ann', () => module.get(Orders).find('1'), 'ignored')).resolves.toBe('1 of acme/ann');
  });

  it('read the context that withCacheContext gives', async () => {
    const facts: CacheFacts = {
      tenant: ({ request }) => request?.headers['x-tenant'] as string,
      user: ({ request }) => (request?.['user'] as { id: number } | undefined)?.id,
    };
    const service = (await start(facts)).get(Orders);
    const call = (tenant: string, id: number) =>
      withCacheContext({ type: 'http', request: { headers: { 'x-tenant': tenant }, user: { id } } }, () =>
        service.find('1'),
      );
    await call('acme', 0);
    await call('acme', 0);
    await call('acme', 1);
    expect(service.runs).toBe(2);
  });

  it('that throws is unknown: nothing is shared, and the error is not shown', async () => {
    const orders = (
      await start({
        ...vary,
        tenant: () => {
          throw new Error('token s3cret');
        },
      })
    ).get(Orders);
    await as('ann', () => orders.find('1'));
    await as('ann', () => orders.find('1'));
    expect(orders.runs).toBe(2);
    expect(JSON.stringify(warn.mock.calls)).not.toContain('s3cret');
  });

  it('that is not declared fails at boot, and the error names the declared ones', async () => {
    await expect(start({ user: vary.user })).rejects.toThrow(
      "CacheInfraModule: Orders.find varies by 'tenant', which is not declared: add it to CacheInfraModule.forRoot({ vary: { tenant: (context) => … } }) or a CacheVaryProvider; declared: 'user'",
    );
  });

  it('that is declared twice fails at boot', async () => {
    const twice = Test.createTestingModule({
      imports: [
        CacheInfraModule.forRoot({ vary: { tenant: () => 'a' } }),
        CacheInfraModule.forRoot({ name: 'b', vary: { tenant: () => 'b' } }),
      ],
    }).compile();
    await expect(twice).rejects.toThrow('CacheInfraModule: vary.tenant is declared twice');
  });

  it('of a request-scoped provider fail at boot, with the reason', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Scoped extends CacheVaryProvider {
      constructor(@Inject(REQUEST) readonly request: object) {
        super();
      }
      readonly facts = vary;
    }
    await expect(start(undefined, { provide: CacheVaryProvider, useClass: Scoped })).rejects.toThrow(
      'CacheVaryProvider must be a singleton',
    );
  });

  it('that are no functions are refused by name', async () => {
    await expect(start({ tenant: 'acme' } as never)).rejects.toThrow('vary.tenant must be a function');
  });
});
