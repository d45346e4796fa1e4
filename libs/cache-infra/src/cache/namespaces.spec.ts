import type { Cache } from './contract/cache.js';
import { InMemoryCache } from './in-memory-cache.js';
import { Keyspace } from './entry/keyspace.js';

let cache: InMemoryCache;
beforeEach(() => {
  cache = new InMemoryCache();
});
afterEach(() => cache.close());

async function filled(name: string): Promise<Cache> {
  const view = cache.namespace(name);
  await view.set('key', name, { tags: ['tag'] });
  return view;
}

describe('namespaces', () => {
  it('isolate keys', async () => {
    const [users, orders] = [cache.namespace('users'), cache.namespace('orders')];
    await cache.set('1', 'root');
    await users.set('1', 'user');
    await orders.set('1', 'order');
    expect([await cache.get('1'), await users.get('1'), await orders.get('1')]).toEqual([
      'root',
      'user',
      'order',
    ]);
    expect(await users.delete('1')).toBe(true);
    expect([await cache.get('1'), await users.get('1'), await orders.get('1')]).toEqual([
      'root',
      undefined,
      'order',
    ]);
  });

  it('of one name are one', async () => {
    await cache.namespace('users').set('1', 'a');
    expect(await cache.namespace('users').get('1')).toBe('a');
  });

  it('share settings and statistics with their root cache', async () => {
    const users = cache.namespace('users');
    await users.set('1', 'a');
    await users.get('1');
    expect(users).toMatchObject({ name: 'default', defaultTtl: 3600, maxSize: 1000 });
    expect(cache.stats()).toMatchObject({ hits: 1, sets: 1, size: 1 });
  });

  it('nest', async () => {
    const inner = cache.namespace('a').namespace('b');
    await inner.set('key', 'a/b');
    await cache.namespace('a').set('key', 'a');
    await cache.namespace('b').set('key', 'b');
    expect(await inner.get('key')).toBe('a/b');
    expect(await cache.namespace('a').namespace('b').get('key')).toBe('a/b');
  });

  it.each([
    ['a/b', ['a', 'b']],
    ['a:b', ['a', 'b']],
    ['a%2Fb', ['a/b']],
    ['a\0b', ['a', 'b']],
  ])('the name %p is not the path %p', async (name, path) => {
    let nested: Cache = cache;
    for (const step of path) nested = nested.namespace(step);
    await cache.namespace(name).set('key', 1);
    expect(await nested.has('key')).toBe(false);
  });

  it('take any name', async () => {
    const names = ['a b', '{}', '*', 'ñ', '🔑', '!tags', '__proto__', '.', '\\'];
    for (const name of names) await filled(name);
    for (const name of names) expect(await cache.namespace(name).get('key')).toBe(name);
  });

  it('a root key that looks like a namespaced one is another key', async () => {
    const lookalikes = [
      '\0users\0key',
      '\0\0users\0key',
      'users:key',
      'users/key',
      ':users:key',
      '\0users/eu\0key',
    ];
    const users = await filled('users');
    for (const key of lookalikes) await cache.set(key, key);
    expect(await users.get('key')).toBe('users');
    await users.clear();
    for (const key of lookalikes) expect(await cache.get(key)).toBe(key);
    for (const key of lookalikes) await users.set(key, 1);
    await cache.deleteMany(lookalikes);
    expect((await users.getMany(lookalikes)).size).toBe(lookalikes.length);
  });
});

describe('clear', () => {
  it("pitfall (others) a namespace 'users' does not clear 'usersAbc'", async () => {
    const [users, others] = [await filled('users'), await filled('usersAbc')];
    const below = users.namespace('Abc');
    await below.set('key', 'below');
    await users.clear();
    expect(await users.has('key')).toBe(false);
    expect(await below.has('key')).toBe(false);
    expect(await others.get('key')).toBe('usersAbc');
  });

  it('of a namespace keeps those above and beside it', async () => {
    const inner = cache.namespace('a').namespace('b');
    await cache.set('key', 1);
    await cache.namespace('a').set('key', 1);
    await inner.set('key', 1);
    await cache.namespace('a').namespace('bb').set('key', 1);
    await inner.clear();
    expect(await inner.has('key')).toBe(false);
    expect(await cache.has('key')).toBe(true);
    expect(await cache.namespace('a').has('key')).toBe(true);
    expect(await cache.namespace('a').namespace('bb').has('key')).toBe(true);
  });

  it('of the root clears all', async () => {
    const views = [cache, await filled('a'), await filled('!b'), cache.namespace('c').namespace('d')];
    for (const view of views) await view.set('key', 1);
    await cache.clear();
    for (const view of views) expect(await view.has('key')).toBe(false);
    expect(cache.stats().size).toBe(0);
  });
});

describe('invalidatePattern', () => {
  const keys = [
    'user:1',
    'user:12',
    'user:2',
    'users',
    'a*b',
    'aXb',
    'a\\b',
    'ü1',
    '🔑1',
    '[ab]',
    'line\nbreak',
  ];

  beforeEach(() => cache.setMany(keys.map((key) => [key, key])));

  async function left(): Promise<string[]> {
    return [...(await cache.getMany(keys)).keys()];
  }

  it.each([
    ['user:*', ['user:1', 'user:12', 'user:2']],
    ['user:?', ['user:1', 'user:2']],
    ['user:1', ['user:1']],
    ['user', []],
    ['?1', ['ü1', '🔑1']],
    ['a*b', ['a*b', 'aXb', 'a\\b']],
    ['a\\*b', ['a*b']],
    ['a\\\\b', ['a\\b']],
    ['[ab]', ['[ab]']],
    ['*break', ['line\nbreak']],
    ['*', keys],
    ['**', keys],
    ['nothing*', []],
  ])('%p covers %p', async (glob, covered) => {
    expect(await cache.invalidatePattern(glob)).toBe(covered.length);
    expect(await left()).toEqual(keys.filter((key) => !covered.includes(key)));
  });

  it('covers this namespace alone', async () => {
    const users = await filled('users');
    const below = users.namespace('eu');
    await below.set('key', 1);
    expect(await users.invalidatePattern('*')).toBe(1);
    expect(await below.has('key')).toBe(true);
    expect(await left()).toEqual(keys);
    await filled('users');
    expect(await cache.invalidatePattern('*')).toBe(keys.length);
    expect(await users.has('key')).toBe(true);
  });

  it('counts what was there: nothing expired, nothing invalidated', async () => {
    let now = Date.now();
    const timed = new InMemoryCache({ advanced: { clock: { now: () => now } } });
    await timed.set('expired', 1, 1);
    await timed.set('invalidated', 1, { tags: ['tag'] });
    await timed.set('there', 1);
    await timed.invalidateTags('tag');
    now += 2000;
    expect(await timed.invalidatePattern('*')).toBe(1);
    await timed.close();
  });
});

describe('tags and namespaces', () => {
  it('an invalidation covers its namespace and those below it, not those above and beside', async () => {
    const a = cache.namespace('a');
    const views = { root: cache, a, below: a.namespace('b'), beside: cache.namespace('ab') };
    for (const view of Object.values(views)) await view.set('key', 1, { tags: ['tag'] });
    await a.invalidateTags('tag');
    expect(await views.root.has('key')).toBe(true);
    expect(await views.beside.has('key')).toBe(true);
    expect(await views.a.has('key')).toBe(false);
    expect(await views.below.has('key')).toBe(false);
  });

  it('at the root it covers all', async () => {
    const deep = cache.namespace('a').namespace('b');
    await deep.set('key', 1, { tags: ['tag'] });
    await cache.invalidateTags('tag');
    expect(await deep.has('key')).toBe(false);
  });

  it('a tag that looks like a scoped one is another tag', async () => {
    await cache.set('key', 1, { tags: ['a:tag'] });
    await cache.namespace('a').invalidateTags('tag');
    expect(await cache.has('key')).toBe(true);
  });
});

describe('Place', () => {
  it('gives each key an id of its own, and finds it again', () => {
    const places = [
      new Keyspace('p', ''),
      new Keyspace('p', 'a'),
      new Keyspace('p', 'a/b'),
      new Keyspace('p', 'ab'),
    ];
    const keys = ['k', 'a', '\0', '\0\0', '\0a\0k', '\0\0\0a\0k', 'a/b', '\0a/b\0k'];
    const ids = places.flatMap((keyspace) => keys.map((key) => keyspace.id(key)));
    expect(new Set(ids).size).toBe(ids.length);
    for (const keyspace of places) {
      const { id } = keyspace.matching('*');
      expect(ids.filter(id)).toEqual(keys.map((key) => keyspace.id(key)));
    }
  });

  it('in Redis the root scope covers every entry, and no other key', () => {
    const root = new Keyspace('cache', '');
    const { matches } = root.redisScope();
    expect(matches(root.redisKey('key'))).toBe(true);
    expect(matches(new Keyspace('cache', 'users').redisKey('key'))).toBe(true);
    expect(matches(new Keyspace('cache', '!users').redisKey('key'))).toBe(true);
    expect(matches('cache:!tags')).toBe(false);
    expect(matches('cacheAbc::key')).toBe(false);
    expect(matches('cache')).toBe(false);
  });

  it("in Redis the scope of 'users' is 'users' and below", () => {
    const { matches } = new Keyspace('cache', 'users').redisScope();
    expect(matches('cache:users:key')).toBe(true);
    expect(matches('cache:users/eu:key')).toBe(true);
    expect(matches('cache:usersAbc:key')).toBe(false);
    expect(matches('cache::users:key')).toBe(false);
  });
});

it('a root key that looks like the id of another is another key, also before the first namespace', async () => {
  await using cache = new InMemoryCache();
  await cache.set('\0x', 1);
  expect(await cache.get('\0\0\0x')).toBeUndefined();
  expect(await cache.get('\0x')).toBe(1);
});

it('nor for the id of an entry in a namespace', async () => {
  await using cache = new InMemoryCache();
  await cache.namespace('users').set('key', 1);
  expect(await cache.get('\0users\0key')).toBeUndefined();
});
