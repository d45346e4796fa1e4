import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Injectable, Logger, Scope, SetMetadata, type Provider } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { inspect } from 'node:util';

import { turn } from '../../../../../test/support/deferred.js';
import { ManualClock } from '../../../../../test/support/manual-clock.js';
import { Cache } from '../../cache/contract/cache.js';
import { InMemoryCache } from '../../cache/in-memory-cache.js';
import { InfrastructureError, ValidationError } from '../../base/errors.js';
import { CacheEvict } from './cache-evict.js';
import { CachePut } from './cache-put.js';
import { Cacheable } from './cacheable.js';
import { cacheableKey } from './method-key.js';
import { getCacheToken } from '../registry/tokens.js';

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

async function compile(...providers: Provider[]): Promise<TestingModule> {
  const module = await Test.createTestingModule({
    providers: [{ provide: Cache, useValue: cache }, ...providers],
  }).compile();
  modules.push(module);
  return module;
}

@Injectable()
class Catalogue {
  calls = 0;
  readonly #secret = 'private';

  @Cacheable()
  async find(id: string, options?: { lang: string }): Promise<string> {
    this.calls += 1;
    return Promise.resolve(`${this.#secret} ${id} ${options?.lang ?? ''} ${String(this.calls)}`);
  }

  @Cacheable({
    key: (id: string) => `product:${id}`,
    ttl: '5m',
    tags: (id: string) => [`product-${id}`, 'products'],
  })
  async byKey(id: string, _page: number): Promise<{ id: string; calls: number }> {
    this.calls += 1;
    return Promise.resolve({ id, calls: this.calls });
  }

  @Cacheable({ key: 'all' })
  async all(): Promise<number> {
    this.calls += 1;
    return Promise.resolve(this.calls);
  }

  @Cacheable({ unless: (result: number | null) => result === null, condition: (id: string) => id !== 'skip' })
  async chosen(id: string): Promise<number | null> {
    this.calls += 1;
    return Promise.resolve(id === 'none' ? null : this.calls);
  }

  @Cacheable()
  async nothing(): Promise<undefined> {
    this.calls += 1;
    return Promise.resolve(undefined);
  }

  @Cacheable()
  async fails(): Promise<never> {
    this.calls += 1;
    return Promise.reject(new RangeError('no'));
  }

  @Cacheable()
  async callback(): Promise<() => string> {
    this.calls += 1;
    return Promise.resolve(() => 'called');
  }

  @Cacheable()
  async withCallback(done: () => string): Promise<string> {
    this.calls += 1;
    return Promise.resolve(done());
  }

  @Cacheable({ key: () => '' })
  async emptyKey(): Promise<number> {
    return Promise.resolve(1);
  }
}

async function catalogue(): Promise<Catalogue> {
  return (await compile(Catalogue)).get(Catalogue);
}

describe('@Cacheable', () => {
  it('runs the method once for the same arguments', async () => {
    const service = await catalogue();
    const first = await service.find('1', { lang: 'en' });
    const second = await service.find('1', { lang: 'en' });
    expect(second).toBe(first);
    expect(service.calls).toBe(1);
  });

  it('distinguishes arguments, also by their contents (pitfall: two different Maps gave one key)', async () => {
    const service = await catalogue();
    await service.find('1', { lang: 'en' });
    await service.find('1', { lang: 'de' });
    await service.find('2', { lang: 'en' });
    expect(service.calls).toBe(3);
  });

  it('ignores trailing undefined arguments', async () => {
    const service = await catalogue();
    await service.find('1');
    await service.find('1', undefined);
    expect(service.calls).toBe(1);
  });

  it('derives default keys from class, method and a digest, as cacheableKey does', async () => {
    const service = await catalogue();
    await service.find('1', { lang: 'en' });
    const key = cacheableKey(Catalogue, 'find', ['1', { lang: 'en' }]);
    expect(key).toMatch(/^Catalogue\.find:[\w-]{43}$/);
    await expect(cache.has(key)).resolves.toBe(true);
  });

  it('uses the key function, ttl and tags', async () => {
    const service = await catalogue();
    await service.byKey('7', 1);
    await expect(service.byKey('7', 2)).resolves.toEqual({ id: '7', calls: 1 });
    await expect(cache.get('product:7')).resolves.toEqual({ id: '7', calls: 1 });
    expect(Math.round((await cache.ttl('product:7')) ?? 0)).toBe(300);
    await cache.invalidateTags('product-7');
    await expect(cache.has('product:7')).resolves.toBe(false);
  });

  it('uses a key that is a text unchanged', async () => {
    const service = await catalogue();
    await service.all();
    await expect(cache.get('all')).resolves.toBe(1);
  });

  it('shares one run among calls at the same time', async () => {
    const service = await catalogue();
    const results = await Promise.all([service.find('1'), service.find('1'), service.find('1')]);
    expect(new Set(results).size).toBe(1);
    expect(service.calls).toBe(1);
  });

  it('condition false: the cache is neither read nor written', async () => {
    const service = await catalogue();
    await service.chosen('skip');
    await service.chosen('skip');
    expect(service.calls).toBe(2);
  });

  it('unless true: the result is returned and not stored', async () => {
    const service = await catalogue();
    await expect(service.chosen('none')).resolves.toBeNull();
    await service.chosen('none');
    expect(service.calls).toBe(2);
  });

  it('does not store undefined', async () => {
    const service = await catalogue();
    await expect(service.nothing()).resolves.toBeUndefined();
    await service.nothing();
    expect(service.calls).toBe(2);
  });

  it('a method that throws runs once (pitfall nestjs-redisx: a method that throws ran twice)', async () => {
    const service = await catalogue();
    await expect(service.fails()).rejects.toThrow(new RangeError('no'));
    expect(service.calls).toBe(1);
  });

  it('returns a result that no cache can store, and warns once', async () => {
    const service = await catalogue();
    const results = await Promise.all([service.callback(), service.callback()]);
    await service.callback();
    expect(results.map((result) => result())).toEqual(['called', 'called']);
    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(/^Catalogue\.callback runs uncached: .*function/)],
    ]);
  });

  it('runs uncached for arguments without a canonical form, and warns once', async () => {
    const service = await catalogue();
    await expect(service.withCallback(() => 'a')).resolves.toBe('a');
    await expect(service.withCallback(() => 'b')).resolves.toBe('b');
    expect(warn).toHaveBeenCalledTimes(1);
  });

  it('refuses an empty key, by name', async () => {
    const service = await catalogue();
    await expect(service.emptyKey()).rejects.toThrow(
      new ValidationError("key of Catalogue.emptyKey must return a non-empty string, returned ''"),
    );
  });

  it('runs uncached after the cache was closed', async () => {
    const closed = new InMemoryCache();
    await closed.close();
    const module = await Test.createTestingModule({
      providers: [{ provide: Cache, useValue: closed }, Catalogue],
    }).compile();
    modules.push(module);
    await expect(module.get(Catalogue).all()).resolves.toBe(1);
  });

  it("seed S9.112 passes an InfrastructureError on with onError 'throw'", async () => {
    const failing = new InMemoryCache();
    jest.spyOn(failing, 'getOrSet').mockRejectedValue(new InfrastructureError('Redis command failed'));
    const module = await Test.createTestingModule({
      providers: [{ provide: Cache, useValue: failing }, Catalogue],
    }).compile();
    modules.push(module);
    await expect(module.get(Catalogue).all()).rejects.toThrow('Redis command failed');
  });

  it('runs uncached on an object made with new', async () => {
    const service = new Catalogue();
    await service.all();
    await service.all();
    expect(service.calls).toBe(2);
    expect(warn).not.toHaveBeenCalled();
  });

  it('runs uncached without any cache, and warns once for the class', async () => {
    @Injectable()
    class Lonely {
      @Cacheable()
      async find(): Promise<number> {
        return Promise.resolve(1);
      }
    }
    const module = await Test.createTestingModule({ providers: [Lonely] }).compile();
    modules.push(module);
    await module.get(Lonely).find();
    await module.get(Lonely).find();
    expect(warn.mock.calls).toEqual([
      ['Lonely.find runs uncached: the application does not import CacheInfraModule'],
    ]);
  });

  it('uses the cache that it names', async () => {
    const other = new InMemoryCache({ name: 'other' });
    @Injectable()
    class Named {
      @Cacheable({ cache: 'other', key: 'k' })
      async find(): Promise<number> {
        return Promise.resolve(1);
      }
    }
    const module = await compile({ provide: getCacheToken('other'), useValue: other }, Named);
    await module.get(Named).find();
    await expect(other.get('k')).resolves.toBe(1);
    await expect(cache.has('k')).resolves.toBe(false);
  });

  it('adds nothing to the instance that a comparison or print-out shows', async () => {
    const service = await catalogue();
    expect(
      Object.getOwnPropertySymbols(service).filter((it) =>
        Object.prototype.propertyIsEnumerable.call(service, it),
      ),
    ).toEqual([]);
    expect(inspect(service)).toBe('Catalogue { calls: 0 }');
  });
});

describe('@Cacheable and the options of getOrSet', () => {
  const clock = new ManualClock();
  let failing: boolean;
  let timed: InMemoryCache;
  beforeEach(() => {
    failing = false;
    timed = new InMemoryCache({ advanced: { clock } });
  });
  afterEach(() => timed.close());

  @Injectable()
  class Prices {
    calls = 0;

    @Cacheable({ namespace: 'prices', key: 'eur', ttl: '1m', grace: '1h' })
    async eur(): Promise<number> {
      this.calls += 1;
      return failing ? Promise.reject(new RangeError('no')) : Promise.resolve(this.calls);
    }

    @Cacheable({ key: 'usd', ttl: '100s', jitter: 1 })
    async usd(): Promise<number> {
      return Promise.resolve(1);
    }

    @Cacheable({ key: 'gbp', ttl: '100s', refreshAhead: 0.5 })
    async gbp(): Promise<number> {
      this.calls += 1;
      return Promise.resolve(this.calls);
    }

    @Cacheable({ key: 'chf', l1Ttl: '5s', tiers: 'l1', softTimeout: '20ms', hardTimeout: '1s', lock: true })
    async chf(): Promise<number> {
      return Promise.resolve(1);
    }

    @CachePut({ namespace: 'prices', key: 'eur', ttl: '10s', grace: '1m', jitter: 0, tiers: 'both' })
    async put(price: number): Promise<number> {
      return Promise.resolve(price);
    }

    @CacheEvict({ namespace: 'prices', key: 'eur' })
    async evict(): Promise<void> {
      return Promise.resolve();
    }

    @Cacheable({ namespace: 'prices', key: 'same' })
    async outer(): Promise<number> {
      return (await this.inner()) + 1;
    }

    @Cacheable({ namespace: 'prices', key: 'same' })
    async inner(): Promise<number> {
      return Promise.resolve(1);
    }
  }

  async function prices(): Promise<Prices> {
    const module = await Test.createTestingModule({
      providers: [{ provide: Cache, useValue: timed }, Prices],
    }).compile();
    modules.push(module);
    return module.get(Prices);
  }

  it('grace: a stale result is returned if the method fails', async () => {
    const service = await prices();
    await service.eur();
    clock.advance(61_000);
    failing = true;
    await expect(service.eur()).resolves.toBe(1);
    expect(service.calls).toBe(2);
  });

  it('jitter: the ttl is shortened', async () => {
    jest.spyOn(Math, 'random').mockReturnValueOnce(0.5);
    await (await prices()).usd();
    await expect(timed.ttl('usd')).resolves.toBe(50);
  });

  it('refreshAhead: a late hit runs the method in the background', async () => {
    const service = await prices();
    await service.gbp();
    clock.advance(60_000);
    await expect(service.gbp()).resolves.toBe(1);
    await turn();
    expect(service.calls).toBe(2);
  });

  it('namespace: of the cache that it names, for @CachePut and @CacheEvict too', async () => {
    const service = await prices();
    await service.put(7);
    await expect(service.eur()).resolves.toBe(7);
    await expect(timed.has('eur')).resolves.toBe(false);
    await expect(timed.namespace('prices').has('eur')).resolves.toBe(true);
    await service.evict();
    await expect(timed.namespace('prices').has('eur')).resolves.toBe(false);
  });

  it('namespace: a method does not wait for itself', async () => {
    await expect((await prices()).outer()).resolves.toBe(2);
  });

  it('passes on l1Ttl, tiers, softTimeout, hardTimeout and lock', async () => {
    const getOrSet = jest.spyOn(timed, 'getOrSet');
    await (await prices()).chf();
    expect(getOrSet).toHaveBeenCalledWith('chf', expect.any(Function), {
      l1Ttl: '5s',
      tiers: 'l1',
      softTimeout: '20ms',
      hardTimeout: '1s',
      lock: true,
    });
  });

  it('uses the grace of @CachePut as well', async () => {
    const service = await prices();
    await service.put(7);
    clock.advance(11_000);
    failing = true;
    await expect(service.eur()).resolves.toBe(7);
    expect(service.calls).toBe(1);
  });
});

describe('@Cacheable and the scopes of Nest', () => {
  it.each([Scope.REQUEST, Scope.TRANSIENT])('caches across the instances of scope %s', async (scope) => {
    let calls = 0;
    @Injectable({ scope })
    class Scoped {
      @Cacheable()
      async find(): Promise<number> {
        calls += 1;
        return Promise.resolve(calls);
      }
    }
    const module = await compile(Scoped);
    const first = await module.resolve(Scoped);
    const second = await module.resolve(Scoped);
    expect(second).not.toBe(first);
    await expect(Promise.all([first.find(), second.find()])).resolves.toEqual([1, 1]);
  });

  it('reaches a provider with a constructor, injected properties and circular references', async () => {
    @Injectable()
    class Dependent {
      constructor(readonly catalogue: Catalogue) {}

      @Cacheable()
      async find(): Promise<string> {
        return this.catalogue.find('1');
      }
    }
    const service = (await compile(Catalogue, Dependent)).get(Dependent);
    await service.find();
    await service.find();
    expect(service.catalogue.calls).toBe(1);
  });
});

describe('@Cacheable and inheritance', () => {
  abstract class Repository {
    calls = 0;
    @Cacheable()
    async find(id: string): Promise<string> {
      this.calls += 1;
      return Promise.resolve(`${this.constructor.name} ${id}`);
    }
  }
  @Injectable()
  class Users extends Repository {}
  @Injectable()
  class Orders extends Repository {}
  @Injectable()
  class Overriding extends Repository {
    @Cacheable()
    override async find(id: string): Promise<string> {
      return `over ${await super.find(id)}`;
    }
  }
  @Injectable()
  class Plain extends Repository {
    override async find(id: string): Promise<string> {
      return `plain ${await super.find(id)}`;
    }
  }
  @Injectable()
  class SameKey {
    @Cacheable({ key: 'same' })
    async find(): Promise<number> {
      return Promise.resolve(1);
    }
  }
  @Injectable()
  class SameKeyAbove extends SameKey {
    @Cacheable({ key: 'same' })
    override async find(): Promise<number> {
      return (await super.find()) + 1;
    }
  }

  it('caches inherited methods, each subclass under its own name', async () => {
    const module = await compile(Users, Orders);
    await expect(module.get(Users).find('1')).resolves.toBe('Users 1');
    await expect(module.get(Orders).find('1')).resolves.toBe('Orders 1');
    await module.get(Users).find('1');
    expect(module.get(Users).calls).toBe(1);
  });

  it('caches an overriding method and the one it calls', async () => {
    const service = (await compile(Overriding)).get(Overriding);
    await expect(service.find('1')).resolves.toBe('over Overriding 1');
    await expect(service.find('1')).resolves.toBe('over Overriding 1');
    expect(service.calls).toBe(1);
  });

  it('does not cache an overriding method without a decorator, but the method that it calls', async () => {
    const service = (await compile(Plain)).get(Plain);
    await service.find('1');
    await expect(service.find('1')).resolves.toBe('plain Plain 1');
    expect(service.calls).toBe(1);
  });

  it('does not wait for itself (pitfall nestjs-redisx: two layers dead-locked)', async () => {
    const service = (await compile(SameKeyAbove)).get(SameKeyAbove);
    await expect(service.find()).resolves.toBe(2);
    await expect(cache.get('same')).resolves.toBe(2);
  });
});

describe('what @Cacheable leaves of the method', () => {
  const Above = SetMetadata('above', 1);
  const Below = SetMetadata('below', 2);
  class Kept {
    @Above
    @Cacheable()
    @Below
    async find(_id: string, _page: number): Promise<string> {
      return Promise.resolve('x');
    }
  }
  const { find } = Kept.prototype;

  it('keeps name and length', () => {
    expect([find.name, find.length]).toEqual(['find', 2]);
  });

  it('keeps metadata of decorators above and below, and of its types', () => {
    expect(Reflect.getMetadata('above', find)).toBe(1);
    expect(Reflect.getMetadata('below', find)).toBe(2);
    expect(Reflect.getMetadata('design:paramtypes', Kept.prototype, 'find')).toEqual([String, Number]);
  });

  it('works detached from any object', async () => {
    await expect(find.call(undefined as never, '1', 1)).resolves.toBe('x');
  });
});

describe('what @Cacheable refuses when a class is declared', () => {
  const declare = (target: object, name: string, options: object = {}): void => {
    const decorate = Cacheable(options) as (t: object, n: string, d: PropertyDescriptor) => void;
    decorate(target, name, Object.getOwnPropertyDescriptor(target, name) ?? {});
  };
  class Wrong {
    static async find(): Promise<number> {
      return Promise.resolve(1);
    }
    async *pages(): AsyncGenerator<number> {
      yield await Promise.resolve(1);
    }
    get value(): number {
      return Date.now();
    }
    async fine(): Promise<number> {
      return Promise.resolve(1);
    }
  }

  it('static methods', () => {
    expect(() => declare(Wrong, 'find')).toThrow(/@Cacheable\(\) on Wrong\.find: a static method/);
  });

  it('generators', () => {
    expect(() => declare(Wrong.prototype, 'pages')).toThrow(/Wrong\.pages: a generator/);
  });

  it('methods that return their value at once', () => {
    expect(() => {
      class Sync {
        // @ts-expect-error -- nor does it compile
        @Cacheable()
        name(): string {
          return 'x';
        }
      }
      return Sync;
    }).toThrow(
      /@Cacheable\(\) on Sync\.name: the method returns a String synchronously.*make the method async/,
    );
  });

  it('anything but a method', () => {
    expect(() => declare(Wrong.prototype, 'value')).toThrow(
      /Wrong\.value: the decorator belongs on a method/,
    );
  });

  it.each(['user:{0}', 'user:{id}', 'user:${id}'])(
    'a key with a placeholder: %s (pitfall: {0} not interpolated)',
    (key) => {
      expect(() => declare(Wrong.prototype, 'fine', { key })).toThrow(/key is a literal.*use a function/);
    },
  );

  it('bad values of what getOrSet takes', () => {
    const options = {
      namespace: '',
      l1Ttl: -1,
      grace: 'long',
      jitter: 2,
      tiers: 'l3',
      refreshAhead: 1,
      softTimeout: -1,
      hardTimeout: 'soon',
      lock: 'yes',
    };
    const problems = () => declare(Wrong.prototype, 'fine', options);
    for (const name of Object.keys(options)) expect(problems).toThrow(new RegExp(`${name} (must|cannot)`));
  });

  it('every bad option at once', () => {
    const options = { key: 1, ttl: -1, tags: [''], cache: '', unless: 1, condition: 2, tll: 3 };
    const problems = () => declare(Wrong.prototype, 'fine', options);
    for (const name of ['key', 'ttl', 'tags', 'cache', 'unless', 'condition']) expect(problems).toThrow(name);
    expect(problems).toThrow("tll is not a known option (did you mean 'ttl'?)");
  });
});

describe('the types of @Cacheable', () => {
  it('holds the functions in the options to the parameters of the method', () => {
    class Typed {
      // @ts-expect-error -- the key takes a number, the method a string
      @Cacheable({ key: (id: number) => `product:${String(id)}` })
      async wrongKey(id: string): Promise<string> {
        return Promise.resolve(id);
      }
      // @ts-expect-error -- the key wants more than the method has
      @Cacheable({ key: (id: string, page: number) => `${id}:${String(page)}` })
      async tooMany(id: string): Promise<string> {
        return Promise.resolve(id);
      }
      // @ts-expect-error -- the result is a text
      @Cacheable({ unless: (result: number) => result === 0 })
      async wrongResult(id: string): Promise<string> {
        return Promise.resolve(id);
      }
      @Cacheable({
        key: (id: string) => id,
        unless: (result: string, id: string) => result === id,
        tags: ['a'],
      })
      async right(id: string, page: number): Promise<string> {
        return Promise.resolve(`${id}${String(page)}`);
      }
    }
    expect(Typed.name).toBe('Typed');
  });
});
