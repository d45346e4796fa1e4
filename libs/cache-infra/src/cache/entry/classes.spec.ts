import { jest } from '@jest/globals';
import { Exclude } from 'class-transformer';
import { deferred } from '../../../../../test/support/deferred.js';
import { ManualClock } from '../../../../../test/support/manual-clock.js';
import { SerializationError, ValidationError } from '../../base/errors.js';
import { InMemoryCache } from '../in-memory-cache.js';
import type { InMemoryCacheOptions } from '../contract/cache-options.js';

class User {
  id = 1;
  @Exclude() password = 'secret';
  name(): string {
    return `user ${String(this.id)}`;
  }
}
class Dto {
  id = 1;
}
class Session {
  #user = 'ann';
  name(): string {
    return this.#user;
  }
}

const warn = jest.fn();
const caches: InMemoryCache[] = [];

function memory(options: InMemoryCacheOptions = {}): InMemoryCache {
  const cache = new InMemoryCache({ logger: { warn, log: warn }, ...options });
  caches.push(cache);
  return cache;
}

afterEach(async () => {
  warn.mockClear();
  for (const cache of caches.splice(0)) await cache.close();
});

describe('guarantee 6: an instance that would lose something', () => {
  it('T1: is returned to its caller as it is, not stored, and reported once', async () => {
    const cache = memory();
    const user = new User();
    const errors: unknown[] = [];
    cache.on('error', ({ error }) => errors.push(error));

    const got = [await cache.getOrSet('user:1', () => user), await cache.getOrSet('user:2', () => user)];

    expect(got).toEqual([user, user]);
    expect(got[0]).toBe(user);
    expect(await cache.has('user:1')).toBe(false);
    expect(warn.mock.calls).toEqual([
      [
        expect.stringMatching(
          /the loader of "user:1" .*User would lose its methods.*'as: User'.*plain object.*'plain: true'/,
        ),
      ],
    ]);
    expect(errors).toEqual([expect.any(SerializationError), expect.any(SerializationError)]);
  });

  it('T1: is loaded at every call, and no old value is served', async () => {
    const cache = memory();
    let loads = 0;
    const load = (): Promise<User> =>
      cache.getOrSet('user:1', () => (loads++, new User()), { ttl: '10ms', grace: '1h' });

    await load();
    await load();

    expect(loads).toBe(2);
    expect(cache.stats().loadErrors).toBe(0);
  });

  it.each<[string, (cache: InMemoryCache) => Promise<unknown>]>([
    ['set', (cache) => cache.set('k', new User())],
    ['set with options', (cache) => cache.set('k', { user: new User() }, { ttl: '1m' })],
    ['setMany', (cache) => cache.setMany([['k', [new User()]]])],
  ])('T1: is refused by %s, which names the ways out', async (_, store) => {
    const cache = memory();
    await expect(store(cache)).rejects.toThrow(/User would lose its methods.*'as: User'.*'plain: true'/);
    expect(await cache.has('k')).toBe(false);
  });

  it('T2: with private state alone is refused, not stored as {}', async () => {
    await expect(memory().set('k', new Session())).rejects.toThrow(/Session would lose its private state/);
    await expect(memory({ plain: true }).set('k', new Session())).rejects.toThrow(/plain form .* is empty/);
  });

  it.each<[string, InMemoryCacheOptions, { plain?: boolean }]>([
    ['by the call', {}, { plain: true }],
    ['by the cache', { plain: true }, {}],
  ])("T6: 'plain' %s stores its plain form", async (_, options, call) => {
    const cache = memory(options);
    await cache.set('k', new User(), call);
    await cache.getOrSet('l', () => new User(), call);
    expect(await cache.getMany(['k', 'l'])).toStrictEqual(
      new Map([
        ['k', { id: 1, password: 'secret' }],
        ['l', { id: 1, password: 'secret' }],
      ]),
    );
  });

  it('T6: nothing but properties is stored as them', async () => {
    const cache = memory();
    await cache.set('k', new Dto());
    expect(await cache.get('k')).toStrictEqual({ id: 1 });
  });

  it('T3: by reference in memory is the very instance', async () => {
    const cache = memory({ isolation: 'reference' });
    const [user, session] = [new User(), new Session()];
    await cache.set('user', user);
    expect(await cache.get('user')).toBe(user);
    expect(await cache.getOrSet('session', () => session)).toBe(session);
    expect(await cache.get('session')).toBe(session);
  });
});

describe("guarantee 6: 'as'", () => {
  it.each(['clone', 'freeze', 'reference'] as const)(
    'T1: gives instances to all callers, %s',
    async (isolation) => {
      const cache = memory({ isolation });
      const load = (): Promise<User[]> => cache.getOrSet('users', () => [new User()], { as: User });
      for (const [user] of [await load(), await load(), await load()]) {
        expect(user).toStrictEqual(new User());
        expect(user?.name()).toBe('user 1');
      }
      expect(cache.stats().loads).toBe(1);
    },
  );

  it('T1: gives each caller instances of its own', async () => {
    const cache = memory();
    const load = (): Promise<User> => cache.getOrSet('user', () => new User(), { as: () => User });
    (await load()).id = 2;
    (await load()).id = 3;
    expect((await load()).id).toBe(1);
  });

  it('T1: gives instances of a stale value, to callers and to the loader', async () => {
    const clock = new ManualClock();
    const cache = memory({ advanced: { clock } });
    const options = { as: User, ttl: '1s', grace: '1h' } as const;
    await cache.set('user', new User(), options);
    clock.advance(2000);
    let stale: User | undefined;

    const got = await cache.getOrSet<User>(
      'user',
      (ctx) => {
        stale = ctx.stale;
        throw new Error('away');
      },
      options,
    );

    expect([got.name(), stale?.name()]).toEqual(['user 1', 'user 1']);
  });

  it('T2: an instance with private state is still not stored', async () => {
    const cache = memory();
    const session = new Session();
    expect(await cache.getOrSet('k', () => session, { as: Session })).toBe(session);
    expect(await cache.has('k')).toBe(false);
    await expect(cache.set('k', session, { as: Session })).rejects.toThrow(/private state.*'revive'/);
  });

  it.each([
    [{ as: 'User' }, /as must be a class, or an arrow function that returns one, got "User"/],
    [{ as: () => 1 }, /as must be a class/],
    [{ as: User, revive: () => 1 }, /revive cannot be combined with as/],
    [{ revive: 1 }, /revive must be a function/],
    [{ plain: 'yes' }, /plain must be true or false/],
  ])('%p is refused', async (options, message) => {
    const stored = memory().set('k', 1, options as never);
    await expect(stored).rejects.toThrow(ValidationError);
    await expect(memory().getOrSet('k', () => 1, options as never)).rejects.toThrow(message);
  });
});

describe("'revive'", () => {
  class Token {
    readonly #text: string;
    constructor(text: string) {
      this.#text = text;
    }
    text(): string {
      return this.#text;
    }
    toJSON(): string {
      return this.#text;
    }
  }
  const revive = (stored: string): Token => new Token(stored);

  it.each(['clone', 'freeze', 'reference'] as const)(
    'T1: makes what all callers get, %s',
    async (isolation) => {
      const cache = memory({ isolation });
      const load = (): Promise<Token> => cache.getOrSet('t', () => new Token('a'), { revive });
      expect([(await load()).text(), (await load()).text()]).toEqual(['a', 'a']);
      expect(await cache.get('t')).toBe('a');
      expect(cache.stats().loads).toBe(1);
    },
  );

  it('T1: a stored value that it does not take is loaded anew', async () => {
    const cache = memory();
    await cache.set('t', 'from an older release');
    const strict = (stored: string): Token => {
      if (stored !== 'a') throw new Error('unknown form');
      return new Token(stored);
    };
    const load = (): Promise<Token> => cache.getOrSet('t', () => new Token('a'), { revive: strict });
    expect((await load()).text()).toBe('a');
    expect((await load()).text()).toBe('a');
    expect(cache.stats().loads).toBe(1);
  });

  it('T1: if revive always fails, the caller gets the value of the loader', async () => {
    const broken = (): Token => {
      throw new Error('broken');
    };
    const token = new Token('a');
    expect(await memory().getOrSet('t', () => token, { revive: broken })).toBe(token);
  });
});

describe('T4: a value that no tier keeps', () => {
  const joined = async (value: unknown): Promise<unknown[]> => {
    const cache = memory();
    const loaded = deferred<unknown>();
    const load = (): Promise<unknown> =>
      cache.getOrSet('k', ({ skipStore }) => {
        skipStore();
        return loaded.promise;
      });
    const callers = [load(), load()];
    loaded.resolve(value);
    return Promise.all(callers);
  };

  it.each([
    new Session(),
    new User(),
    new Dto(),
    { at: new Dto() },
    new (class extends Map {})(),
    { toJSON: () => 'text' },
  ])('is the same for callers who join, when a copy would be of another kind (%#)', async (value) => {
    const [first, second] = await joined(value);
    expect(first).toBe(value);
    expect(second).toBe(value);
  });

  it('is a copy for joining callers, if it is plain', async () => {
    const value = { at: new Date(1), list: [new Map([['a', 1]])] };
    const [first, second] = await joined(value);
    expect(first).toBe(value);
    expect(second).not.toBe(value);
    expect(second).toStrictEqual(value);
  });
});

describe('types', () => {
  const money = {
    name: 'Session',
    is: (value: object) => value instanceof Session,
    encode: () => 'ann',
    decode: () => new Session(),
  };

  it.each(['clone', 'freeze', 'reference'] as const)('T1: come back as themselves, %s', async (isolation) => {
    const cache = memory({ isolation, types: [money] });
    await cache.set('k', { list: [new Session()] });
    const first = await cache.get<{ list: Session[] }>('k');
    const second = await cache.get<{ list: Session[] }>('k');
    expect([first?.list[0]?.name(), second?.list[0]?.name()]).toEqual(['ann', 'ann']);
    expect(first === second).toBe(isolation === 'reference');
  });

  it.each([
    [{}, 'types must be a list of types'],
    [[{ ...money, decode: 1 }], 'types must be a list of types'],
    [[money, money], "types must have one type of each name, got two of 'Session'"],
  ])('%p are refused', (types, message) => {
    expect(() => new InMemoryCache({ types: types as never })).toThrow(message);
  });
});

describe('T62: a value in which a part occurs often', () => {
  it.each(['clone', 'freeze'] as const)('shares it in what callers get, %s', async (isolation) => {
    const cache = memory({ isolation });
    const customer = { at: new Date(1) };
    await cache.set('orders', [{ customer }, { customer }]);
    const first = await cache.get<{ customer: object }[]>('orders');
    const [second] = await Promise.all([cache.get<{ customer: object }[]>('orders')]);
    expect(first).toStrictEqual([{ customer }, { customer }]);
    expect(first?.[0]?.customer).toBe(first?.[1]?.customer);
    expect(second?.[0]?.customer).not.toBe(first?.[0]?.customer);
  });

  it('that is larger than maxValueNodes is refused, and reaches the caller of a loader', async () => {
    const cache = memory({ advanced: { maxValueNodes: 10 } });
    const list = Array.from({ length: 11 }, (_, i) => i);
    await expect(cache.set('k', list)).rejects.toThrow('more than 10 parts (advanced.maxValueNodes)');
    expect(await cache.getOrSet('k', () => list)).toBe(list);
  });
});
