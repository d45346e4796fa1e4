import type { Isolation } from '../contract/options.js';
import { InMemoryCache } from '../in-memory-cache.js';
import { deferred } from '../../../../../test/support/deferred.js';

interface User {
  name: string;
  roles: string[];
}

const ada = (): User => ({ name: 'Ada', roles: ['admin'] });
const caches: InMemoryCache[] = [];

function memory(isolation?: Isolation): InMemoryCache {
  const cache = new InMemoryCache({ isolation });
  caches.push(cache);
  return cache;
}

afterEach(async () => {
  for (const cache of caches.splice(0)) await cache.close();
});

describe("guarantee 7: isolation 'clone', the default", () => {
  it('pitfall (cache-manager) changing a value after set changes nothing', async () => {
    const cache = memory();
    const user = ada();
    await cache.set('a', user);
    user.roles.push('root');
    expect(await cache.get('a')).toEqual(ada());
  });

  it('pitfall (cache-manager) changing a value that get gave changes nothing', async () => {
    const cache = memory();
    await cache.set('a', ada());
    const user = await cache.get<User>('a');
    user?.roles.push('root');
    expect(await cache.get('a')).toEqual(ada());
  });

  it('changing a value from getMany changes no entry', async () => {
    const cache = memory();
    await cache.set('a', ada());
    (await cache.getMany<User>(['a'])).get('a')?.roles.push('root');
    expect((await cache.getMany(['a'])).get('a')).toEqual(ada());
  });

  it('two callers of one load get a copy each, the loader keeps its own', async () => {
    const cache = memory();
    const loaded = deferred<User>();
    const callers = [cache.getOrSet('a', () => loaded.promise), cache.getOrSet('a', () => loaded.promise)];
    const made = ada();
    loaded.resolve(made);
    const [first, second] = await Promise.all(callers);
    first?.roles.push('root');
    made.roles.push('root');
    expect(second).toEqual(ada());
    expect(await cache.get('a')).toEqual(ada());
  });

  it.each([
    ['Date', new Date(0), (value: Date) => value.setTime(1)],
    ['Map', new Map([['a', [1]]]), (value: Map<string, number[]>) => value.get('a')?.push(2)],
    ['Set', new Set([1]), (value: Set<number>) => value.add(2)],
    ['Buffer', Buffer.from('abc'), (value: Buffer) => value.fill(0)],
    ['Uint8Array', new Uint8Array([1, 2]), (value: Uint8Array) => value.fill(0)],
    ['Float64Array', new Float64Array([0.5]), (value: Float64Array) => value.fill(0)],
    ['ArrayBuffer', new Uint8Array([1]).buffer, (value: ArrayBuffer) => new Uint8Array(value).fill(0)],
  ] as [string, object, (value: never) => unknown][])('covers %s', async (_, value, change) => {
    const cache = memory();
    await cache.set('a', value);
    const before = await cache.get<object>('a');
    change(value as never);
    change((await cache.get('a')) as never);
    expect(await cache.get('a')).toEqual(before);
    expect(Object.getPrototypeOf(before)).toBe(Object.getPrototypeOf(value));
  });
});

describe("guarantee 7: isolation 'freeze'", () => {
  it('all share one deeply frozen copy', async () => {
    const cache = memory('freeze');
    const user = ada();
    await cache.set('a', user);
    const [first, second] = [await cache.get<User>('a'), await cache.get<User>('a')];
    expect(first).toBe(second);
    expect(Object.isFrozen(first)).toBe(true);
    expect(Object.isFrozen(first?.roles)).toBe(true);
    expect(() => first?.roles.push('root')).toThrow(TypeError);
  });

  it('the value that was set stays as it was: not frozen, and not shared', async () => {
    const cache = memory('freeze');
    const user = ada();
    await cache.set('a', user);
    user.roles.push('root');
    expect(await cache.get('a')).toEqual(ada());
  });

  it('getOrSet hands out the frozen copy too', async () => {
    const cache = memory('freeze');
    const made = await cache.getOrSet('a', ada);
    expect(Object.isFrozen(made)).toBe(true);
    expect(await cache.get('a')).toBe(made);
  });

  it('a value that cannot be frozen is copied instead', async () => {
    const cache = memory('freeze');
    await cache.set('a', { at: new Date(0), of: new Map([['a', 1]]) });
    const first = await cache.get<{ at: Date; of: Map<string, number> }>('a');
    first?.at.setTime(1);
    first?.of.clear();
    expect(await cache.get('a')).toEqual({ at: new Date(0), of: new Map([['a', 1]]) });
  });
});

describe("guarantee 7: isolation 'reference'", () => {
  it('the very value that was set comes back', async () => {
    const cache = memory('reference');
    const user = ada();
    await cache.set('a', user);
    expect(await cache.get('a')).toBe(user);
    expect((await cache.getMany(['a'])).get('a')).toBe(user);
    expect(await cache.getOrSet('a', ada)).toBe(user);
  });

  it('the very value that was loaded comes back', async () => {
    const cache = memory('reference');
    const user = ada();
    expect(await cache.getOrSet('a', () => user)).toBe(user);
    expect(await cache.get('a')).toBe(user);
  });

  it('refuses the values that the other modes refuse', async () => {
    await expect(memory('reference').set('a', { f: () => 1 })).rejects.toThrow(/\$\.f/);
  });
});
