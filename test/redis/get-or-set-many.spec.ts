import type { Bulk, BulkLoadContext } from '../../libs/cache-infra/src/cache/contract/bulk-load.js';
import type { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { BulkLoadError } from '../../libs/cache-infra/src/base/errors.js';
import { portionSize } from '../../libs/cache-infra/src/base/turn.js';
import { cachesOnOwnRedis, patient } from '../support/caches-on-own-redis.js';
import { deferred, type Deferred } from '../support/deferred.js';
import { startLoadingProcess } from '../support/loading-process.js';
import { expectNoUnhandledRejections } from '../support/unhandled-rejections.js';
import { until } from '../support/until.js';

const own = cachesOnOwnRedis();
const { redis, closing } = own;
expectNoUnhandledRejections();

const keysOf = (count: number): string[] => Array.from({ length: count }, (_, i) => `key ${String(i)}`);
const valuesOf = (keys: readonly string[]): string[] => keys.map((key) => `${key}!`);
const load = (missing: readonly string[]): string[] => valuesOf(missing);

/** A loader whose calls end when the test says so. */
class HeldBulkLoader {
  readonly calls: { readonly missing: readonly string[]; readonly ctx: BulkLoadContext<string> }[] = [];
  readonly #ends: Deferred<Bulk<string>>[] = [];

  readonly load = (missing: readonly string[], ctx: BulkLoadContext<string>): Promise<Bulk<string>> => {
    this.calls.push({ missing, ctx });
    const end = deferred<Bulk<string>>();
    this.#ends.push(end);
    return end.promise;
  };

  get asked(): readonly (readonly string[])[] {
    return this.calls.map(({ missing }) => missing);
  }

  async started(calls = 1): Promise<void> {
    await until(() => this.calls.length >= calls, `${String(calls)} loader calls`);
  }

  succeed(call = 0): void {
    this.#ends[call]?.resolve(valuesOf(this.calls[call]?.missing ?? []));
  }

  fail(call = 0): void {
    this.#ends[call]?.reject(new Error('the origin is down'));
  }
}

describe('getOrSetMany with Redis', () => {
  it('loads what no tier holds, and stores it in both', async () => {
    const [cache, other] = [await redis(), await redis()];
    await other.setMany([
      ['a', 'in Redis'],
      ['b', 'in both'],
    ]);
    await cache.get('b');
    const loader = new HeldBulkLoader();
    const values = cache.getOrSetMany(['d', 'a', 'b', 'c'], loader.load, { tags: ['t'] });
    await loader.started();
    expect(loader.asked).toEqual([['d', 'c']]);
    loader.succeed();
    expect([...(await values)]).toEqual([
      ['d', 'd!'],
      ['a', 'in Redis'],
      ['b', 'in both'],
      ['c', 'c!'],
    ]);
    expect((await other.getMany(['a', 'b', 'c', 'd'])).size).toBe(4);
    await other.invalidateTags('t');
    expect((await other.getMany(['a', 'b', 'c', 'd'])).size).toBe(2);
  });

  it.each<[string, (other: RedisCache) => Promise<unknown>]>([
    ['delete', (other) => other.delete('key 1')],
    ['set', (other) => other.set('key 1', 'newer')],
    ['invalidateTags', (other) => other.invalidateTags('tag')],
    ['invalidatePattern', (other) => other.invalidatePattern('* 1')],
  ])('%s of one key in another instance during the load: the others are stored', async (kind, change) => {
    const [cache, other] = [await redis(), await redis()];
    const loader = new HeldBulkLoader();
    const keys = keysOf(3);
    const values = cache.getOrSetMany(keys, loader.load);
    await loader.started();
    loader.calls[0]?.ctx.set('key 1', { tags: ['tag'] });
    await change(other);
    loader.succeed();
    expect([...(await values).values()]).toEqual(valuesOf(keys));
    const held = await other.getMany<string>(keys);
    const newer = kind === 'set' ? 'newer' : undefined;
    expect([held.get('key 0'), held.get('key 1'), held.get('key 2')]).toEqual(['key 0!', newer, 'key 2!']);
    await until(async () => (await cache.get('key 1')) === newer, 'the newer value');
  });

  it('many keys, in one loader call, are read and written in batches', async () => {
    const cache = await redis({ l1CacheSize: 10_000 });
    const keys = keysOf(3000);
    let calls = 0;
    const values = await cache.getOrSetMany(keys, (missing) => {
      calls++;
      return valuesOf(missing);
    });
    expect([...values.values()]).toEqual(valuesOf(keys));
    expect(calls).toBe(1);
    const other = await redis({ l1CacheSize: 10_000 });
    expect([...(await other.getOrSetMany(keys, load)).values()]).toEqual(valuesOf(keys));
    expect(other.stats()).toMatchObject({ loads: 0, l2: { hits: 3000 } });
  }, 60_000);

  it('very many values are stored in portions: no more of them wait for Redis', async () => {
    const cache = await redis({ l1CacheSize: 20_000 });
    const keys = keysOf(3500);
    let most = 0;
    let taken = 0;
    /** Counts the values that are taken to be stored. */
    class Values extends Map<string, string> {
      override get(key: string): string | undefined {
        taken++;
        most = Math.max(most, taken - cache.stats().sets);
        return super.get(key);
      }
    }
    const found = await cache.getOrSetMany(
      keys,
      (missing) => new Values(missing.map((key) => [key, `${key}!`])),
    );
    expect([...found.values()]).toEqual(valuesOf(keys));
    expect(cache.stats().sets).toBe(keys.length);
    expect(most).toBeLessThanOrEqual(portionSize);
  }, 60_000);

  it('without Redis the loader runs, and its values are returned', async () => {
    const cache = await redis({ onError: 'degrade', commandTimeout: '200ms' });
    await own.server.pause();
    const values = await cache.getOrSetMany(keysOf(20), load);
    expect([...values.values()]).toEqual(valuesOf(keysOf(20)));
  });
});

describe('getOrSetMany with lock', () => {
  const lock = { lock: true } as const;

  it('two instances, the same keys at the same time: one loader call, for all of them', async () => {
    const caches = [await redis(), await redis()];
    const keys = keysOf(200);
    for (let round = 0; round < 10; round++) {
      const asked: (readonly string[])[] = [];
      const loadOnce = (missing: readonly string[]): string[] => {
        asked.push(missing);
        return valuesOf(missing);
      };
      const shuffled = [...keys].reverse();
      const [one, two] = await Promise.all([
        caches[0]?.getOrSetMany(keys, loadOnce, lock),
        caches[1]?.getOrSetMany(shuffled, loadOnce, lock),
      ]);
      expect(asked.map((missing) => missing.length)).toEqual([200]);
      expect([...(one?.values() ?? [])]).toEqual(valuesOf(keys));
      expect([...(two?.values() ?? [])]).toEqual(valuesOf(shuffled));
      await caches[0]?.deleteMany(keys);
      await until(
        async () => (await caches[1]?.getMany(keys))?.size === 0,
        'the delete in the other instance',
      );
    }
  }, 60_000);

  it('two processes, the same keys at the same time: one loader call', async () => {
    const options = { redisUrl: own.server.url, keyPrefix: own.keyPrefix, ...patient };
    const processes = await Promise.all([1, 2].map(() => startLoadingProcess(options)));
    for (const each of processes) closing(each);
    const bulk = { keys: keysOf(300), loadMs: 100, options: lock };
    const reports = await Promise.all(processes.map((each) => each.bulk(bulk)));
    expect(reports.flatMap(({ asked }) => asked)).toEqual([300]);
    expect(reports.map(({ values }) => values)).toEqual([300, 300]);
  }, 60_000);

  it('overlapping keys in opposite order: each key is loaded once, and nobody waits for ever', async () => {
    const caches = [await redis(), await redis()];
    const runs = new Map<string, number>();
    const count = async (missing: readonly string[]): Promise<string[]> => {
      for (const key of missing) runs.set(key, (runs.get(key) ?? 0) + 1);
      await new Promise((resolve) => setTimeout(resolve, 20));
      return valuesOf(missing);
    };
    const all = keysOf(60);
    const calls = Array.from({ length: 12 }, async (_, i) => {
      const keys = all.slice(i * 4, i * 4 + 16);
      await caches[i % 2]?.getOrSetMany(i % 3 === 0 ? keys.reverse() : keys, count, lock);
    });
    await Promise.all(calls);
    expect([...runs.values()].every((times) => times === 1)).toBe(true);
    expect(runs.size).toBe(60);
  });

  it('a key that another instance is loading by getOrSet is waited for', async () => {
    const [cache, other] = [await redis(), await redis()];
    const single = deferred<string>();
    let isLoading = false;
    const loading = other.getOrSet(
      'key 1',
      () => {
        isLoading = true;
        return single.promise;
      },
      lock,
    );
    await until(() => isLoading);
    const loader = new HeldBulkLoader();
    const values = cache.getOrSetMany(keysOf(3), loader.load, lock);
    await loader.started();
    expect(loader.asked).toEqual([['key 0', 'key 2']]);
    loader.succeed();
    single.resolve('single');
    expect([...(await values).values()]).toEqual(['key 0!', 'single', 'key 2!']);
    await loading;
  });

  it('while another instance loads the first key, the others ask for no lease', async () => {
    const [cache, other] = [await redis(), await redis()];
    const first = new HeldBulkLoader();
    const loading = other.getOrSetMany(['key 0'], first.load, lock);
    await first.started();
    const loader = new HeldBulkLoader();
    const values = cache.getOrSetMany(keysOf(3), loader.load, lock);
    const unhindered = await other.getOrSet('key 2', () => 'at once', lock);
    expect([unhindered, loader.asked]).toEqual(['at once', []]);
    first.succeed();
    await loader.started();
    expect(loader.asked).toEqual([['key 1']]);
    loader.succeed();
    expect([...(await values).values()]).toEqual(['key 0!', 'key 1!', 'at once']);
    await loading;
  });

  it('if the other instance fails, a second loader call loads its keys', async () => {
    const [cache, other] = [await redis(), await redis()];
    const failing = new HeldBulkLoader();
    const failed = other
      .getOrSetMany(['key 1', 'key 2'], failing.load, lock)
      .catch((error: unknown) => error);
    await failing.started();
    const loader = new HeldBulkLoader();
    const values = cache.getOrSetMany(keysOf(4), loader.load, lock);
    await loader.started();
    expect(loader.asked).toEqual([['key 0', 'key 3']]);
    failing.fail();
    expect(await failed).toBeInstanceOf(BulkLoadError);
    // The two keys may come one by one: their holder releases them so.
    await until(() => loader.asked.flat().length === 4, 'the other keys');
    for (let i = 0; i < loader.calls.length; i++) loader.succeed(i);
    expect([...(await values).keys()]).toEqual(keysOf(4));
  });

  it('loads that wait for each other across instances end within a lease', async () => {
    const options = { advanced: { leaseDuration: '500ms' } } as const;
    const [cache, other] = [await redis(options), await redis(options)];
    const inside = (of: RedisCache, key: string) => async (missing: readonly string[]) => {
      await of.getOrSet(key, () => 'inner', { lock: true });
      return valuesOf(missing);
    };
    const [one, two] = await Promise.all([
      cache.getOrSetMany(['a 1', 'a 2'], inside(cache, 'b 2'), lock),
      other.getOrSetMany(['b 1', 'b 2'], inside(other, 'a 2'), lock),
    ]);
    expect([one.size, two.size]).toEqual([2, 2]);
  });
});

describe('getOrSetMany at random moments', () => {
  it('an invalidation is never lost, and no tier holds a value from before it', async () => {
    const [cache, other] = [await redis(), await redis()];
    const reader = await redis({ enableL1Cache: false });
    const keys = keysOf(12);
    const origin = new Map(keys.map((key) => [key, 0]));
    const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
    const read = async (missing: readonly string[]): Promise<Map<string, number>> => {
      const values = new Map(missing.map((key) => [key, origin.get(key) ?? 0]));
      await pause(Math.random() * 6);
      return values;
    };
    const sampleOf = (): string[] => keys.filter(() => Math.random() < 0.5);
    for (let round = 0; round < 60; round++) {
      const lock = Math.random() < 0.3;
      const tags = ['all'];
      const calls: Promise<unknown>[] = [
        cache.getOrSetMany(sampleOf(), read, { lock, tags }),
        other.getOrSetMany(sampleOf().reverse(), read, { lock, tags, chunkSize: 3 }),
        cache.getOrSet('key 1', async () => (await read(['key 1'])).get('key 1'), { tags }),
      ];
      await pause(Math.random() * 6);
      const changed = sampleOf();
      for (const key of changed) origin.set(key, (origin.get(key) ?? 0) + 1);
      const by = Math.random() < 0.5 ? cache : other;
      if (Math.random() < 0.3) calls.push(by.invalidateTags('all'));
      else calls.push(by.deleteMany(changed));
      await Promise.all(calls);
      for (const from of [reader, cache, other]) {
        await until(
          async () => {
            const held = await from.getMany<number>(keys);
            return [...held].every(([key, value]) => value === origin.get(key));
          },
          `round ${String(round)}: no value from before the invalidation`,
        );
      }
    }
  }, 60_000);
});
