import { deflateRawSync } from 'node:zlib';

import { Exclude } from 'class-transformer';

import type { CacheType } from '../../libs/cache-infra/src/values/cache-type.js';
import { formatVersion, headerBytes, writeChecksum } from '../../libs/cache-infra/src/codec/header.js';
import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';

const own = cachesOnOwnRedis();

class Money {
  constructor(readonly cents: number) {}
  toJSON(): string {
    return `$${String(this.cents / 100)}`;
  }
}
class User {
  id = 1;
  @Exclude() password = 'secret';
  since = new Date(5);
  name(): string {
    return `user ${String(this.id)}`;
  }
}
const money: CacheType<Money, number> = {
  name: 'Money',
  is: (value) => value instanceof Money,
  encode: ({ cents }) => cents,
  decode: (cents) => new Money(cents),
};

describe('guarantee 6: instances in both tiers', () => {
  it("T1: 'as' gives them from the loader, the L1, the L2 and to another instance", async () => {
    const cache = await own.redis();
    const load = (from: typeof cache): Promise<User[]> =>
      from.getOrSet('users', () => [new User()], { as: User });
    const seen = [await load(cache), await load(cache), await load(await own.redis())];
    seen.push(await load(await own.redis({ enableL1Cache: false })));

    for (const users of seen) {
      expect(users).toStrictEqual([new User()]);
      expect(users[0]?.name()).toBe('user 1');
    }
    expect(cache.stats().loads).toBe(1);
  });

  it.each(['clone', 'freeze', 'reference'] as const)(
    'T3: what would lose something is refused by reference as well, %s',
    async (isolation) => {
      const cache = await own.redis({ isolation, enableL1Cache: false });
      await expect(cache.set('k', { price: new Money(500) })).rejects.toThrow(/Money would lose its methods/);
      expect(await cache.has('k')).toBe(false);
    },
  );

  it.each<[string, unknown, unknown]>([
    ['an instance with toJSON()', { price: new Money(500) }, { price: '$5' }],
    ['it, beside a Date', { price: new Money(500), at: new Date(0) }, { price: '$5', at: new Date(0) }],
    // eslint-disable-next-line no-sparse-arrays
    ['holes', [1, , 3], [1, undefined, 3]],
  ])("T3: Redis holds the same by 'clone' and by 'reference': %s", async (_, value, stored) => {
    for (const isolation of ['clone', 'reference'] as const) {
      const cache = await own.redis({ isolation, enableL1Cache: false, plain: true });
      await cache.set(isolation, value);
      expect(await cache.get(isolation)).toStrictEqual(stored);
    }
  });

  it("T3: the L1 of 'reference' has the very value", async () => {
    const cache = await own.redis({ isolation: 'reference' });
    const value = { at: new Date(0) };
    await cache.set('k', value);
    expect(await cache.get('k')).toBe(value);
  });

  it('T1: registered types come back from both tiers, and are a miss where they are not known', async () => {
    const writer = await own.redis({ types: [money] });
    await writer.set('k', { prices: [new Money(5)] });

    const reader = await own.redis({ types: [money] });
    for (const cache of [writer, reader, reader]) {
      expect((await cache.get<{ prices: Money[] }>('k'))?.prices[0]).toStrictEqual(new Money(5));
    }
    expect(await (await own.redis()).get('k')).toBeUndefined();
  });

  it('T1: registered types survive expire(), which writes the entry again', async () => {
    const cache = await own.redis({ types: [money] });
    const part = { price: new Money(5) };
    await cache.set('k', [part, part], { ttl: '1m', grace: '1h' });
    await cache.expire('k');
    const stale = await (
      await own.redis({ types: [money] })
    ).getOrSet<object[]>('k', ({ stale }) => stale ?? [], {
      grace: '1h',
    });
    expect(stale).toStrictEqual([part, part]);
  });

  it('T62: a part that occurs often is stored once, and shared in what comes back', async () => {
    const writer = await own.redis({ enableCompression: false });
    const customer = { notes: 'n'.repeat(1000) };
    await writer.set(
      'orders',
      Array.from({ length: 1000 }, (_, i) => ({ i, customer })),
    );

    expect(await own.raw.strlen(`${own.keyPrefix}::orders`)).toBeLessThan(60_000);
    const reader = await own.redis();
    const seen = [
      await reader.get<{ customer: object }[]>('orders'),
      await reader.get<{ customer: object }[]>('orders'),
    ];
    for (const orders of seen) expect(orders?.[999]?.customer).toBe(orders?.[0]?.customer);
    expect(seen[0]?.[0]?.customer).toEqual(customer);
    expect(seen[0]?.[0]?.customer).not.toBe(seen[1]?.[0]?.customer);
  });

  it('T64: a few bytes that are millions of objects are a miss, before they are made', async () => {
    const cache = await own.redis();
    const raw = Buffer.from(`[${'[],'.repeat(10_000_000)}[]]`);
    const packed = deflateRawSync(raw);
    const entry = Buffer.alloc(headerBytes + 4 + packed.length);
    entry[0] = formatVersion;
    entry[1] = 0b0000_1000;
    entry.writeUIntBE(Date.now(), 6, 6);
    entry.writeUInt32BE(raw.length, headerBytes);
    entry.set(packed, headerBytes + 4);
    writeChecksum(entry);
    await own.raw.set(`${own.keyPrefix}::bomb`, entry);
    const reasons: string[] = [];
    cache.on('corrupt', ({ reason }) => reasons.push(reason));

    expect(await cache.get('bomb')).toBeUndefined();
    expect(reasons).toEqual(['format']);
  });
});
