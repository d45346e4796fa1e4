import type { Cache } from '../../libs/cache-infra/src/cache/contract/cache.js';
import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';
import { elapse } from '../support/time.js';
import { until } from '../support/until.js';

const own = cachesOnOwnRedis();
const { redis } = own;

const lag = { replicaLag: '400ms' } as const;
const ways: [string, (of: Cache) => Promise<unknown>][] = [
  ['delete', (of) => of.delete('key')],
  ['invalidateTags', (of) => of.invalidateTags('tag')],
  ['expireTags', (of) => of.expireTags('tag')],
  ['invalidatePattern', (of) => of.invalidatePattern('k*')],
  ['clear', (of) => of.clear()],
];

describe.each([
  ['comparing', { lock: false }],
  ['with a lease', { lock: true }],
])('replicaLag across instances, for a load %s', (_, how) => {
  const load = (from: Cache): Promise<unknown> =>
    from.getOrSet('key', () => 'row', { ttl: 600, tags: ['tag'], ...how });

  it.each(ways)('after %s by another instance, its value is not stored', async (_way, invalidate) => {
    const [writer, reader] = [await redis(lag), await redis(lag)];
    await load(reader);
    await invalidate(writer);
    await until(async () => (await reader.get('key')) === undefined, 'the news');
    expect(await load(reader)).toBe('row');
    expect([await reader.get('key'), await (await redis()).get('key')]).toEqual([undefined, undefined]);
    expect(reader.stats().lagging).toBe(1);
    await elapse(450);
    await load(reader);
    expect([await reader.get('key'), await (await redis()).get('key')]).toEqual(['row', 'row']);
  });

  it('a key that nobody invalidated is stored', async () => {
    const [writer, reader] = [await redis(lag), await redis(lag)];
    await writer.delete('other');
    await writer.invalidateTags('other');
    await writer.invalidatePattern('other*');
    await load(reader);
    expect(await (await redis()).get('key')).toBe('row');
  });
});

describe('replicaLag in Redis', () => {
  it('an instance that starts within the lag knows of the invalidation', async () => {
    const writer = await redis(lag);
    await writer.delete('key');
    const reader = await redis(lag);
    await reader.getOrSet('key', () => 'row');
    expect(reader.stats().lagging).toBe(1);
    expect(await reader.get('key')).toBeUndefined();
  });

  it('traces are kept for as long as the lag', async () => {
    const writer = await redis({ replicaLag: '10m', advanced: { journalHorizon: 0 } });
    await writer.delete('key');
    const [tombstone = ''] = await own.raw.keys(`${own.keyPrefix}*key*`);
    expect(await own.raw.pttl(tombstone)).toBeGreaterThan(590_000);
  });
});
