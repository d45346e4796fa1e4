import { describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Cacheable, CacheDefaults, CacheEvict, CachePut } from 'nestjs-cache-infra';

import { decoratedApp } from '../support/decorated-app.js';

const test = decoratedApp();
const { boot } = test;

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
        `@Cacheable() on Users.find: key '${key}' is the same for every call, but the method has parameters: use a function of the parameters, or key: () => '${key}' if the parameters do not matter`,
      );
    },
  );

  it('T9: parameters with a default value count as parameters, too', async () => {
    @Injectable()
    class Users {
      @Cacheable({ key: 'all' })
      async find(page = 1): Promise<number> {
        return Promise.resolve(page);
      }
    }
    await expect(boot({ providers: [Users] })).rejects.toThrow('key');
  });

  it('T9: a function that returns a constant text is accepted', async () => {
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
    expect(() => Cacheable({ tags: ['user-{id}'] })).toThrow('tags contains a literal');
  });

  it('T9: a computed key, pattern or tag with a gap warns once', async () => {
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
    expect(test.warnings.map((it) => it.split(':')[0])).toEqual([
      "key of Users.find returned a string containing 'undefined'",
      "key of Users.search returned a string containing '[object Object]'",
      "key of Users.page returned a string containing 'NaN'",
      "tags of Users.page returned a string containing 'NaN'",
      "key of Users.remove returned a string containing 'null'",
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
      'Users and Orders inherit Base.findOne with the same key: set @CacheDefaults({ namespace }) on each',
    );
  });

  it('T11: in separate namespaces, or with a key from the instance, they are accepted', async () => {
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
    expect(test.warnings).toEqual([
      expect.stringMatching(
        /^ByObject.find runs uncached: UserId keeps private state .* give UserId a toJSON\(\)/,
      ),
    ]);
  });
});
