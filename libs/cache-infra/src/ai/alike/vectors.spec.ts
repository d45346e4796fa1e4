import { closingAfterEach } from '../../../../../test/support/closing.js';
import { ManualClock } from '../../base/manual-clock.js';
import { InMemoryCache } from '../../cache/in-memory-cache.js';
import type { AlikeEvent } from './alike-report.js';
import type { AlikePartition } from './partition-keys.js';
import { normalised } from './vector.js';
import { AlikeVectors, type AddedVector } from './vectors.js';

const closing = closingAfterEach();
const acme: AlikePartition = { id: 'search acme', tags: ['tenant:acme'] };
const other: AlikePartition = { id: 'search other', tags: ['tenant:other'] };

function setUp(
  options: { maxVectors?: number; maxBytes?: number; cache?: InMemoryCache; scope?: string } = {},
) {
  const clock = new ManualClock();
  const cache = options.cache ?? closing(new InMemoryCache({ advanced: { clock } }));
  const events: AlikeEvent[] = [];
  const vectors = new AlikeVectors({
    cache,
    scope: options.scope ?? 'search small-3',
    maxVectors: options.maxVectors ?? 10_000,
    maxBytes: options.maxBytes,
    clock,
    report: (event) => events.push(event),
  });
  /** The keys of the closest answers that the cache confirms. */
  const near = async (partition: AlikePartition, query: Float32Array, count = 8): Promise<string[]> => {
    const found = await vectors.nearest(partition, query, count);
    const confirmed = await Promise.all(found.map((each) => vectors.confirms(partition, each)));
    return found.filter((_, index) => confirmed[index]).map(({ answerKey }) => answerKey);
  };
  return { cache, clock, events, vectors, near };
}

/** A direction in the plane, by degrees. */
function at(degrees: number): Float32Array {
  const angle = (degrees / 180) * Math.PI;
  return normalised([Math.cos(angle), Math.sin(angle)]) as Float32Array;
}
const answer = (degrees: number, more: Partial<AddedVector> = {}): AddedVector => ({
  vector: at(degrees),
  answerKey: `answer ${degrees}`,
  tags: [],
  ttlMs: 3_600_000,
  ...more,
});

describe('the vectors of a partition', () => {
  it('are found by their direction, the closest first', async () => {
    const { vectors } = setUp();
    for (const degrees of [0, 90, 20, 40]) await vectors.add(acme, answer(degrees));
    const found = await vectors.nearest(acme, at(22), 3);
    expect(found.map(({ answerKey }) => answerKey)).toEqual(['answer 20', 'answer 40', 'answer 0']);
    expect(found.map(({ similarity }) => similarity)).toEqual(
      [2, 18, 22].map((degrees) => expect.closeTo(Math.cos((degrees / 180) * Math.PI), 5)),
    );
  });

  it('of another partition are never found, however close they are', async () => {
    const { vectors } = setUp();
    await vectors.add(acme, answer(10));
    expect(await vectors.nearest(other, at(10), 8)).toEqual([]);
    await vectors.add(other, answer(50));
    expect((await vectors.nearest(other, at(10), 8)).map(({ answerKey }) => answerKey)).toEqual([
      'answer 50',
    ]);
  });

  it('of another embedder are never found', async () => {
    const { cache, vectors } = setUp();
    await vectors.add(acme, answer(10));
    expect(await setUp({ cache, scope: 'search large-3' }).vectors.nearest(acme, at(10), 8)).toEqual([]);
    expect(await setUp({ cache }).vectors.nearest(acme, at(10), 8)).toHaveLength(1);
  });

  it('of another dimension are refused with a reason, and those that fit are kept', async () => {
    const { vectors, events, near } = setUp();
    await vectors.add(acme, answer(10));
    const long = normalised([1, 2, 3]) as Float32Array;
    await Promise.all([
      vectors.add(acme, answer(0, { vector: long, answerKey: 'long' })),
      vectors.add(acme, answer(20)),
    ]);
    expect(await near(acme, at(10))).toEqual(['answer 10', 'answer 20']);
    expect(await vectors.nearest(acme, long, 8)).toEqual([]);
    expect(events).toEqual([
      {
        kind: 'failed',
        part: 'vector',
        reason:
          'the vector has 3 dimensions, the stored ones have 2: change embedderVersion when the embedder changes',
      },
      { kind: 'failed', part: 'vector', reason: 'the vector has 3 dimensions, the stored ones have 2' },
    ]);
  });

  it('an answer that is added twice is found once, and takes one place', async () => {
    const { vectors, cache } = setUp();
    await vectors.add(acme, answer(10));
    expect(await vectors.nearest(acme, at(10), 8)).toHaveLength(1);
    const { sets } = cache.stats();
    await vectors.add(acme, answer(10));
    expect(cache.stats().sets).toBe(sets);
    expect(await vectors.nearest(acme, at(10), 8)).toHaveLength(1);
  });

  it('an answer that has ended is not found, and is found again once it is added anew', async () => {
    const { vectors, clock } = setUp();
    await vectors.add(acme, answer(10, { ttlMs: 60_000 }));
    await vectors.add(acme, answer(50));
    clock.advance('61s');
    expect((await vectors.nearest(acme, at(10), 8)).map(({ answerKey }) => answerKey)).toEqual(['answer 50']);
    await vectors.add(acme, answer(10));
    expect(await vectors.nearest(acme, at(10), 8)).toHaveLength(2);
  });

  it('leave in the order of their arrival, beyond maxVectors', async () => {
    const { vectors, near } = setUp({ maxVectors: 128 });
    for (let i = 0; i < 200; i++) await vectors.add(acme, answer(i / 10));
    const found = await near(acme, at(10), 1000);
    expect(found).toHaveLength(64 + 8);
    expect(found).toContain('answer 19.9');
    expect(found).toContain('answer 12.8');
    expect(found).not.toContain('answer 6.3');
    expect(found).not.toContain('answer 12.7');
  });

  it('many at once are all stored', async () => {
    const { cache, vectors, near } = setUp();
    await Promise.all(Array.from({ length: 300 }, (_, i) => vectors.add(acme, answer(i / 10))));
    expect(await near(acme, at(10), 1000)).toHaveLength(300);
    expect(await setUp({ cache }).near(acme, at(10), 1000)).toHaveLength(300);
  });

  it('an answer that is forgotten is not proposed again', async () => {
    const { vectors } = setUp();
    await vectors.add(acme, answer(10));
    await vectors.nearest(acme, at(10), 8);
    vectors.forget(acme, 'answer 10');
    expect(await vectors.nearest(acme, at(10), 8)).toEqual([]);
  });
});

describe('vectors and invalidation', () => {
  it('a tenant that is erased has no vectors left, in any entry', async () => {
    const { cache, vectors, near } = setUp();
    await vectors.add(acme, answer(10));
    await vectors.add(other, answer(10));
    expect(await near(acme, at(10))).toEqual(['answer 10']);
    await cache.invalidateTags('tenant:acme');
    expect(await vectors.nearest(acme, at(10), 8)).toEqual([]);
    expect(await near(other, at(10))).toEqual(['answer 10']);
    const left: string[] = [];
    for await (const key of cache.keys()) left.push(key.replace(/:.*/, ''));
    expect(left.sort()).toEqual(['epoch', 'head', 'vectors']);
  });

  it('a tag of one answer removes its segment, and the answers are found once they are added anew', async () => {
    const { cache, vectors, near } = setUp();
    await vectors.add(acme, answer(10, { tags: ['document:1'] }));
    await vectors.add(acme, answer(20));
    expect(await near(acme, at(10))).toEqual(['answer 10', 'answer 20']);
    await cache.invalidateTags('document:1');
    expect(await near(acme, at(10))).toEqual([]);
    await vectors.add(acme, answer(20));
    expect(await near(acme, at(10))).toEqual(['answer 20']);
  });

  it.each(['vectors:', 'head:'])(
    'an append leaves nothing if the tenant is erased after %s was written',
    async (prefix) => {
      const { cache, vectors, near } = setUp();
      await vectors.add(acme, answer(10));
      let erasures = 0;
      cache.on('set', ({ key }) => {
        if (!key.startsWith(prefix) || erasures > 0) return;
        erasures += 1;
        void cache.invalidateTags('tenant:acme');
      });
      await vectors.add(acme, answer(20));
      expect(erasures).toBe(1);
      for await (const key of cache.keys()) expect(key).toBe('nothing');
      expect(await near(acme, at(10))).toEqual([]);
      await vectors.add(acme, answer(30));
      expect(await near(acme, at(10))).toEqual(['answer 30']);
    },
  );

  it('a segment has a bounded number of tags, and answers beyond it go to the next', async () => {
    const { vectors, near } = setUp();
    const many = (from: number): string[] => Array.from({ length: 32 }, (_, i) => `document:${from + i}`);
    for (let i = 0; i < 20; i++) await vectors.add(acme, answer(i, { tags: many(i * 32) }));
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => vectors.add(acme, answer(20 + i, { tags: many((20 + i) * 32) }))),
    );
    expect(await near(acme, at(10), 100)).toHaveLength(40);
  });
});

describe('copies of vectors', () => {
  it('have a bounded size: the least recently used partition is copied anew', async () => {
    const { cache, vectors } = setUp({ maxBytes: 64 * 2 * 4 });
    for (const partition of [acme, other]) {
      for (let i = 0; i < 64; i++) await vectors.add(partition, answer(i));
      expect(await vectors.nearest(partition, at(10), 100)).toHaveLength(64);
    }
    const { hits } = cache.stats();
    expect(await vectors.nearest(other, at(10), 100)).toHaveLength(64);
    expect(cache.stats().hits - hits).toBe(2);
    expect(await vectors.nearest(acme, at(10), 100)).toHaveLength(64);
    expect(cache.stats().hits - hits).toBe(5);
  });

  it('an entry of another shape counts as none', async () => {
    const { cache, vectors, near } = setUp();
    await vectors.add(acme, answer(10));
    for await (const key of cache.keys('vectors:*')) await cache.set(key, { alikeSegment: 2 });
    expect(await near(acme, at(10))).toEqual([]);
    for await (const key of cache.keys('head:*')) await cache.set(key, 'text');
    expect(await near(acme, at(10))).toEqual([]);
    await vectors.add(acme, answer(20));
    expect(await near(acme, at(10))).toEqual(['answer 20']);
  });

  it('no text and no answer is stored', async () => {
    const { cache, vectors } = setUp();
    await vectors.add(acme, answer(10));
    for await (const key of cache.keys()) {
      expect(JSON.stringify([key, await cache.get(key)])).not.toContain('search acme');
    }
  });
});
