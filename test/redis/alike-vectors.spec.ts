import type { AlikeEvent } from '../../libs/cache-infra/src/ai/alike/alike-report.js';
import type { AlikePartition } from '../../libs/cache-infra/src/ai/alike/partition-keys.js';
import { normalised } from '../../libs/cache-infra/src/ai/alike/vector.js';
import { AlikeVectors } from '../../libs/cache-infra/src/ai/alike/vectors.js';
import type { Cache } from '../../libs/cache-infra/src/cache/contract/cache.js';
import type { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';
import { coherences } from '../support/loads.js';
import { expectNoUnhandledRejections } from '../support/unhandled-rejections.js';
import { until } from '../support/until.js';

const own = cachesOnOwnRedis();
const { redis } = own;
expectNoUnhandledRejections();

/** Without coherence, an L1 learns of changes when its entries end. */
const shapes = coherences.map(
  (coherence) => ({ coherence, l1Ttl: coherence === 'none' ? '100ms' : 0 }) as const,
);

const acme: AlikePartition = { id: 'search acme', tags: ['tenant:acme'] };
const other: AlikePartition = { id: 'search other', tags: ['tenant:other'] };

/** A direction in the plane, by degrees. */
function at(degrees: number): Float32Array {
  const angle = (degrees / 180) * Math.PI;
  return normalised([Math.cos(angle), Math.sin(angle)]) as Float32Array;
}

function vectorsOn(cache: Cache, maxVectors = 10_000) {
  const events: AlikeEvent[] = [];
  const vectors = new AlikeVectors({
    cache: cache.namespace('alike'),
    scope: 'search small-3',
    maxVectors,
    report: (event) => events.push(event),
  });
  const add = (degrees: number, partition = acme, tags: readonly string[] = []): Promise<void> =>
    vectors.add(partition, { vector: at(degrees), answerKey: `answer ${degrees}`, tags, ttlMs: 3_600_000 });
  /** The keys of all answers that the cache confirms, in the order of the numbers in them. */
  const all = async (partition = acme): Promise<string[]> => {
    const found = await vectors.nearest(partition, at(10), 10_000);
    const confirmed = await Promise.all(found.map((each) => vectors.confirms(partition, each)));
    return found.filter((_, index) => confirmed[index]).map(({ answerKey }) => answerKey);
  };
  return { vectors, events, add, all };
}

async function names(cache: RedisCache): Promise<string[]> {
  const found: string[] = [];
  for await (const key of cache.namespace('alike').keys()) found.push(key.replace(/:.*/, ''));
  return found.sort();
}

describe('the vectors of two instances', () => {
  it.each(shapes)('none is lost when both add at the same time; coherence $coherence', async (shape) => {
    const both = [vectorsOn(await redis(shape)), vectorsOn(await redis(shape))] as const;
    for (let round = 0; round < 10; round++) {
      const from = round * 20;
      await Promise.all(both.flatMap(({ add }, i) => range(10).map((n) => add((from + i * 10 + n) / 10))));
    }
    const expected = range(200).map((n) => `answer ${n / 10}`);
    for (const each of [...both, vectorsOn(await redis(shape))]) {
      await until(async () => (await each.all()).length === 200, 'all vectors');
      expect(new Set(await each.all())).toEqual(new Set(expected));
      expect(each.events).toEqual([]);
    }
  });

  it.each(shapes)('one finds what the other adds, again and again; coherence $coherence', async (shape) => {
    const [one, two] = [vectorsOn(await redis(shape)), vectorsOn(await redis(shape))];
    for (let i = 0; i < 30; i++) {
      await one.add(i);
      await until(async () => (await two.all()).includes(`answer ${i}`), `vector ${i}`);
    }
  });

  it.each(shapes)(
    'of an erased tenant are gone on both, and in Redis; coherence $coherence',
    async (shape) => {
      const [cache, second] = [await redis(shape), await redis(shape)];
      const [one, two] = [vectorsOn(cache), vectorsOn(second)];
      await one.add(1);
      await two.add(2);
      await one.add(3, other);
      for (const each of [one, two]) await until(async () => (await each.all()).length === 2, 'both vectors');
      await cache.invalidateTags('tenant:acme');
      for (const each of [one, two]) await until(async () => (await each.all()).length === 0, 'no vectors');
      expect(await one.all(other)).toEqual(['answer 3']);
      expect(await names(await redis())).toEqual(['epoch', 'head', 'probe', 'vectors']);
    },
  );

  it('an erasure in the middle of appends leaves none from before it', async () => {
    const [cache, second] = [await redis(), await redis()];
    const [one, two] = [vectorsOn(cache), vectorsOn(second)];
    for (let round = 0; round < 25; round++) {
      const [before, after] = [round * 2 + 1, round * 2 + 2].map((n) => n * 1000);
      await Promise.all([one.add(before as number), two.add((before as number) + 1)]);
      // Appends run while the tenant is erased.
      const running = range(6).map((n) => (n % 2 === 0 ? one : two).add((after as number) + n));
      await second.invalidateTags('tenant:acme');
      await Promise.all(running);
      const fresh = vectorsOn(await redis());
      const left = await fresh.all();
      expect(left).not.toContain(`answer ${before}`);
      expect(left).not.toContain(`answer ${(before as number) + 1}`);
    }
  });

  it('never mix partitions, whatever they add at the same time', async () => {
    const both = [vectorsOn(await redis()), vectorsOn(await redis())] as const;
    await Promise.all(range(40).flatMap((n) => [both[0].add(n, acme), both[1].add(100 + n, other)]));
    const fresh = vectorsOn(await redis());
    expect((await fresh.all(acme)).every((key) => Number(key.slice(7)) < 100)).toBe(true);
    expect((await fresh.all(other)).every((key) => Number(key.slice(7)) >= 100)).toBe(true);
    expect(await fresh.all(acme)).toHaveLength(40);
  });

  it('go round the ring together', async () => {
    const both = [vectorsOn(await redis(), 128), vectorsOn(await redis(), 128)] as const;
    for (let i = 0; i < 300; i += 10) {
      await Promise.all(range(10).map((n) => (both[n % 2] as (typeof both)[0]).add(i + n)));
    }
    // 300 = 4 segments of 64 and 44: the ring of two holds the last whole one, and the 44.
    for (const each of both) {
      await until(async () => (await each.all()).length === 108, 'the last vectors');
      expect((await each.all()).every((key) => Number(key.slice(7)) >= 190)).toBe(true);
    }
  });

  it('a flush is a start anew', async () => {
    const [one, two] = [vectorsOn(await redis()), vectorsOn(await redis())];
    await one.add(1);
    await until(async () => (await two.all()).length === 1, 'the vector');
    await own.raw.flushall();
    for (const each of [one, two]) await until(async () => (await each.all()).length === 0, 'no vectors');
    await two.add(2);
    for (const each of [one, two]) await until(async () => (await each.all()).length === 1, 'the new vector');
  });

  it('a stopped Redis is one candidate less, and no rejection', async () => {
    const cache = await redis({ onError: 'degrade', commandTimeout: '200ms', connectTimeout: '200ms' });
    const { add, events, all } = vectorsOn(cache);
    await add(1);
    await own.server.pause();
    await add(2);
    expect(events.map((event) => 'part' in event && event.part)).toContain('cache');
    await own.server.resume();
    await until(async () => (await cache.health()).status === 'up', 'Redis');
    await add(3);
    await until(async () => (await all()).length === 2, 'the others');
  });

  it('no text of a partition or request is in Redis', async () => {
    const { add } = vectorsOn(await redis());
    await add(1);
    for (const key of await own.raw.keys(`${own.keyPrefix}*`)) {
      expect(key).not.toContain('search acme');
      const type = await own.raw.type(key);
      if (type === 'string') expect(await own.raw.get(key)).not.toContain('search acme');
    }
  });
});

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
