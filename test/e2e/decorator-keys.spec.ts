import { randomUUID } from 'node:crypto';

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  Controller,
  Get,
  Inject,
  Injectable,
  Logger,
  mixin,
  Module,
  Put,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  Catch,
  type CallHandler,
  type CanActivate,
  type DynamicModule,
  type ExceptionFilter,
  type ExecutionContext,
  type INestApplication,
  type MiddlewareConsumer,
  type ModuleMetadata,
  type NestInterceptor,
  type NestMiddleware,
  type NestModule,
  type PipeTransform,
  type Type,
} from '@nestjs/common';
import { INQUIRER, LazyModuleLoader, REQUEST } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  Cache,
  Cacheable,
  CacheDefaults,
  cacheableKey,
  CacheEvict,
  CacheInfraModule,
  CachePut,
} from 'nestjs-cache-infra';
import type { Observable } from 'rxjs';
import request from 'supertest';

import { testRedisUrl } from '../support/redis.js';

let app: INestApplication | undefined;
let warnings: string[];
beforeEach(() => {
  warnings = [];
  jest.spyOn(Logger.prototype, 'warn').mockImplementation((message: unknown) => {
    warnings.push(String(message));
  });
});
afterEach(async () => {
  jest.restoreAllMocks();
  await app?.close();
  app = undefined;
});

async function boot(metadata: ModuleMetadata, options: object = {}): Promise<INestApplication> {
  const imports = [CacheInfraModule.forRoot(options), ...(metadata.imports ?? [])];
  const module = await Test.createTestingModule({ ...metadata, imports }).compile();
  app = module.createNestApplication();
  return app.init();
}

const ask = async (path: string, headers: Record<string, string> = {}) =>
  (
    await request(app?.getHttpServer() as never)
      .get(path)
      .set(headers)
  ).text;

describe('instances that are made for a request', () => {
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
      expect(warnings.filter((it) => it.startsWith('Behind.list runs uncached')).length).toBeLessThan(2);
    },
  );

  it('T8, T82: key, tags and condition get the instance', async () => {
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

  it('T8: vary says what distinguishes, and default keys hold again', async () => {
    await boot(metadata, { vary });

    const one = await ask('/varied', of('acme'));
    expect(await ask('/varied', of('acme'))).toBe(one);
    expect(await ask('/varied', of('umbrella'))).toMatch(/^umbrella/);
  });

  it('T8: a method that does not look at its instance is cached for all requests', async () => {
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
    expect(warnings).toEqual([]);
  });

  it('T8: a class that is told its consumer has instances that differ', async () => {
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

  it('T8: two instances of one class, made of different parts, share nothing', async () => {
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
    expect(warnings.filter((it) => it.startsWith('Client.get runs uncached'))).toHaveLength(1);
  });

  it('T8: two instances of one class that factories made share nothing', async () => {
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
    expect(warnings[0]).toMatch(
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
    expect(warnings).toEqual([]);
  });
});

describe('keys as users write them', () => {
  it.each(['user:#id', 'user::id', 'all'])(
    "T9: a literal key on a method with parameters fails at boot: '%s'",
    async (key) => {
      @Injectable()
      class Users {
        @Cacheable({ key })
        async find(id: string): Promise<string> {
          return Promise.resolve(`user ${id}`);
        }
      }
      await expect(boot({ providers: [Users] })).rejects.toThrow(
        `@Cacheable() on Users.find: key '${key}' is one key for every call, but the method has parameters: use a function of them, or, where they do not matter, key: () => '${key}'`,
      );
    },
  );

  it('T9: parameters with a default value count, too', async () => {
    @Injectable()
    class Users {
      @Cacheable({ key: 'all' })
      async find(page = 1): Promise<number> {
        return Promise.resolve(page);
      }
    }
    await expect(boot({ providers: [Users] })).rejects.toThrow('key');
  });

  it('T9: a function that gives one text is taken', async () => {
    @Injectable()
    class Users {
      @Cacheable({ key: () => 'all' })
      async find(page: number): Promise<number> {
        return Promise.resolve(page);
      }
      @Cacheable({ key: 'of the tenant', vary: ['tenant'] })
      async varied(page: number): Promise<number> {
        return Promise.resolve(page);
      }
      @CachePut({ key: 'all' })
      async put(value: number): Promise<number> {
        return Promise.resolve(value);
      }
      @CacheEvict({ key: 'all', tags: ['users:list'] })
      async save(_value: number): Promise<void> {
        return Promise.resolve();
      }
    }
    const users = (await boot({ providers: [Users] }, { vary: { tenant: () => 'acme' } })).get(Users);
    expect([await users.find(1), await users.find(2)]).toEqual([1, 1]);
    expect([await users.varied(1), await users.varied(2)]).toEqual([1, 1]);
  });

  it.each([{ key: 'user:#id' }, { key: 'user::id' }, { key: 'user:%s' }, { tags: ['user:$id'] }])(
    'T9: a literal with a notation for values fails at boot on @CachePut and @CacheEvict: %p',
    async (options) => {
      @Injectable()
      class Users {
        @CacheEvict(options)
        async save(_id: string): Promise<void> {
          return Promise.resolve();
        }
        @CachePut({ key: 'a', ...options })
        async put(id: string): Promise<string> {
          return Promise.resolve(id);
        }
      }
      await expect(boot({ providers: [Users] })).rejects.toThrow(
        /CacheEvict.*is a literal.*CachePut.*is a literal/,
      );
    },
  );

  it('T9: a tag with a placeholder is refused when the class is declared', () => {
    expect(() => Cacheable({ tags: ['user-{id}'] })).toThrow('tags has a literal in it');
  });

  it('T9: a made key, pattern or tag with a gap warns once', async () => {
    @Injectable()
    class Users {
      @Cacheable({ key: (id: string | undefined) => `user:${String(id)}` })
      async find(_id: string | undefined): Promise<number> {
        return Promise.resolve(1);
      }
      @Cacheable({ key: (query: string) => `query:${query}:x` })
      async search(_query: string): Promise<number> {
        return Promise.resolve(1);
      }
      @Cacheable({
        key: (page: number) => `p-${String(page)}`,
        tags: (page: number) => [`t:${String(page)}`],
      })
      async page(_page: number): Promise<number> {
        return Promise.resolve(1);
      }
      @CacheEvict({ key: (id: string | null) => `user:${String(id)}` })
      async remove(_id: string | null): Promise<void> {
        return Promise.resolve();
      }
      @Cacheable({ key: (id: string) => `of-null-island:undefinedness:${id}` })
      async fine(_id: string): Promise<number> {
        return Promise.resolve(1);
      }
    }
    const users = (await boot({ providers: [Users] })).get(Users);
    for (let i = 0; i < 2; i++) {
      await users.find(undefined);
      await users.search({} as string);
      await users.page(NaN);
      await users.remove(null);
      await users.fine('null and void');
    }
    expect(warnings.map((it) => it.split(':')[0])).toEqual([
      "key of Users.find gave a text with 'undefined' in it",
      "key of Users.search gave a text with '[object Object]' in it",
      "key of Users.page gave a text with 'NaN' in it",
      "tags of Users.page gave a text with 'NaN' in it",
      "key of Users.remove gave a text with 'null' in it",
    ]);
  });

  abstract class Base {
    abstract name: string;
    @Cacheable({ key: (id: string) => `one:${id}` })
    async findOne(id: string): Promise<string> {
      return Promise.resolve(`${this.name} ${id}`);
    }
  }
  @Injectable()
  class Users extends Base {
    name = 'user';
  }
  @Injectable()
  class Orders extends Base {
    name = 'order';
  }

  it('T11: a key that two classes inherit into one namespace fails at boot', async () => {
    await expect(boot({ providers: [Users, Orders] })).rejects.toThrow(
      'Users and Orders inherit Base.findOne with one key for both: give each @CacheDefaults({ namespace })',
    );
  });

  it('T11: in namespaces of their own, or with a key of the instance, they are fine', async () => {
    @CacheDefaults({ namespace: 'users' })
    @Injectable()
    class OwnUsers extends Users {}
    abstract class Asking {
      abstract name: string;
      @Cacheable({
        key(this: Asking, id: string) {
          return `${this.name}:${id}`;
        },
      })
      async find(id: string): Promise<string> {
        return Promise.resolve(`${this.name} ${id}`);
      }
    }
    @Injectable()
    class A extends Asking {
      name = 'a';
    }
    @Injectable()
    class B extends Asking {
      name = 'b';
    }
    const context = await boot({ providers: [OwnUsers, Orders, A, B] });
    expect([await context.get(OwnUsers).findOne('1'), await context.get(Orders).findOne('1')]).toEqual([
      'user 1',
      'order 1',
    ]);
    expect([await context.get(A).find('1'), await context.get(B).find('1')]).toEqual(['a 1', 'b 1']);
  });

  it('T10: arguments with private state run uncached, with one warning', async () => {
    class UserId {
      readonly #value: string;
      constructor(value: string) {
        this.#value = value;
      }
      get value(): string {
        return this.#value;
      }
    }
    @Injectable()
    class ByObject {
      @Cacheable()
      async find(id: UserId): Promise<string> {
        return Promise.resolve(id.value);
      }
    }
    const users = (await boot({ providers: [ByObject] })).get(ByObject);
    expect([await users.find(new UserId('ann')), await users.find(new UserId('bob'))]).toEqual([
      'ann',
      'bob',
    ]);
    expect(warnings).toEqual([
      expect.stringMatching(
        /^ByObject.find runs uncached: UserId keeps private state .* give UserId a toJSON\(\)/,
      ),
    ]);
  });
});

describe('names of classes', () => {
  const redis = () => ({ redisUrl: testRedisUrl(), keyPrefix: `test-${randomUUID()}` });
  /** The classes of two builds: a minifier has given them each other's names. */
  const declare = (swapped: boolean) => {
    const Products = (() => {
      @Injectable()
      class o {
        @Cacheable()
        async find(id: string): Promise<object> {
          return Promise.resolve({ product: id });
        }
      }
      return o;
    })();
    const Others = (() => {
      @Injectable()
      class i {
        @Cacheable()
        async find(id: string): Promise<object> {
          return Promise.resolve({ user: id });
        }
      }
      return i;
    })();
    if (swapped) {
      Object.defineProperty(Products, 'name', { value: 'i' });
      Object.defineProperty(Others, 'name', { value: 'o' });
    }
    return { Products, Others };
  };

  it('T12: classes of two builds with each other’s names share nothing in Redis', async () => {
    const options = redis();
    const answers: unknown[] = [];
    for (const swapped of [false, true]) {
      const { Products, Others } = declare(swapped);
      const context = await boot({ providers: [Products, Others] }, options);
      answers.push(await context.get(Products).find('1'), await context.get(Others).find('1'));
      await context.close();
    }
    expect(answers).toEqual([{ product: '1' }, { user: '1' }, { product: '1' }, { user: '1' }]);
    expect(warnings).toContainEqual(
      expect.stringMatching(/^o.find runs uncached: the name 'o' looks minified.*keepNames/),
    );
  });

  it('T12: in memory, where no other build is met, they are cached', async () => {
    const { Products } = declare(false);
    const products = (await boot({ providers: [Products] })).get(Products);
    expect(await products.find('1')).toEqual({ product: '1' });
    expect(await app?.get(Cache).has(cacheableKey(Products, 'find', ['1']))).toBe(true);
  });

  it('T12: a class without a name has default keys in a namespace only', async () => {
    let runs = 0;
    const nameless = (namespace?: string): Type<{ find(): Promise<number> }> => {
      const types = [
        class {
          async find(): Promise<number> {
            return Promise.resolve(++runs);
          }
        },
      ];
      const [type] = types as [Type<{ find(): Promise<number> }>];
      const descriptor = Object.getOwnPropertyDescriptor(type.prototype, 'find') as PropertyDescriptor;
      (Cacheable(namespace === undefined ? {} : { namespace }) as MethodDecorator)(
        type.prototype as object,
        'find',
        descriptor,
      );
      Object.defineProperty(type.prototype, 'find', descriptor);
      Injectable()(type);
      return type;
    };
    const [bare, named] = [nameless(), nameless('own')];
    const context = await boot({ providers: [bare, named] }, redis());
    await context.get(bare).find();
    expect(await context.get(bare).find()).toBe(2);
    await context.get(named).find();
    expect(await context.get(named).find()).toBe(3);
  });

  it('T12: names that a bundler has numbered are told of at boot, where Redis keeps entries of other builds', async () => {
    const numbered = (name: string): Type => {
      @Injectable()
      class Any {
        @Cacheable()
        async find(): Promise<string> {
          return Promise.resolve(name);
        }
      }
      Object.defineProperty(Any, 'name', { value: name });
      return Any;
    };
    const context = await boot({ providers: [numbered('Clients'), numbered('Clients2')] });
    expect(warnings).toEqual([]);
    await context.close();
    await boot({ providers: [numbered('Clients'), numbered('Clients2')] }, redis());
    expect(warnings).toEqual([expect.stringMatching(/^Clients and Clients2 have default keys in one Redis/)]);
  });

  function repositoryOf(table: string) {
    @Injectable()
    class Repository {
      @Cacheable()
      async find(id: string): Promise<string> {
        return Promise.resolve(`${table} ${id}`);
      }
    }
    return mixin(Repository);
  }

  it('T13: a mixin has the keys of the name in its source, in each process', () => {
    const [here, there] = [repositoryOf('products'), repositoryOf('products')];
    expect(here.name).not.toBe(there.name);
    expect(cacheableKey(here, 'find', ['1'])).toBe(cacheableKey(there, 'find', ['1']));
    expect(cacheableKey(here, 'find', ['1'])).toMatch(/^Repository\.find:/);
  });

  it('T13: two mixins of one function fail at boot', async () => {
    await expect(boot({ providers: [repositoryOf('a'), repositoryOf('b')] })).rejects.toThrow(
      'Repository.find is the default key of two classes of the same name',
    );
  });
});

describe('T67: two classes of one name', () => {
  const guard = (role: string): Type<CanActivate> => {
    @Injectable()
    class RolesGuard implements CanActivate {
      @Cacheable()
      async roles(): Promise<string> {
        return Promise.resolve(role);
      }
      async canActivate(): Promise<boolean> {
        return (await this.roles()) === role;
      }
    }
    return RolesGuard;
  };
  const pipe = (_: string): Type<PipeTransform> => {
    @Injectable()
    class Cut implements PipeTransform {
      @Cacheable()
      async transform(value: unknown): Promise<unknown> {
        return Promise.resolve(value);
      }
    }
    return Cut;
  };
  const interceptor = (_: string): Type<NestInterceptor> => {
    @Injectable()
    class Around implements NestInterceptor {
      @Cacheable()
      async intercept(__: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
        return Promise.resolve(next.handle());
      }
    }
    return Around;
  };
  const filter = (_: string): Type<ExceptionFilter> => {
    @Catch()
    class Caught implements ExceptionFilter {
      @Cacheable()
      async catch(): Promise<void> {
        return Promise.resolve();
      }
    }
    return Caught;
  };
  const page = (path: string, decorate: ClassDecorator): Type => {
    @Controller(path)
    class Page {
      @Get()
      get(): number {
        return 1;
      }
    }
    decorate(Page);
    return Page;
  };

  it.each<[string, (role: string) => ClassDecorator]>([
    ['guards', (role) => UseGuards(guard(role))],
    ['pipes', (role) => UsePipes(pipe(role))],
    ['interceptors', (role) => UseInterceptors(interceptor(role))],
    ['filters', (role) => UseFilters(filter(role))],
  ])('%s: fail at boot', async (_, decorate) => {
    const controllers = [page('shop', decorate('customer')), page('admin', decorate('none'))];
    await expect(boot({ controllers })).rejects.toThrow('default key of two classes of the same name');
  });

  it('middleware: fail at boot', async () => {
    const middleware = (): Type<NestMiddleware> => {
      @Injectable()
      class Tenant implements NestMiddleware {
        @Cacheable()
        async tenant(): Promise<string> {
          return Promise.resolve('a');
        }
        use(_: unknown, __: unknown, next: () => void): void {
          next();
        }
      }
      return Tenant;
    };
    @Module({})
    class WithMiddleware implements NestModule {
      configure(consumer: MiddlewareConsumer): void {
        consumer.apply(middleware(), middleware()).forRoutes('*path');
      }
    }
    await expect(boot({ imports: [WithMiddleware] })).rejects.toThrow(
      'Tenant.tenant is the default key of two classes of the same name',
    );
  });

  it('one guard on two controllers is cached', async () => {
    const one = guard('customer');
    const controllers = [page('shop', UseGuards(one)), page('admin', UseGuards(one))];
    await boot({ controllers });
    expect([await ask('/shop'), await ask('/admin')]).toEqual(['1', '1']);
    expect(warnings).toEqual([]);
  });

  it('of a module that is loaded lazily: the later runs uncached, with a warning', async () => {
    const users = (text: string) => {
      @Injectable()
      class Users {
        @Cacheable()
        async find(): Promise<string> {
          return Promise.resolve(text);
        }
      }
      @Module({ providers: [Users] })
      class UsersModule {}
      return { Users, UsersModule };
    };
    const [early, lazy] = [users('early'), users('lazy')];
    const context = await boot({ imports: [early.UsersModule] });
    expect(await context.get(early.Users, { strict: false }).find()).toBe('early');
    const loaded = await context.get(LazyModuleLoader).load(() => lazy.UsersModule);
    expect(await loaded.get(lazy.Users).find()).toBe('lazy');
    expect(await context.get(early.Users, { strict: false }).find()).toBe('early');
    expect(warnings).toEqual([
      expect.stringMatching(/^Users.find runs uncached: another class of that name/),
    ]);
  });
});

describe('T69: instances that a factory makes for each request', () => {
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
  ])('evict as all others do: %s', async (_, factory) => {
    await boot({ controllers: [Page], providers: [Prices, { provide: Writer, ...factory }] });
    expect(await ask('/')).toBe('old');
    await request(app?.getHttpServer() as never).put('/');
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
    expect(warnings).toEqual([
      expect.stringMatching(/^Writer.who runs uncached: its instances differ by Writer/),
    ]);
  });

  it('one that no provider holds is told of', async () => {
    await boot({
      controllers: [Page],
      providers: [Prices, { provide: Writer, useFactory: () => new Writer() }],
    });
    await new Writer().save('new');
    await new Writer().save('new');
    expect(warnings).toEqual([
      expect.stringMatching(
        /^@CacheEvict\(\) on Writer.save does nothing for an object that Nest did not make/,
      ),
    ]);
  });
});

describe('T68: a method that is called before its cache is made', () => {
  @Injectable()
  class Config {
    ttl = 60;
  }
  @Module({ providers: [Config], exports: [Config] })
  class ConfigModule {}
  let runs = 0;
  @Injectable()
  class Flags {
    @Cacheable({ key: 'flags' })
    async load(): Promise<number> {
      return Promise.resolve(++runs);
    }
    @CacheEvict({ key: 'flags' })
    async forget(): Promise<void> {
      return Promise.resolve();
    }
  }
  @Injectable()
  class Billing {
    readonly early: Promise<unknown>;
    constructor(flags: Flags) {
      this.early = Promise.all([flags.load(), flags.forget()]);
    }
  }
  @Module({ providers: [Flags, Billing] })
  class BillingModule {}

  it('runs uncached, and the next call is cached', async () => {
    runs = 0;
    const cacheModule = CacheInfraModule.forRootAsync({
      imports: [ConfigModule],
      inject: [Config],
      useFactory: (config: Config) => ({ defaultTtl: config.ttl }),
    });
    const module = await Test.createTestingModule({ imports: [BillingModule, cacheModule] }).compile();
    app = module.createNestApplication();
    await app.init();
    await app.get(Billing, { strict: false }).early;
    const flags = app.get(Flags, { strict: false });
    expect([await flags.load(), await flags.load()]).toEqual([2, 2]);
    expect(warnings).toEqual([]);
  });

  it('a factory of the cache may use a service with a cached method', async () => {
    runs = 0;
    @Module({ providers: [Flags], exports: [Flags] })
    class FlagsModule {}
    const cacheModule = CacheInfraModule.forRootAsync({
      imports: [FlagsModule],
      inject: [Flags],
      useFactory: async (flags: Flags) => ({ defaultTtl: await flags.load() }),
    });
    const module = await Test.createTestingModule({ imports: [cacheModule] }).compile();
    app = module.createNestApplication();
    await app.init();
    const flags = app.get(Flags, { strict: false });
    expect([await flags.load(), await flags.load()]).toEqual([2, 2]);
  });
});

describe('T73: allEntries', () => {
  @Injectable()
  class Whole {
    @CacheEvict({ allEntries: true })
    async reset(): Promise<void> {
      return Promise.resolve();
    }
  }
  @Injectable()
  class Meant {
    @CacheEvict({ cache: 'default', allEntries: true })
    async all(): Promise<void> {
      return Promise.resolve();
    }
    @CacheEvict({ namespace: 'own', allEntries: true })
    async own(): Promise<void> {
      return Promise.resolve();
    }
  }

  it('without a namespace warns at boot of what goes', async () => {
    await boot({ providers: [Whole] });
    expect(warnings).toEqual([
      expect.stringMatching(
        /^@CacheEvict\(\{ allEntries: true \}\) on Whole.reset empties the whole default cache/,
      ),
    ]);
  });

  it('with a namespace, or with the cache named, is silent', async () => {
    @Module({ imports: [CacheInfraModule.forFeature('feature')], providers: [Whole] })
    class FeatureModule {}
    await boot({ imports: [FeatureModule], providers: [Meant] });
    expect(warnings).toEqual([]);
  });
});

describe('T81: a decorator in the wrong place', () => {
  it('a method that returns at once is told of at the first call', async () => {
    @Injectable()
    class Sync {
      // @ts-expect-error -- nor does it compile
      @Cacheable()
      find() {
        return 1;
      }
    }
    const sync = (await boot({ providers: [Sync] })).get(Sync);
    await (sync.find() as number | Promise<number>);
    await (sync.find() as number | Promise<number>);
    expect(warnings).toEqual([
      expect.stringMatching(/^Sync.find returns its value at once, but its callers get a promise/),
    ]);
  });

  it.each([
    ['@Cacheable()', Cacheable()],
    ['@CachePut()', CachePut({ key: 'k' })],
    ['@CacheEvict()', CacheEvict({ key: 'k' })],
    ['@CacheDefaults()', CacheDefaults({ ttl: 1 })],
    ['@Cacheable', Cacheable],
  ])('%s as a standard decorator names the compiler options', (name, decorator) => {
    const context = { kind: 'method', name: 'find', static: false };
    const apply = () =>
      (decorator as unknown as (...given: unknown[]) => unknown)(async () => Promise.resolve(1), context);
    expect(apply).toThrow(`${name} on find is compiled as a standard decorator`);
    expect(apply).toThrow('"experimentalDecorators": true');
  });
});
