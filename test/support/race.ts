import type { Cache } from '../../libs/cache-infra/src/cache/contract/cache.js';
import type { LoadOptions } from '../../libs/cache-infra/src/cache/contract/options.js';
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

/** One load, as it is asked for: in this process or in another. */
export interface RaceLoad {
  readonly id: number;
  readonly path: string;
  readonly key: string;
  readonly options: LoadOptions;
  /** From the moment the loader has read the origin to the moment it returns. */
  readonly delayMs: number;
}

/** The instance that loads. */
export interface RaceLoader {
  /** `origin`: what the loader reads, as the value is then. */
  load(load: RaceLoad, origin: () => number): Promise<unknown>;
  /** What the instance would answer now, from its L1 if it has one. */
  read(path: string, key: string): Promise<unknown>;
}

export interface RaceReport {
  readonly rounds: number;
  /** Rounds whose invalidation came while the loader ran. */
  readonly overlapping: number;
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

/** Loads values while they change at their origin and are invalidated, at random moments; then reads the cache. */
export async function race(options: Race): Promise<RaceReport> {
  const report = { rounds: 0, overlapping: 0, stale: [] as string[] };
  while (report.rounds < options.rounds) {
    const count = Math.min(atOnce, options.rounds - report.rounds);
    const batch = Array.from({ length: count }, (_, slot) => new Round(options, report.rounds + slot, slot));
    await Promise.all(batch.map((round) => round.run()));
    await Promise.all(batch.map((round) => round.check(report.stale)));
    for (const round of batch) if (round.overlapped) report.overlapping++;
    await Promise.all(batch.map((round) => round.tidy()));
    report.rounds += count;
  }
  return report;
}

class Round {
  overlapped = false;
  readonly #race: Race;
  readonly #id: number;
  readonly #path: string;
  readonly #key: string;
  readonly #tag: string;
  #origin = 1;
  #loading = false;
  readonly #started = deferred();

  constructor(options: Race, id: number, slot: number) {
    this.#race = options;
    this.#id = id;
    this.#path = `slot${String(slot)}`;
    this.#key = `key ${String(id)}`;
    this.#tag = `tag${String(slot)}`;
  }

  async run(): Promise<void> {
    const { loader, invalidator, locks } = this.#race;
    const tags = [this.#tag];
    const hadValue = Math.random() < 0.3;
    if (hadValue) await at(invalidator, this.#path).set(this.#key, 1, { ttl: 600, tags });
    const options: LoadOptions = {
      ttl: 600,
      tags,
      forceRefresh: hadValue,
      lock: locks === true && Math.random() < 0.5,
    };
    const load = { id: this.#id, path: this.#path, key: this.#key, options, delayMs: Math.random() * 6 };
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
    this.#origin = 2;
    await Promise.all([loaded, this.#invalidate()]);
  }

  /** Redis at once; the L1 of the instance that loaded once it has heard of the invalidation. */
  async check(stale: string[]): Promise<void> {
    const { reader, loader, kind } = this.#race;
    const fresh = (value: unknown): boolean => value === 2 || (value === undefined && kind !== 'set');
    if (reader !== undefined) {
      const inRedis = await at(reader, this.#path).get(this.#key);
      if (!fresh(inRedis)) stale.push(`round ${String(this.#id)}: Redis holds ${String(inRedis)}`);
    }
    const deadline = performance.now() + 2000;
    let value = await loader.read(this.#path, this.#key);
    while (!fresh(value) && performance.now() < deadline) {
      await pause(5);
      value = await loader.read(this.#path, this.#key);
    }
    if (!fresh(value)) stale.push(`round ${String(this.#id)}: the L1 holds ${String(value)}`);
  }

  async tidy(): Promise<void> {
    await at(this.#race.invalidator, this.#path).delete(this.#key);
  }

  async #invalidate(): Promise<void> {
    const cache = at(this.#race.invalidator, this.#path);
    switch (this.#race.kind) {
      case 'delete':
        await cache.delete(this.#key);
        return;
      case 'deleteMany':
        await cache.deleteMany([this.#key, 'another']);
        return;
      case 'invalidateTags':
        await cache.invalidateTags(this.#tag);
        return;
      case 'invalidatePattern':
        await cache.invalidatePattern(`${this.#key.slice(0, 3)}*`);
        return;
      case 'clear':
        await cache.clear();
        return;
      case 'set':
        await cache.set(this.#key, this.#origin, { ttl: 600, tags: [this.#tag] });
    }
  }
}

/** Loads with a cache of this process. */
export function loadingWith(cache: Cache): RaceLoader {
  return {
    load: ({ path, key, options, delayMs }, origin) =>
      at(cache, path).getOrSet(
        key,
        async () => {
          const value = origin();
          await pause(delayMs);
          return value;
        },
        options,
      ),
    read: (path, key) => at(cache, path).get(key),
  };
}

function at(cache: Cache, path: string): Cache {
  return cache.namespace(path);
}

async function pause(ms: number): Promise<void> {
  if (ms < 1) await new Promise((resolve) => setImmediate(resolve));
  else await new Promise((resolve) => setTimeout(resolve, ms));
}
