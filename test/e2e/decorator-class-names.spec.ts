import { randomUUID } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Injectable,
  mixin,
  Module,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  Catch,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type MiddlewareConsumer,
  type NestInterceptor,
  type NestMiddleware,
  type NestModule,
  type PipeTransform,
  type Type,
} from '@nestjs/common';
import { LazyModuleLoader } from '@nestjs/core';
import { Cache, Cacheable, cacheableKey } from 'nestjs-cache-infra';
import type { Observable } from 'rxjs';

import { decoratedApp } from '../support/decorated-app.js';
import { testRedisUrl } from '../support/redis.js';

const test = decoratedApp();
const { ask, boot } = test;

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
    expect(test.warnings).toContainEqual(
      expect.stringMatching(/^o.find runs uncached: the name 'o' looks minified.*keepNames/),
    );
  });

  it('T12: they are cached in memory, which other builds do not share', async () => {
    const { Products } = declare(false);
    const products = (await boot({ providers: [Products] })).get(Products);
    expect(await products.find('1')).toEqual({ product: '1' });
    expect(await test.app?.get(Cache).has(cacheableKey(Products, 'find', ['1']))).toBe(true);
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

  it('T12: a warning at boot names classes numbered by a bundler, if other builds share the Redis', async () => {
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
    expect(test.warnings).toEqual([]);
    await context.close();
    await boot({ providers: [numbered('Clients'), numbered('Clients2')] }, redis());
    expect(test.warnings).toEqual([
      expect.stringMatching(/^Clients and Clients2 have default keys in the same Redis/),
    ]);
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
    expect(test.warnings).toEqual([]);
  });

  it('in a lazily loaded module: the later class runs uncached, with a warning', async () => {
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
    expect(test.warnings).toEqual([
      expect.stringMatching(/^Users.find runs uncached: another class of that name/),
    ]);
  });
});
