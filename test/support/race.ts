import type { BulkLoader } from '../../libs/cache-infra/src/cache/contract/bulk-load.js';
import type { Cache } from '../../libs/cache-infra/src/cache/contract/cache.js';
import type { LoadContext, LoadOptions } from '../../libs/cache-infra/src/cache/contract/options.js';
import { deferred } from './deferred.js';

/** What can happen to a key while its loader runs elsewhere. */
export const raceKinds = [
  'delete',
  'deleteMany',
  'invalidateTags',
  'invalidatePattern',
  'clear',
  'set',
] as const;
export type RaceKind = (typeof raceKinds)[number];

/**
 * How the keys of a round are loaded:
 *
 * - `each`: one `getOrSet` for each key, the loaders ending in one turn of the event loop. So Redis stores their values
 *   by one script.
 * - `many`: one `getOrSetMany`.
 * - `both`: `getOrSetMany` for all keys, and `getOrSet` for each.
 */
export type RaceCalls = 'each' | 'many' | 'both';

/** The loads of one round, as they are asked for: in this process or in another. */
export interface RaceLoad {
  readonly id: number;
  readonly path: string;
  readonly keys: readonly string[];
  readonly calls: RaceCalls;
  readonly options: LoadOptions;
  /** Tags that the loaders add when they end. */
  readonly lateTags: readonly string[];
  /** Keys of one loader call of `getOrSetMany` at most; undefined = all. */
  readonly chunkSize: number | undefined;
  /** From the moment the loader has read the origin to the moment it returns. */
  readonly delayMs: number;
}

/** What the loaders read: the value that every key of the round has then. */
export type RaceOrigin = () => number | Promise<number>;

/** The instance that loads. */
export interface RaceLoader {
  /** Resolves to the number of values that the loaders made. */
  load(load: RaceLoad, origin: RaceOrigin): Promise<number>;
  /** What the instance would answer now for each key, from its L1 if it has one. */
  read(path: string, keys: readonly string[]): Promise<readonly unknown[]>;
}

export interface RaceReport {
  readonly rounds: number;
  /** Rounds whose invalidation came while the loader ran. */
  readonly overlapping: number;
  /** Values that loaders made, by the calls that asked for them. */
  readonly loads: Readonly<Record<RaceCalls, number>>;
  /** Values older than the invalidation that a tier held after it, told in words. */
  readonly stale: readonly string[];
}

interface Race {
  readonly kind: RaceKind;
  readonly rounds: number;
  /** The instance whose loaders run. */
  readonly loader: RaceLoader;
  /** The instance that invalidates; another one, or the same. */
  readonly invalidator: Cache;
  /** Reads what Redis holds; undefined = there is no Redis. */
  readonly reader?: Cache | undefined;
  /** Ask for leases now and then. */
  readonly locks?: boolean | undefined;
}

const atOnce = 40;
/** Batches of rounds that have their own keys. Then keys are used again: invalidations leave traces in Redis. */
const keySets = 4;
/** More than one script stores. */
const mostKeys = 20;

/** Loads values while they change at their origin and are invalidated, at random moments; then reads the cache. */
export async function race(options: Race): Promise<RaceReport> {
  const loads = { each: 0, many: 0, both: 0 };
  const report = { rounds: 0, overlapping: 0, loads, stale: [] as string[] };
  while (report.rounds < options.rounds) {
    const count = Math.min(atOnce, options.rounds - report.rounds);
    const batch = Array.from({ length: count }, (_, slot) => new Round(options, report.rounds + slot, slot));
    await Promise.all(batch.map((round) => round.run()));
    await Promise.all(batch.map((round) => round.check(report.stale)));
    for (const round of batch) {
      if (round.overlapped) report.overlapping++;
      loads[round.calls] += round.loads;
    }
    await Promise.all(batch.map((round) => round.tidy()));
    report.rounds += count;
  }
  return report;
}

class Round {
  overlapped = false;
  /** Values that the loaders made. */
  loads = 0;
  readonly calls: RaceCalls;
  readonly #race: Race;
  readonly #id: number;
  readonly #path: string;
  readonly #tag: string;
  readonly #keys: readonly string[];
  /** The keys that are invalidated. */
  readonly #changed: readonly string[];
  /** What the origin holds before the invalidation, and after it. */
  readonly #before: number;
  readonly #after: number;
  #origin: number;
  #loading = false;
  readonly #started = deferred();

  constructor(options: Race, id: number, slot: number) {
    this.#race = options;
    this.#id = id;
    this.#path = `slot${String(slot)}`;
    this.#tag = `tag${String(slot)}`;
    // In half of the rounds the load of one key, alone.
    const isAlone = Math.random() < 0.5;
    this.calls = isAlone ? 'each' : oneOf(['each', 'many', 'both']);
    const count = isAlone ? 1 : Math.random() < 0.1 ? mostKeys : Math.ceil(Math.random() * 5);
    const set = String(Math.floor(id / atOnce) % keySets);
    this.#keys = Array.from({ length: count }, (_, i) => `key ${set} ${String(i)}`);
    this.#before = 2 * id;
    this.#after = 2 * id + 1;
    this.#origin = this.#before;
    this.#changed = changedBy(options.kind, this.#keys);
  }

  async run(): Promise<void> {
    const { loader, invalidator, locks } = this.#race;
    const tags = [this.#tag];
    const held = Math.random() < 0.3 ? someOf(this.#keys) : [];
    const cache = at(invalidator, this.#path);
    if (held.length > 0)
      await cache.setMany(
        held.map((key) => [key, this.#before] as const),
        { ttl: 600, tags },
      );
    const isLate = Math.random() < 0.3;
    const options: LoadOptions = {
      ttl: 600,
      tags: isLate ? [] : tags,
      forceRefresh: held.length > 0,
      lock: locks === true && Math.random() < 0.5,
    };
    const load: RaceLoad = {
      id: this.#id,
      path: this.#path,
      keys: this.#keys,
      calls: this.calls,
      options,
      lateTags: isLate ? tags : [],
      chunkSize: Math.random() < 0.2 ? 3 : undefined,
      delayMs: Math.random() * 6,
    };
    const loaded = loader
      .load(load, () => {
        this.#loading = true;
        this.#started.resolve();
        return this.#origin;
      })
      .finally(() => {
        this.#loading = false;
      });
    // At any moment, most of them while the loader runs.
    if (Math.random() < 0.7) await this.#started.promise;
    await pause(Math.random() * 8);
    this.overlapped = this.#loading;
    this.#origin = this.#after;
    const [loads] = await Promise.all([loaded, this.#invalidate()]);
    this.loads = loads;
  }

  /** Redis at once; the L1 of the instance that loaded once it has heard of the invalidation. */
  async check(stale: string[]): Promise<void> {
    const { reader, loader, kind } = this.#race;
    const fresh = (value: unknown): boolean =>
      value === this.#after || (value === undefined && kind !== 'set');
    const note = (holder: string, values: readonly unknown[]): void => {
      for (const [i, value] of values.entries()) {
        if (fresh(value)) continue;
        const key = String(this.#changed[i]);
        const { calls } = this;
        const after = String(this.#after);
        stale.push(
          `round ${String(this.#id)} (${calls}): ${holder} holds ${String(value)} for '${key}' after ${after}`,
        );
      }
    };
    if (reader !== undefined) {
      const held = await at(reader, this.#path).getMany(this.#changed);
      note(
        'Redis',
        this.#changed.map((key) => held.get(key)),
      );
    }
    const deadline = performance.now() + 2000;
    let values = await loader.read(this.#path, this.#changed);
    while (!values.every(fresh) && performance.now() < deadline) {
      await pause(5);
      values = await loader.read(this.#path, this.#changed);
    }
    note('the L1', values);
  }

  async tidy(): Promise<void> {
    await at(this.#race.invalidator, this.#path).deleteMany(this.#keys);
  }

  async #invalidate(): Promise<void> {
    const cache = at(this.#race.invalidator, this.#path);
    switch (this.#race.kind) {
      case 'delete':
        await Promise.all(this.#changed.map((key) => cache.delete(key)));
        return;
      case 'deleteMany':
        await cache.deleteMany([...this.#changed, 'another']);
        return;
      case 'invalidateTags':
        await cache.invalidateTags(this.#tag);
        return;
      case 'invalidatePattern':
        await cache.invalidatePattern('key*');
        return;
      case 'clear':
        await cache.clear();
        return;
      case 'set':
        await Promise.all(
          this.#changed.map((key) => cache.set(key, this.#origin, { ttl: 600, tags: [this.#tag] })),
        );
    }
  }
}

/** The keys that an invalidation of this kind changes. */
function changedBy(kind: RaceKind, keys: readonly string[]): readonly string[] {
  switch (kind) {
    case 'delete':
    case 'set':
      return [oneOf(keys)];
    case 'deleteMany':
      return someOf(keys);
    case 'invalidateTags':
    case 'invalidatePattern':
    case 'clear':
      return keys;
  }
}

/** Loads with a cache of this process. */
export function loadingWith(cache: Cache): RaceLoader {
  return {
    load: (load, origin) => new RaceCall(at(cache, load.path), load, origin).run(),
    read: (path, keys) => Promise.all(keys.map((key) => at(cache, path).get(key))),
  };
}

/** The calls of one round. */
class RaceCall {
  readonly #cache: Cache;
  readonly #load: RaceLoad;
  readonly #origin: RaceOrigin;
  #loads = 0;
  /** The moment at which the loaders that began together end. */
  #end: Promise<void> | undefined;

  constructor(cache: Cache, load: RaceLoad, origin: RaceOrigin) {
    this.#cache = cache;
    this.#load = load;
    this.#origin = origin;
  }

  async run(): Promise<number> {
    const { calls, keys } = this.#load;
    const all: Promise<unknown>[] = [];
    // Either may be the first to begin.
    const manyFirst = Math.random() < 0.5;
    if (calls !== 'each' && manyFirst) all.push(this.#many());
    if (calls !== 'many') all.push(...keys.map((key) => this.#one(key)));
    if (calls !== 'each' && !manyFirst) all.push(this.#many());
    await Promise.all(all);
    return this.#loads;
  }

  #one(key: string): Promise<number> {
    const { options, lateTags } = this.#load;
    const load = async ({ tags }: LoadContext): Promise<number> => {
      this.#loads++;
      const value = await this.#origin();
      await (this.#end ??= pause(this.#load.delayMs));
      if (lateTags.length > 0) tags(...lateTags);
      return value;
    };
    return this.#cache.getOrSet(key, load, options);
  }

  #many(): Promise<Map<string, number>> {
    const { keys, options, lateTags, chunkSize } = this.#load;
    const load: BulkLoader<number> = async (missing, { set }) => {
      this.#loads += missing.length;
      const value = await this.#origin();
      await (this.#end ??= pause(this.#load.delayMs));
      if (lateTags.length > 0) for (const key of missing) set(key, { tags: lateTags });
      return missing.map(() => value);
    };
    return this.#cache.getOrSetMany(keys, load, { ...options, chunkSize });
  }
}

function at(cache: Cache, path: string): Cache {
  return cache.namespace(path);
}

function oneOf<T>(items: readonly T[]): T {
  return items[Math.floor(Math.random() * items.length)] as T;
}

/** At least one. */
function someOf<T>(items: readonly T[]): readonly T[] {
  const some = items.filter(() => Math.random() < 0.5);
  return some.length > 0 ? some : [oneOf(items)];
}

async function pause(ms: number): Promise<void> {
  if (ms < 1) await new Promise((resolve) => setImmediate(resolve));
  else await new Promise((resolve) => setTimeout(resolve, ms));
}
