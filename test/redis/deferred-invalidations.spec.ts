import { AsyncLocalStorage } from 'node:async_hooks';

import type { Cache } from '../../libs/cache-infra/src/cache/contract/cache.js';
import { deferInvalidations } from '../../libs/cache-infra/src/cache/deferred-invalidations.js';
import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';
import { deferred, turn, type Deferred } from '../support/deferred.js';
import { invalidations } from '../support/invalidations.js';
import { heldLoad } from '../support/loads.js';
import { expectNoUnhandledRejections } from '../support/unhandled-rejections.js';
import { until } from '../support/until.js';

const own = cachesOnOwnRedis();
const { redis } = own;
expectNoUnhandledRejections();

/** A scope that has invalidated, and waits for its commit. */
interface Waiting {
  readonly done: Promise<unknown>;
  readonly end: Deferred<void>;
}

async function invalidatedIn(cache: Cache, invalidate: (cache: Cache) => Promise<unknown>): Promise<Waiting> {
  const [marked, end] = [deferred(), deferred()];
  const done = deferInvalidations(async () => {
    await invalidate(cache);
    marked.resolve();
    await end.promise;
  });
  await Promise.race([marked.promise, done]);
  return { done, end };
}

const inScope: typeof invalidations = [...invalidations, ['a set', (cache, key) => cache.set(key, 'dirty')]];

describe.each(inScope)('guarantee 20: deferInvalidations: %s', (_, invalidate) => {
  const change = (cache: Cache): Promise<unknown> => invalidate(cache, 'key');

  it('reaches Redis and the other instances after the commit, and not before', async () => {
    const [cache, other] = [await redis(), await redis()];
    await cache.set('key', 'old', { tags: ['tag'] });
    expect(await other.get('key')).toBe('old');
    const bytes = await own.raw.dbsize();
    const scope = await invalidatedIn(cache, change);
    expect(await own.raw.dbsize()).toBe(bytes);
    expect(await other.get('key')).toBe('old');
    scope.end.resolve();
    await scope.done;
    expect(await (await redis({ enableL1Cache: false })).get('key')).toBeUndefined();
    await until(async () => (await other.get('key')) === undefined, 'the L1 of the other instance');
  });

  it('a rollback leaves Redis and every L1 as they were', async () => {
    const cache = await redis();
    await cache.set('key', 'old', { tags: ['tag'] });
    const scope = await invalidatedIn(cache, change);
    scope.end.reject(new Error('rolled back'));
    await expect(scope.done).rejects.toThrow('rolled back');
    expect(await cache.get('key')).toBe('old');
    expect(await (await redis({ enableL1Cache: false })).get('key')).toBe('old');
  });

  it.each([true, false])('hides the value from the scope, with an L1: %p', async (enableL1Cache) => {
    const cache = await redis({ enableL1Cache });
    await cache.set('key', 'old', { tags: ['tag'] });
    await deferInvalidations(async () => {
      expect(await cache.get('key')).toBe('old');
      await change(cache);
      expect(await cache.get('key')).toBeUndefined();
      expect(await cache.getOrSet('key', () => 'dirty', { tags: ['tag'] })).toBe('dirty');
      expect([...(await cache.getOrSetMany(['key'], () => ['dirty']))]).toEqual([['key', 'dirty']]);
      await deferInvalidations(async () => expect(await cache.get('key')).toBe('old'), { separate: true });
    });
    expect(await cache.get('key')).toBeUndefined();
  });

  it.each(['this', 'another'] as const)(
    'a load by %s instance that began before the commit and ends after it stores nothing',
    async (which) => {
      const cache = await redis();
      const loading = which === 'this' ? cache : await redis();
      const scope = await invalidatedIn(cache, change);
      const held = await heldLoad(loading, { tags: ['tag'] });
      scope.end.resolve();
      await scope.done;
      held.succeed('old');
      expect(await held.value).toBe('old');
      expect(await (await redis({ enableL1Cache: false })).get('key')).toBeUndefined();
      await until(async () => (await loading.get('key')) === undefined, 'the L1 of the loading instance');
    },
  );
});

describe('guarantee 20: deferInvalidations while Redis is unavailable', () => {
  it('the journal takes the invalidations, and replays them', async () => {
    const patience = { onError: 'degrade', commandTimeout: '250ms' } as const;
    const cache = await redis({ ...patience, advanced: { breakerThreshold: 100 } });
    await cache.set('key', 'old', 60);
    await cache.set('tagged', 'old', { tags: ['tag'] });
    await deferInvalidations(async () => {
      await cache.delete('key');
      await cache.invalidateTags('tag');
      await own.server.pause();
    });
    expect(cache.stats().journal.size).toBeGreaterThan(0);
    await own.server.resume();
    await until(() => cache.stats().journal.size === 0, 'the journal');
    const reader = await redis({ enableL1Cache: false });
    expect(await reader.get('key')).toBeUndefined();
    expect(await reader.get('tagged')).toBeUndefined();
  });

  it("onError 'throw': rejects after the work is done", async () => {
    const cache = await redis({ commandTimeout: '250ms' });
    let isDone = false;
    const scope = deferInvalidations(async () => {
      await cache.delete('key');
      await own.server.pause();
      isDone = true;
    });
    await expect(scope).rejects.toMatchObject({ code: 'CACHE_INFRASTRUCTURE' });
    expect(isDone).toBe(true);
    await own.server.resume();
  });
});

/** A table of one row with transactions, which readers see after the commit. */
class Table {
  committed = 0;
  readonly #written = new AsyncLocalStorage<{ value: number }>();

  read(): number {
    return this.#written.getStore()?.value ?? this.committed;
  }

  async write(value: number, meanwhile: () => Promise<unknown>): Promise<void> {
    await this.#written.run({ value: this.committed }, async () => {
      const row = this.#written.getStore();
      if (row !== undefined) row.value = value;
      await meanwhile();
    });
    this.committed = value;
  }
}

describe('guarantee 20: readers at every moment of a transaction', () => {
  it('none leaves the old row in the cache, none gets a row that is rolled back', async () => {
    const [cache, other] = [await redis(), await redis()];
    const table = new Table();
    const load = async (): Promise<number> => {
      const value = table.read();
      await own.raw.ping();
      return value;
    };
    const read = (from: Cache): Promise<number> => from.getOrSet('row', load, { tags: ['rows'] });
    let isOver = false;
    const seen = new Set<number>();
    const reader = async (from: Cache): Promise<void> => {
      while (!isOver) {
        seen.add(await read(from));
        await turn();
      }
    };
    const readers = [reader(cache), reader(cache), reader(other)];

    for (let value = 1; value <= 100; value++) {
      const isRolledBack = value % 3 === 0;
      const shown = isRolledBack ? -value : value;
      const work = (): Promise<void> =>
        table.write(shown, async () => {
          await (value % 2 === 0 ? cache.delete('row') : cache.invalidateTags('rows'));
          expect(await read(cache)).toBe(shown);
          await own.raw.ping();
          if (isRolledBack) throw new Error('rolled back');
        });
      const before = table.committed;
      await deferInvalidations(work).catch(() => undefined);
      expect(await read(cache)).toBe(isRolledBack ? before : value);
    }
    isOver = true;
    await Promise.all(readers);
    expect([...seen].filter((value) => value < 0)).toEqual([]);
    await until(async () => (await read(other)) === table.committed, 'the other instance');
  }, 60_000);
});
