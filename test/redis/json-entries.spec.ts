import { SerializationError } from '../../libs/cache-infra/src/base/errors.js';
import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';
import { heldLoad, setStale, briefly } from '../support/loads.js';
import { until } from '../support/until.js';

const own = cachesOnOwnRedis();
const { redis } = own;
const json = { format: 'json' } as const;
const order = { id: 7, lines: [{ sku: 'a', price: 9.5 }], note: 'größer "als" je' };

const redisKey = (key = 'key'): string => `${own.keyPrefix}::${key}`;
const text = async (key = 'key'): Promise<string> => (await own.raw.get(redisKey(key))) ?? '';

describe('other programs read the value', () => {
  it('as JSON text', async () => {
    await (await redis(json)).set('key', order, { ttl: 60, tags: ['orders'] });
    const entry: unknown = JSON.parse(await text());
    expect(entry).toMatchObject({ value: order, ttl: 60_000, tags: ['orders'] });
    const { at, ttl } = entry as { at: number; ttl: number };
    expect(Math.abs(at + ttl - (await own.raw.pexpiretime(redisKey())))).toBeLessThan(1000);
  });

  it('a script in Redis, by cjson', async () => {
    await (await redis(json)).getOrSet('key', () => order);
    const lua = "return cjson.decode(redis.call('GET', KEYS[1])).value.lines[1].sku";
    expect(await own.raw.eval(lua, 1, redisKey())).toBe('a');
  });
});

describe('the two formats under one prefix', () => {
  it('each cache reads both, and replaces an entry by one of its own', async () => {
    const off = { enableL1Cache: false };
    const [binary, inJson] = [await redis(off), await redis({ ...off, ...json })];
    await binary.set('one', order);
    await inJson.set('other', order);
    for (const cache of [binary, inJson]) {
      expect(await cache.getMany(['one', 'other'])).toEqual(
        new Map([
          ['one', order],
          ['other', order],
        ]),
      );
      expect(await cache.has('other')).toBe(true);
      expect(await cache.ttl('other')).toBeGreaterThan(3590);
      const keys: string[] = [];
      for await (const key of cache.keys()) keys.push(key);
      expect(keys.sort()).toEqual(['one', 'other']);
    }
    await inJson.set('one', 1);
    await binary.set('other', 1);
    expect((await text('one'))[0]).toBe('{');
    expect((await text('other'))[0]).not.toBe('{');
  });

  it('markStale keeps the format: a Map stays in an entry that a cache in JSON marks', async () => {
    const options = { grace: '1h', ttl: '1h' } as const;
    const [binary, inJson] = [await redis(), await redis({ ...json, enableL1Cache: false })];
    await binary.set('map', new Map([['a', 1]]), options);
    await inJson.set('key', order, options);
    for (const key of ['map', 'key']) expect(await inJson.expire(key)).toBe(true);
    expect((await text('map'))[0]).not.toBe('{');
    expect(await inJson.get('key')).toBeUndefined();
    const failing = (): never => {
      throw new Error('the origin is down');
    };
    expect(await inJson.getOrSet('key', failing, options)).toEqual(order);
    expect(await inJson.getOrSet('map', failing, options)).toEqual(new Map([['a', 1]]));
  });

  it('foreign JSON is a miss, is counted and leaves', async () => {
    const cache = await redis({ ...json, enableL1Cache: false });
    await own.raw.set(redisKey(), JSON.stringify({ value: 'written by another program, not by a cache' }));
    expect(await cache.get('key')).toBeUndefined();
    expect(cache.stats().corrupt).toBe(1);
    await until(async () => (await own.raw.exists(redisKey())) === 0, 'the text to leave');
  });
});

describe('guarantee 6: a value that JSON does not hold', () => {
  const value = { when: [new Date(0)] };

  it('is refused by set and setMany, with its path, in every tier', async () => {
    const cache = await redis(json);
    const refusal = "a Date cannot be stored as JSON (format: 'json')";
    const pairs: [string, unknown][] = [
      ['good', 1],
      ['key', value],
    ];
    for (const call of [() => cache.set('key', value), () => cache.setMany(pairs)]) {
      const error: unknown = await call().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(SerializationError);
      expect(String(error)).toContain(refusal);
      expect(String(error)).toContain('$.when[0]');
    }
    expect(await cache.getMany(['key', 'good'])).toEqual(new Map());
  });

  it('reaches the callers of its loader, and no tier', async () => {
    const cache = await redis(json);
    expect(await cache.getOrSet('key', () => value)).toEqual(value);
    expect(await cache.get('key')).toBeUndefined();
    expect(await own.raw.exists(redisKey())).toBe(0);
  });
});

describe.each([false, true])('a change during a load wins (lock: %p)', (lock) => {
  it.each(['set', 'delete', 'invalidateTags', 'clear'] as const)('%s by another instance', async (change) => {
    const off = { ...json, enableL1Cache: false };
    const [cache, other] = [await redis(off), await redis(off)];
    await setStale(cache, 'old', { tags: ['tag'] });
    const load = await heldLoad(cache, { ...briefly, lock, tags: ['tag'] });
    if (change === 'set') await other.set('key', 'new');
    if (change === 'delete') await other.delete('key');
    if (change === 'invalidateTags') await other.invalidateTags('tag');
    if (change === 'clear') await other.clear();
    load.succeed('loaded');
    expect(await load.value).toBe('loaded');
    expect(await cache.get('key')).toBe(change === 'set' ? 'new' : undefined);
  });

  it('and without one, the loaded value replaces the entry', async () => {
    const cache = await redis({ ...json, enableL1Cache: false });
    await setStale(cache, 'old');
    expect(await cache.getOrSet('key', () => 'loaded', { lock, ttl: 60 })).toBe('loaded');
    expect(JSON.parse(await text())).toMatchObject({ value: 'loaded' });
  });
});

it('an entry whose tag was invalidated leaves Redis once it is read, and a newer one stays', async () => {
  const cache = await redis({ ...json, enableL1Cache: false });
  await cache.set('key', 'old', { tags: ['tag'], ttl: 0 });
  await cache.invalidateTags('tag');
  expect(await cache.get('key')).toBeUndefined();
  await until(async () => (await own.raw.exists(redisKey())) === 0, 'the dead entry to leave');
  await cache.set('key', 'new', { tags: ['tag'], ttl: 0 });
  expect(await cache.get('key')).toBe('new');
});

it('a change by another instance reaches the L1', async () => {
  const [cache, other] = [await redis(json), await redis(json)];
  await cache.set('key', 'old');
  expect(await cache.get('key')).toBe('old');
  await other.set('key', 'new');
  await until(async () => (await cache.get('key')) === 'new', 'the news');
});
