import { ManualClock } from '../../../../../test/support/manual-clock.js';
import { InMemoryCache } from '../in-memory-cache.js';

describe('T48: a cache that evicts more than it answers', () => {
  const clock = new ManualClock();
  const lines: string[] = [];
  const logger = { warn: (line: string) => lines.push(line), log: () => undefined };
  let cache: InMemoryCache;
  beforeEach(() => {
    lines.splice(0);
    cache = new InMemoryCache({ advanced: { clock }, logger, maxSize: 100, name: 'users' });
  });
  afterEach(() => cache.close());

  /** Reads one key after the other, again and again. */
  async function rounds(count: number, keys: number): Promise<void> {
    for (let round = 0; round < count; round++) {
      for (let i = 0; i < keys; i++) await cache.getOrSet(`user:${String(i)}`, () => i);
      clock.advance(20_000);
    }
  }

  it('is warned of once, with the numbers and the option', async () => {
    await rounds(12, 300);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      /^Cache 'users' evicted \d+ L1 entries and served 0 L1 hits within a minute: .* 100 entries.*Raise maxSize/,
    );
  });

  it('names both bounds where the bytes are bounded, too', async () => {
    await using small = new InMemoryCache({
      ...{ advanced: { clock }, logger, maxSize: 1000, maxBytes: '10kb', name: 'users' },
    });
    for (let round = 0; round < 12; round++) {
      for (let i = 0; i < 150; i++) await small.getOrSet(`user:${String(i)}`, () => 'x'.repeat(200));
      clock.advance(20_000);
    }
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/holds 1000 entries or 10240 bytes, too few .*Raise maxSize .* or maxBytes/);
  });

  it('is none when it answers more', async () => {
    await cache.set('popular', 1);
    for (let i = 0; i < 2000; i++) {
      await cache.set(`other:${String(i)}`, 1);
      for (let hit = 0; hit < 2; hit++) await cache.get('popular');
      clock.advance(100);
    }
    expect(cache.stats().evictions).toBeGreaterThan(1000);
    expect(lines).toEqual([]);
  });

  it('is none when the evictions are few', async () => {
    for (let i = 0; i < 150; i++) {
      await cache.set(`other:${String(i)}`, 1);
      clock.advance(10_000);
    }
    expect(lines).toEqual([]);
  });
});
