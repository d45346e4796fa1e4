import { headerBytes, writeChecksum } from '../../libs/cache-infra/src/codec/header.js';
import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';
import { received } from '../support/news.js';
import { until } from '../support/until.js';

const own = cachesOnOwnRedis();
const { redis } = own;

const table = (): string => `${own.keyPrefix}:!tags`;

/** The entry, as if it had been made at another epoch. */
function withEpoch(entry: Buffer, epoch: number): Buffer {
  const copy = Buffer.from(entry);
  copy.writeDoubleBE(epoch, headerBytes);
  writeChecksum(copy);
  return copy;
}

describe('guarantee 1: a tag table that lost something', () => {
  it('T24: raised by an instance that knows better, it forgets for no instance', async () => {
    const cache = await redis();
    await cache.set('page', 'old', { tags: ['t'] });
    const page = `${own.keyPrefix}::page`;
    const [before, entry] = [await own.raw.dumpBuffer(table()), await own.raw.dumpBuffer(page)];
    await cache.invalidateTags('t');
    await own.raw.restore(table(), 0, before, 'REPLACE');
    await own.raw.restore(page, 3_600_000, entry, 'REPLACE');
    await received(cache, await redis());
    expect(await cache.get('page')).toBeUndefined();
    expect(await (await redis()).get('page')).toBeUndefined();
  });

  it('T24: raised by an entry that is later than the table', async () => {
    const writer = await redis();
    await writer.set('page', 'old', { tags: ['t'] });
    const page = `${own.keyPrefix}::page`;
    const [before, entry] = [await own.raw.dumpBuffer(table()), await own.raw.dumpBuffer(page)];
    await writer.invalidateTags('t');
    await writer.set('later', 1, { tags: ['u'] });
    await own.raw.restore(table(), 0, before, 'REPLACE');
    await own.raw.restore(page, 3_600_000, entry, 'REPLACE');
    await writer.close();
    const fresh = await redis();
    expect(await fresh.get('later')).toBe(1);
    expect(await fresh.get('page')).toBeUndefined();
  });

  it.each([
    ['an epoch far ahead in the table', 'zadd'],
    ['another type in its place', 'set'],
  ] as const)('T24: %s: entries from before are misses once, and tags work again', async (_, how) => {
    const [one, other] = [await redis(), await redis()];
    await one.set('key', 'old', { tags: ['t'] });
    await other.get('key');
    if (how === 'zadd') await own.raw.zadd(table(), 2 ** 53, ':nobody');
    else await own.raw.set(table(), 'text');
    await received(one, other);
    await received(other, one);
    expect(await one.get('key')).toBeUndefined();
    await one.set('key', 'new', { tags: ['t'] });
    expect(await (await redis()).get('key')).toBe('new');
    await until(async () => (await other.get('key')) === 'new', 'the other instance');
    await other.invalidateTags('t');
    await until(async () => (await one.get('key')) === undefined, 'the invalidation');
    const [, latest] = await own.raw.zrevrange(table(), 0, 0, 'WITHSCORES');
    expect(Number(latest)).toBeLessThan((Date.now() + 86_400_000) * 1000);
  });

  it('T24: an entry with an absurd epoch is a miss, and no others are', async () => {
    const cache = await redis();
    await cache.set('key', 1, { tags: ['t'] });
    await cache.set('odd', 1, { tags: ['t'] });
    const codec = await own.raw.getBuffer(`${own.keyPrefix}::odd`);
    await own.raw.set(`${own.keyPrefix}::odd`, withEpoch(codec as Buffer, Number.MAX_SAFE_INTEGER - 1));
    const fresh = await redis();
    await received(cache, fresh);
    expect([await fresh.get('odd'), await fresh.get('key'), await cache.get('key')]).toEqual([
      undefined,
      1,
      1,
    ]);
  });
});
