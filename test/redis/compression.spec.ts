import { randomBytes, randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';

import { Redis } from 'ioredis';

import type { RedisCacheOptions } from '../../libs/cache-infra/src/cache/contract/cache-options.js';
import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { algorithmFlag, headerBytes, writeChecksum } from '../../libs/cache-infra/src/codec/header.js';
import { closingAfterEach } from '../support/closing.js';
import { redisForSuite } from '../support/redis.js';

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

function redis(options: Partial<RedisCacheOptions> = {}): RedisCache {
  return closing(
    new RedisCache({ redisUrl: suite.url, keyPrefix, onError: 'throw', commandTimeout: '10s', ...options }),
  );
}

/** The entry as one that an algorithm of a later release has compressed. */
function unknownAlgorithm(entry: Buffer | null): Buffer {
  if (entry === null) throw new Error('no entry');
  const renamed = Buffer.concat([
    entry.subarray(0, headerBytes),
    Buffer.from([99]),
    entry.subarray(headerBytes),
  ]);
  renamed.writeUInt8(renamed.readUInt8(1) | algorithmFlag, 1);
  writeChecksum(renamed);
  return renamed;
}

const text = 'The quick brown fox jumps over the lazy dog. '.repeat(52);

describe('compression', () => {
  it('pitfall (the Python original) a value above the threshold is stored, smaller, and comes back identical', async () => {
    const cache = redis();
    await cache.set('key', text);
    const bytes = await raw.strlen(`${keyPrefix}::key`);
    expect(bytes).toBeLessThan(text.length / 5);
    expect(await redis().get('key')).toBe(text);
  });

  it('is counted: values, bytes before and after', async () => {
    const cache = redis({ compressionThreshold: 1000 });
    await cache.set('small', 'x'.repeat(900));
    expect(cache.stats().compression).toEqual({ count: 0, bytesIn: 0, bytesOut: 0 });
    await cache.set('large', text);
    const { count, bytesIn, bytesOut } = cache.stats().compression;
    expect(count).toBe(1);
    expect(bytesIn).toBeGreaterThanOrEqual(text.length);
    expect(bytesOut).toBeLessThan(bytesIn / 5);
  });

  it('does not happen when it is switched off, and what others compressed is read all the same', async () => {
    const cache = redis({ enableCompression: false });
    await cache.set('key', text);
    expect(await raw.strlen(`${keyPrefix}::key`)).toBeGreaterThan(text.length);
    expect(cache.stats().compression.count).toBe(0);
    await redis().set('key', text);
    expect(await redis({ enableCompression: false }).get('key')).toBe(text);
  });

  it('is not counted where it gains nothing', async () => {
    const cache = redis();
    const noise = randomBytes(5000);
    await cache.set('key', noise);
    expect(cache.stats().compression.count).toBe(0);
    expect(await redis().get('key')).toEqual(noise);
  });

  it.each(['auto', 'brotli', 'deflate'] as const)(
    'by %s is read by every cache',
    async (compressionAlgorithm) => {
      const cache = redis({ compressionAlgorithm });
      await cache.set('key', text);
      expect(cache.stats().compression.count).toBe(1);
      expect(await redis().get('key')).toBe(text);
    },
  );

  it('by an unknown algorithm: a miss, counted, left to others, and replaced by a load', async () => {
    const cache = redis({ enableL1Cache: false });
    await cache.set('key', text);
    await raw.set(`${keyPrefix}::key`, unknownAlgorithm(await raw.getBuffer(`${keyPrefix}::key`)));
    const reasons: string[] = [];
    cache.on('corrupt', ({ reason }) => reasons.push(reason));

    expect(await cache.get('key')).toBeUndefined();
    expect(reasons).toEqual(['unknown-compression']);
    expect(cache.stats().corrupt).toBe(1);
    expect(await raw.exists(`${keyPrefix}::key`)).toBe(1);

    expect(await cache.getOrSet('key', () => 'loaded')).toBe('loaded');
    expect(await redis().get('key')).toBe('loaded');
  });

  it.each([1, 9])('level %p', async (compressionLevel) => {
    await redis({ advanced: { compressionLevel } }).set('key', text);
    expect(await redis().get('key')).toBe(text);
  });
});

describe('large values', () => {
  it('10 MB, compressed off the event loop: others are served meanwhile', async () => {
    const cache = redis();
    const large = { parts: Array.from({ length: 10 }, (_, i) => String(i).repeat(1_000_000)) };
    await cache.set('small', 1);
    const done: string[] = [];
    const writing = cache.set('large', large).then(() => done.push('large'));
    await cache.get('small').then(() => done.push('small'));
    await writing;
    expect(done).toEqual(['small', 'large']);
    expect(isDeepStrictEqual(await redis().get('large'), large)).toBe(true);
  });

  it('5 MB of noise', async () => {
    const noise = randomBytes(5_000_000);
    await redis().set('key', noise);
    expect((await redis().get<Buffer>('key'))?.equals(noise)).toBe(true);
  });

  it('guarantee 1: a newer set while a large one is being compressed wins, in both tiers', async () => {
    const cache = redis();
    await cache.connect();
    const older = cache.set('key', 'old '.repeat(1_000_000));
    const newer = cache.set('key', 'new');
    await Promise.all([older, newer]);
    expect(await cache.get('key')).toBe('new');
    expect(await redis().get('key')).toBe('new');
  });

  it('guarantee 1: a delete while a large value is being compressed wins, in both tiers', async () => {
    const cache = redis();
    await cache.connect();
    const writing = cache.set('key', 'old '.repeat(1_000_000));
    await cache.delete('key');
    await writing;
    expect(await cache.get('key')).toBeUndefined();
    expect(await redis().get('key')).toBeUndefined();
  });

  it.each(['invalidatePattern', 'clear'] as const)(
    'guarantee 1: %s while it is being compressed wins',
    async (how) => {
      const cache = redis();
      await cache.connect();
      const writing = cache.set('key', 'old '.repeat(1_000_000));
      await (how === 'clear' ? cache.clear() : cache.invalidatePattern('k*'));
      await writing;
      expect(await cache.get('key')).toBeUndefined();
      expect(await redis().get('key')).toBeUndefined();
    },
  );
});
