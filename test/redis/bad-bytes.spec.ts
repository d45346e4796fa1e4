import { randomUUID } from 'node:crypto';

import { Redis } from 'ioredis';

import type { CacheEvents } from '../../libs/cache-infra/src/cache/contract/events.js';
import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { closingAfterEach } from '../support/closing.js';
import { redisForSuite } from '../support/redis.js';
import { until } from '../support/until.js';

const suite = redisForSuite();
const closing = closingAfterEach();
let raw: Redis;
let keyPrefix: string;

beforeEach(() => {
  keyPrefix = `${suite.prefix}-${randomUUID()}`;
  raw = new Redis(suite.url);
});
afterEach(() => {
  raw.disconnect();
});

function redis(options: { enableL1Cache?: boolean; maxValueBytes?: number } = {}): RedisCache {
  return closing(new RedisCache({ redisUrl: suite.url, keyPrefix, commandTimeout: '5s', ...options }));
}

const redisKey = (): string => `${keyPrefix}::key`;

async function stored(value: unknown): Promise<Buffer> {
  await redis().set('key', value, { tags: ['tag'] });
  return (await raw.getBuffer(redisKey())) as Buffer;
}

/** Nothing but a miss, whatever way it is read; counted, told, and removed. */
async function expectMiss(bytes: Buffer | string): Promise<void> {
  const cache = redis();
  const corrupt: CacheEvents['corrupt'][] = [];
  cache.on('corrupt', (event) => corrupt.push(event));
  await raw.set(redisKey(), bytes);
  expect(await cache.get('key')).toBeUndefined();
  await until(async () => (await raw.exists(redisKey())) === 0, 'the bad bytes to be removed');
  await raw.set(redisKey(), bytes);
  expect((await cache.getMany(['key'])).size).toBe(0);
  await until(async () => (await raw.exists(redisKey())) === 0, 'the bad bytes to be removed');
  await raw.set(redisKey(), bytes);
  expect(await cache.getOrSet('key', () => 'loaded')).toBe('loaded');
  expect(await cache.get('key')).toBe('loaded');
  expect(cache.stats()).toMatchObject({ corrupt: 3, errors: 0, l2: { hits: 0 } });
  expect(corrupt).toHaveLength(3);
  expect(corrupt[0]?.reason).toMatch(/^[a-z-]+$/);
}

describe('guarantee 8: bad bytes are a miss', () => {
  it('seed S10.136 a corrupted stored value does not crash', async () => {
    const bytes = await stored({ name: 'Ada' });
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 3) ^ 1, bytes.length - 3);
    await expectMiss(bytes);
  });

  it('one flipped bit, wherever it is', async () => {
    const bytes = await stored({ a: 1 });
    const cache = redis({ enableL1Cache: false });
    for (let at = 0; at < bytes.length; at++) {
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << (at % 8)), at);
      await raw.set(redisKey(), flipped);
      expect(await cache.get('key')).toBeUndefined();
      await until(async () => (await raw.exists(redisKey())) === 0, 'the bad bytes to be removed');
    }
    expect(cache.stats()).toMatchObject({ corrupt: bytes.length, errors: 0 });
  });

  it('one flipped bit in a compressed value', async () => {
    const bytes = await stored('text '.repeat(1000));
    bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 0x10, bytes.length >> 1);
    await expectMiss(bytes);
  });

  it('truncated, at any length', async () => {
    const bytes = await stored('text '.repeat(1000));
    for (const length of [0, 1, 5, 27, 28, 29, bytes.length - 1]) await expectMiss(bytes.subarray(0, length));
  });

  it.each([
    ['text of another program', 'hello'],
    ['JSON of another program', '{"a":1}'],
    ['zeros', Buffer.alloc(100)],
    ['noise', Buffer.from(Array.from({ length: 200 }, (_, i) => (i * 7919) % 256))],
    [
      'what another serializer writes',
      Buffer.from([0xff, 0x0f, 0x6f, 0x22, 0x01, 0x61, 0x49, 0x02, 0x7b, 0x01]),
    ],
  ])('foreign: %s', async (_, bytes) => {
    await expectMiss(bytes);
  });

  it('of a newer version', async () => {
    const bytes = await stored(1);
    bytes.writeUInt8(bytes.readUInt8(0) + 1, 0);
    await expectMiss(bytes);
  });

  it('of an entry that another key held: it is read as what it is, under that key only', async () => {
    const bytes = await stored('value');
    await raw.set(`${keyPrefix}::other`, bytes);
    expect(await redis().get('other')).toBe('value');
  });

  it('larger than maxValueBytes, compressed or not', async () => {
    const [small, large] = [redis({ maxValueBytes: 1000 }), redis()];
    // A key each: what is unreadable is being removed.
    for (const [key, value] of Object.entries({ a: 'x'.repeat(5000), b: Buffer.alloc(5000, 'abcdefg') })) {
      await large.set(key, value);
      expect(await small.get(key)).toBeUndefined();
    }
    expect(small.stats().corrupt).toBe(2);
  });

  it('pitfall (others) a key that holds another type: a miss for reads, and taken over by a write', async () => {
    await raw.lpush(redisKey(), 'a', 'b');
    const cache = redis();
    expect(await cache.get('key')).toBeUndefined();
    expect((await cache.getMany(['key'])).size).toBe(0);
    expect(await cache.getOrSet('key', () => 'loaded')).toBe('loaded');
    expect(await redis().get('key')).toBe('loaded');
  });

  it('with onError throw they are a miss all the same', async () => {
    const cache = closing(
      new RedisCache({ redisUrl: suite.url, keyPrefix, onError: 'throw', commandTimeout: '5s' }),
    );
    await raw.set(redisKey(), 'hello');
    expect(await cache.get('key')).toBeUndefined();
    await raw.del(redisKey());
    await raw.lpush(redisKey(), 'a');
    expect(await cache.get('key')).toBeUndefined();
  });

  it('a new value written while the bad one is being removed stays', async () => {
    await raw.set(redisKey(), 'hello');
    const cache = redis();
    await cache.connect();
    const read = cache.get('key');
    await cache.set('key', 'new');
    await read;
    await cache.get('nothing');
    expect(await redis().get('key')).toBe('new');
  });

  it('never executed: what looks like code stays data', async () => {
    const value = JSON.parse(
      '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}',
    ) as object;
    await redis().set('key', value);
    expect(await redis().get('key')).toEqual(value);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
