import { randomUUID } from 'node:crypto';

import { beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Inject, Injectable, Module, Put, Scope, type DynamicModule } from '@nestjs/common';
import { INQUIRER, REQUEST } from '@nestjs/core';
import { Cache, Cacheable, CacheEvict } from 'nestjs-cache-infra';

import { decoratedApp } from '../support/decorated-app.js';

const test = decoratedApp();
const { ask, boot, put } = test;

describe('instances that Nest creates for a request', () => {
  interface Asking {
    readonly headers: Readonly<Record<string, string>>;
  }

  @Injectable({ scope: Scope.REQUEST })
  class Invoices {
    constructor(@Inject(REQUEST) readonly request: Asking) {}

    @Cacheable()
    async list(): Promise<string> {
      return Promise.resolve(`invoice of ${String(this.request.headers['x-tenant'])}`);
    }

    @Cacheable({
      key(this: Invoices) {
        return `list:${String(this.request.headers['x-tenant'])}`;
      },
      tags(this: Invoices) {
        return [String(this.request.headers['x-tenant'])];
      },
      condition(this: Invoices) {
        return this.request.headers['x-tenant'] !== 'uncached';
      },
    })
    async keyed(): Promise<string> {
      return Promise.resolve(`${String(this.request.headers['x-tenant'])} ${randomUUID()}`);
    }

    @Cacheable({ vary: ['tenant'] })
    async varied(): Promise<string> {
      return Promise.resolve(`${String(this.request.headers['x-tenant'])} ${randomUUID()}`);
    }
  }

  @Injectable()
  class Behind {
    constructor(readonly invoices: Invoices) {}

    @Cacheable()
    async list(): Promise<string> {
      return this.invoices.list();
    }
  }

  @Controller()
  class Page {
    constructor(
      private readonly invoices: Invoices,
      private readonly behind: Behind,
    ) {}
    @Get('list')
    async list(): Promise<string> {
      return this.invoices.list();
    }
    @Get('behind')
    async through(): Promise<string> {
      return this.behind.list();
    }
    @Get('keyed')
    async keyed(): Promise<string> {
      return this.invoices.keyed();
    }
    @Get('varied')
    async varied(): Promise<string> {
      return this.invoices.varied();
    }
  }
  const metadata = { controllers: [Page], providers: [Invoices, Behind] };
  const vary = { tenant: ({ request: { headers } }: { request: Asking }) => headers['x-tenant'] };
  const of = (tenant: string) => ({ 'x-tenant': tenant });

  it.each(['list', 'behind'])(
    'T8: their default keys share nothing, also %s, and one warning says so',
    async (path) => {
      await boot(metadata, { vary });

      for (const tenant of ['acme', 'umbrella', 'acme']) {
        expect(await ask(`/${path}`, of(tenant))).toBe(`invoice of ${tenant}`);
      }
      expect(test.warnings.filter((it) => it.startsWith('Behind.list runs uncached')).length).toBeLessThan(2);
    },
  );

  it('T8, T82: key, tags and condition get the instance as this', async () => {
    const { get } = await boot(metadata, { vary }).then((it) => ({ get: it.get(Cache) }));

    const [one, again, other] = [
      await ask('/keyed', of('acme')),
      await ask('/keyed', of('acme')),
      await ask('/keyed', of('umbrella')),
    ];
    expect([again, other.split(' ')[0]]).toEqual([one, 'umbrella']);
    expect(await ask('/keyed', of('uncached'))).not.toBe(await ask('/keyed', of('uncached')));
    await get.invalidateTags('acme');
    expect(await ask('/keyed', of('acme'))).not.toBe(one);
    expect(await ask('/keyed', of('umbrella'))).toBe(other);
  });

  it('T8: with vary for the difference, default keys are shared again', async () => {
    await boot(metadata, { vary });

    const one = await ask('/varied', of('acme'));
    expect(await ask('/varied', of('acme'))).toBe(one);
    expect(await ask('/varied', of('umbrella'))).toMatch(/^umbrella/);
  });

  it('T8: a method that does not use its instance is cached for all requests', async () => {
    let runs = 0;
    @Injectable({ scope: Scope.REQUEST })
    class Rates {
      constructor(@Inject(REQUEST) readonly request: object) {}
      @Cacheable()
      async of(currency: string): Promise<string> {
        runs += 1;
        return Promise.resolve(currency);
      }
    }
    const context = await boot({ providers: [Rates] });
    for (let i = 0; i < 2; i++) await (await context.resolve(Rates)).of('EUR');
    expect(runs).toBe(1);
    expect(test.warnings).toEqual([]);
  });

  it('T8: instances of a class that injects its consumer differ', async () => {
    @Injectable({ scope: Scope.TRANSIENT })
    class Settings {
      constructor(@Inject(INQUIRER) private readonly consumer: object) {}
      @Cacheable()
      async name(): Promise<string> {
        return Promise.resolve(this.consumer.constructor.name);
      }
    }
    @Injectable()
    class One {
      constructor(readonly settings: Settings) {}
    }
    @Injectable()
    class Two {
      constructor(readonly settings: Settings) {}
    }
    const context = await boot({ providers: [Settings, One, Two] });

    expect(await context.get(One).settings.name()).toBe('One');
    expect(await context.get(Two).settings.name()).toBe('Two');
  });

  it('T8: two instances of one class, constructed differently, share nothing', async () => {
    @Injectable()
    class Client {
      constructor(@Inject('options') private readonly options: { url: string }) {}
      @Cacheable()
      async get(path: string): Promise<string> {
        return Promise.resolve(`${this.options.url}/${path}`);
      }
    }
    const register = (url: string): DynamicModule => {
      @Module({})
      class ClientModule {}
      return {
        module: ClientModule,
        providers: [{ provide: 'options', useValue: { url } }, Client, { provide: url, useExisting: Client }],
      };
    };
    const context = await boot({ imports: [register('a'), register('b')] });
    const get = (url: string) => context.get<Client>(url, { strict: false }).get('x');

    expect([await get('a'), await get('b')]).toEqual(['a/x', 'b/x']);
    expect(test.warnings.filter((it) => it.startsWith('Client.get runs uncached'))).toHaveLength(1);
  });

  it('T8: two instances of one class from factories share nothing', async () => {
    class Repository {
      constructor(private readonly table: string) {}
      @Cacheable()
      async find(id: string): Promise<string> {
        return Promise.resolve(`${this.table} ${id}`);
      }
    }
    const made = (table: string) => ({ provide: table, useFactory: () => new Repository(table) });
    const context = await boot({ providers: [made('users'), made('orders')] });
    const find = (table: string) => context.get<Repository>(table).find('1');

    expect([await find('users'), await find('orders')]).toEqual(['users 1', 'orders 1']);
    expect(test.warnings[0]).toMatch(
      /^Repository.find runs uncached: users and orders are instances of Repository/,
    );
  });

  it('T8: one class in two modules with the same parts is cached', async () => {
    let runs = 0;
    @Injectable()
    class Parts {
      readonly name = 'parts';
    }
    @Injectable()
    class Shared {
      constructor(readonly parts: Parts) {}
      @Cacheable()
      async find(): Promise<number> {
        return Promise.resolve(++runs);
      }
    }
    @Module({ providers: [Shared, Parts] })
    class A {}
    @Module({ providers: [Shared, Parts] })
    class B {}
    const context = await boot({ imports: [A, B] });

    await context.select(A).get(Shared).find();
    expect(await context.select(B).get(Shared).find()).toBe(1);
    expect(test.warnings).toEqual([]);
  });
});

describe('T69: instances that a factory creates for each request', () => {
  let price = 'old';
  beforeEach(() => {
    price = 'old';
  });

  @Injectable()
  class Prices {
    @Cacheable({ key: 'price' })
    async find(): Promise<string> {
      return Promise.resolve(price);
    }
  }
  class Writer {
    constructor(readonly by?: unknown) {}
    @CacheEvict({ key: () => 'price' })
    async save(to: string): Promise<void> {
      price = to;
      return Promise.resolve();
    }
    @Cacheable()
    async who(): Promise<string> {
      return Promise.resolve(String(this.by));
    }
  }
  @Controller()
  class Page {
    constructor(
      private readonly prices: Prices,
      @Inject(Writer) private readonly writer: Writer,
    ) {}
    @Get()
    async find(): Promise<string> {
      return this.prices.find();
    }
    @Put()
    async put(): Promise<void> {
      return this.writer.save('new');
    }
    @Get('who')
    async who(): Promise<string> {
      return this.writer.who();
    }
  }

  it.each([
    ['REQUEST', { scope: Scope.REQUEST, inject: [REQUEST], useFactory: () => new Writer() }],
    ['REQUEST, async', { scope: Scope.REQUEST, useFactory: async () => Promise.resolve(new Writer()) }],
    ['TRANSIENT', { scope: Scope.TRANSIENT, useFactory: () => new Writer() }],
    ['DEFAULT', { useFactory: () => new Writer() }],
  ])('evict like all others: %s', async (_, factory) => {
    await boot({ controllers: [Page], providers: [Prices, { provide: Writer, ...factory }] });
    expect(await ask('/')).toBe('old');
    await put('/');
    expect(await ask('/')).toBe('new');
  });

  it('T8: and have no default keys in common', async () => {
    const useFactory = ({ headers }: { headers: Record<string, string> }) => new Writer(headers['x-user']);
    const factory = { provide: Writer, scope: Scope.REQUEST, inject: [REQUEST], useFactory };
    await boot({ controllers: [Page], providers: [Prices, factory] });
    expect([await ask('/who', { 'x-user': 'ann' }), await ask('/who', { 'x-user': 'bob' })]).toEqual([
      'ann',
      'bob',
    ]);
    expect(test.warnings).toEqual([
      expect.stringMatching(/^Writer.who runs uncached: its instances differ by Writer/),
    ]);
  });

  it('a warning names an instance that no provider holds', async () => {
    await boot({
      controllers: [Page],
      providers: [Prices, { provide: Writer, useFactory: () => new Writer() }],
    });
    await new Writer().save('new');
    await new Writer().save('new');
    expect(test.warnings).toEqual([
      expect.stringMatching(
        /^@CacheEvict\(\) on Writer.save has no effect on an instance that Nest did not create/,
      ),
    ]);
  });
});
