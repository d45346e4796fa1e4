import { RedisCache } from '../cache/redis-cache.js';
import { engineOf } from '../cache/tiered-cache.js';
import { allocateFromSlab } from './slab.js';

describe('the slab of entries', () => {
  it('gives out every byte once', () => {
    const sizes = Array.from({ length: 500 }, (_, i) => (i * 37) % 1500);
    const parts = sizes.map((size, i) => allocateFromSlab(size).fill(i % 256));
    parts.forEach((part, i) => {
      expect(part).toHaveLength(sizes[i] as number);
      expect(part.every((byte) => byte === i % 256)).toBe(true);
    });
  });

  it('gives large entries their own memory', () => {
    expect(allocateFromSlab(100_000).buffer).not.toBe(allocateFromSlab(10).buffer);
    expect(allocateFromSlab(1_000_000)).toHaveLength(1_000_000);
  });

  it('is not kept in memory by a journalled entry', async () => {
    const cache = new RedisCache({ redisUrl: 'redis://127.0.0.1:1', connectTimeout: '50ms' });
    await cache.set('key', 'value');
    const [entry] = engineOf(cache).recovery?.journal.oldest(1, Date.now()) ?? [];
    if (entry?.kind !== 'set') throw new Error('the set was not written down');
    expect(entry.bytes.buffer.byteLength).toBeLessThanOrEqual(Buffer.poolSize);
    await cache.close();
  });
});
