import { randomBytes, randomUUID } from 'node:crypto';
import { inspect } from 'node:util';

import { Redis } from 'ioredis';

import type { EncryptionOptions } from '../../libs/cache-infra/src/cache/contract/cache-options.js';
import type { CacheEvents } from '../../libs/cache-infra/src/cache/contract/events.js';
import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { CacheFactory } from '../../libs/cache-infra/src/config/cache-factory.js';
import { closingAfterEach } from '../support/closing.js';
import { ownRedisServer, redisForSuite } from '../support/redis.js';
import { until } from '../support/until.js';

const suite = redisForSuite();
const closing = closingAfterEach();
const first = { id: 'first', key: randomBytes(32).toString('base64') };
const second = { id: 'second', key: randomBytes(32) };
let raw: Redis;
let keyPrefix: string;

beforeEach(() => {
  keyPrefix = `${suite.prefix}-${randomUUID()}`;
  raw = new Redis(suite.url);
});
afterEach(() => {
  raw.disconnect();
});

function redis(...keys: EncryptionOptions['keys']): RedisCache {
  const encryption = keys.length === 0 ? undefined : { keys };
  return closing(new RedisCache({ redisUrl: suite.url, keyPrefix, encryption, commandTimeout: '5s' }));
}

function corruptions(cache: RedisCache): string[] {
  const reasons: string[] = [];
  cache.on('corrupt', ({ reason }: CacheEvents['corrupt']) => reasons.push(reason));
  return reasons;
}

const stored = async (key = 'key'): Promise<Buffer> =>
  (await raw.getBuffer(`${keyPrefix}::${key}`)) as Buffer;

describe('encryption at rest', () => {
  it('keeps values and tags unreadable in Redis, and readable to every holder of the key', async () => {
    const value = { name: 'Ada Lovelace', at: new Date(0), text: 'long '.repeat(5000) };
    await redis(first).set('key', value, { tags: ['customers'] });

    const bytes = await stored();
    expect(bytes.includes('Ada')).toBe(false);
    expect(bytes.includes('customers')).toBe(false);
    expect(await redis(first).get('key')).toEqual(value);
    expect((await redis(first).getMany(['key'])).get('key')).toEqual(value);
  });

  it('has tags and patterns that work as ever', async () => {
    const [writer, reader] = [redis(first), redis(first)];
    await writer.set('a', 1, { tags: ['tag'] });
    await writer.set('b', 2);
    await reader.invalidateTags('tag');
    await reader.invalidatePattern('b*');

    expect((await redis(first).getMany(['a', 'b'])).size).toBe(0);
  });

  it('rotates its keys while instances of before and after each step run side by side', async () => {
    const steps = [[first], [first, second], [second, first], [second]];
    for (let step = 1; step < steps.length; step++) {
      const [before, after] = [redis(...(steps[step - 1] ?? [])), redis(...(steps[step] ?? []))];
      await after.set('new', step);
      expect(await before.get('new')).toBe(step);
      if (step === steps.length - 1) break;
      await before.set('old', step);
      expect(await after.get('old')).toBe(step);
    }
  });

  it.each([
    ['of a key that this instance does not hold', [first], [second], 'unknown-key'],
    ['that is encrypted, for an instance without keys', [first], [], 'encrypted'],
  ])(
    'an entry %s is a miss that is counted, and stays for those who can read it',
    async (_, writes, reads, reason) => {
      await redis(...writes).set('key', 'value');
      const reader = redis(...reads);
      const reasons = corruptions(reader);

      expect(await reader.get('key')).toBeUndefined();
      expect((await reader.getMany(['key'])).size).toBe(0);
      expect(reasons).toEqual([reason, reason]);
      expect(reader.stats()).toMatchObject({ corrupt: 2, errors: 0 });
      expect(await redis(...writes).get('key')).toBe('value');
    },
  );

  it('an entry that was written before encryption is a miss, and is removed', async () => {
    await redis().set('key', 'value');
    const reader = redis(first);
    const reasons = corruptions(reader);

    expect(await reader.get('key')).toBeUndefined();
    expect(reasons).toEqual(['unencrypted']);
    await until(async () => (await raw.exists(`${keyPrefix}::key`)) === 0, 'the plain entry to be removed');
  });

  it('an entry that was copied from another key is a miss: its Redis key is part of what is checked', async () => {
    await redis(first).set('admin', { admin: true });
    await raw.set(`${keyPrefix}::guest`, await stored('admin'));
    const reader = redis(first);
    const reasons = corruptions(reader);

    expect(await reader.get('guest')).toBeUndefined();
    expect(reasons).toEqual(['tampered']);
    expect(await reader.get('admin')).toEqual({ admin: true });
  });

  it('one flipped bit, wherever it is, is a miss', async () => {
    await redis(first).set('key', 'value');
    const bytes = await stored();
    const reader = closing(
      new RedisCache({
        redisUrl: suite.url,
        keyPrefix,
        encryption: { keys: [first] },
        enableL1Cache: false,
        commandTimeout: '5s',
      }),
    );
    for (let at = 0; at < bytes.length; at++) {
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << (at % 8)), at);
      await raw.set(`${keyPrefix}::key`, flipped);
      expect(await reader.get('key')).toBeUndefined();
      await until(async () => (await raw.exists(`${keyPrefix}::key`)) === 0, 'the bad bytes to be removed');
    }
    expect(reader.stats()).toMatchObject({ corrupt: bytes.length, errors: 0 });
  });

  it('comes from the environment, and shows no key', async () => {
    const env = {
      REDIS_URL: suite.url,
      CACHE_ENCRYPTION_KEYS: `first:${first.key}`,
      CACHE_KEY_PREFIX: keyPrefix,
    };
    const factory = new CacheFactory({ env, logger: { warn: () => undefined, log: () => undefined } });
    const cache = closing(await factory.forWebApp());
    await cache.set('key', 'value');

    expect(await redis(first).get('key')).toBe('value');
    expect(await redis().get('key')).toBeUndefined();
    expect(inspect([factory, cache, redis(first)], { depth: 9, showHidden: true })).not.toContain(first.key);
  });

  it('a set from the time of an outage is replayed with its place in time, and can be read', async () => {
    await using server = await ownRedisServer();
    const options = { redisUrl: server.url, encryption: { keys: [first] }, defaultTtl: 60 };
    const cache = closing(new RedisCache(options));
    await cache.set('key', 'old');
    const recovered = new Promise<void>((resolve) =>
      cache.on('recovered', () => {
        resolve();
      }),
    );
    await server.stop();
    await until(async () => (await cache.health()).status !== 'up', 'the outage to be noticed');
    const before = Date.now();
    await cache.set('key', 'new');
    const after = Date.now();
    await server.start();
    await recovered;

    const client = new Redis(server.url);
    const bytes = (await client.getBuffer('cache::key')) as Buffer;
    client.disconnect();
    expect(await closing(new RedisCache(options)).get('key')).toBe('new');
    expect(bytes.readUIntBE(6, 6)).toBeGreaterThanOrEqual(before - 20);
    expect(bytes.readUIntBE(6, 6)).toBeLessThanOrEqual(after + 20);
  });
});
