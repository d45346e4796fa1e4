import type { BulkLoader } from '../../libs/cache-infra/src/cache/contract/bulk-load.js';
import type { Cache } from '../../libs/cache-infra/src/cache/contract/cache.js';

/** What a key holds: who wrote it, and which of the writer's versions it is. */
export interface Versioned {
  readonly key: string;
  readonly version: number;
}

/** The origin of the cached values, one for all instances. Every version is written there before the cache gets it. */
export interface Database {
  read(key: string): Promise<Versioned | undefined>;
  write(value: Versioned): Promise<void>;
}

/** What a key should hold now. */
export interface Expected {
  /** undefined = nothing. */
  readonly version: number | undefined;
  /**
   * Whether the key may be missing. A loaded value may have been stored nowhere, because of an invalidation or of
   * another instance's lease. An invalidation of tags during an outage also covers entries that were tagged after it,
   * until it reaches Redis.
   */
  readonly mayMiss: boolean;
  /** What was last done to it. */
  readonly history: string;
}

export type Truth = Record<string, Expected>;

export interface WorkloadReport {
  calls: number;
  /** Calls that rejected. */
  failed: number;
  /** Milliseconds. */
  longest: number;
  longestCall: string;
  /** Reads by the writer itself that did not show what it had just written. */
  ownStale: string[];
  errors: string[];
  /** Milliseconds that the event loop stood still at most: no call can be faster than that. */
  lag: number;
}

export interface WorkloadPlan {
  readonly seed: number;
  readonly instance: string;
  /** Other instances, whose keys are read. */
  readonly others: readonly string[];
  readonly lanes: number;
  readonly keysPerLane: number;
  /** Milliseconds between two calls of a lane. */
  readonly paceMs: number;
  /**
   * `own`: only its writer stores a key, so the last write decides what Redis holds. `shared`: every instance loads
   * every key from the database and stores the value, also when the load takes a while and the writer is faster.
   */
  readonly loads: 'own' | 'shared';
}

/** Numbers in [0, 1) that a seed decides (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The keys of a lane. Each lane is the only writer of its keys, one call at a time: what they must hold is certain. */
export function keysOf(plan: WorkloadPlan, instance: string, lane: number): string[] {
  return Array.from({ length: plan.keysPerLane }, (_, i) => `${instance}:${lane}:k${i}`);
}

/** Random calls on one instance's cache: writes to its own keys, reads of everybody's. */
export class Workload {
  readonly #cache: Cache;
  readonly #plan: WorkloadPlan;
  readonly #database: Database;
  readonly #truth = new Map<string, number | undefined>();
  readonly #tagged = new Set<string>();
  /** Keys whose version was made by a loader, and not set. */
  readonly #loaded = new Set<string>();
  /** What was last done to each key: the reason of a wrong read is found there. */
  readonly #history = new Map<string, string[]>();
  #report = emptyReport();
  #running: Promise<unknown> | undefined;
  #stopping = false;
  #version = 0;

  constructor(cache: Cache, plan: WorkloadPlan, database: Database) {
    this.#cache = cache;
    this.#plan = plan;
    this.#database = database;
  }

  start(): void {
    this.#stopping = false;
    const lanes = Array.from({ length: this.#plan.lanes }, (_, lane) =>
      this.#plan.loads === 'own' ? this.#runLane(lane) : this.#runSharedLane(lane),
    );
    this.#running = Promise.all([...lanes, this.#watchLag()]);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running;
  }

  /** What has been seen since the last report. */
  report(): WorkloadReport {
    const report = this.#report;
    this.#report = emptyReport();
    return report;
  }

  truth(): Truth {
    return Object.fromEntries(
      [...this.#truth].map(([key, version]): [string, Expected] => {
        return [
          key,
          { version, mayMiss: this.#loaded.has(key) || this.#tagged.has(key), history: this.#historyOf(key) },
        ];
      }),
    );
  }

  async #runLane(lane: number): Promise<void> {
    const { seed, paceMs, instance, others } = this.#plan;
    const random = randomOf(seed * 1000 + lane);
    const own = keysOf(this.#plan, instance, lane);
    const tag = `${instance}:${lane}`;
    const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
    while (!this.#stopping) {
      const dice = random();
      const key = pick(own);
      if (dice < 0.18) await this.#set(key);
      else if (dice < 0.26) await this.#set(key, tag);
      else if (dice < 0.36) await this.#delete(key);
      else if (dice < 0.39) await this.#invalidateTag(tag, own);
      else if (dice < 0.4) await this.#invalidatePattern(`${instance}:${lane}:*`, own);
      else if (dice < 0.5) await this.#getOrSet(key, tag);
      else if (dice < 0.55) await this.#getOrSetMany(own, tag);
      else if (dice < 0.75) await this.#get(key);
      else if (dice < 0.8) await this.#getMany(own);
      else await this.#getForeign(pick(others), lane, random());
      await new Promise((resolve) => setTimeout(resolve, paceMs * 2 * random()));
    }
  }

  /** Cache-aside, as applications do it: write to the database, then tell the cache; load whatever is missing. */
  async #runSharedLane(lane: number): Promise<void> {
    const { seed, paceMs, instance, others } = this.#plan;
    const random = randomOf(seed * 1000 + lane);
    const own = keysOf(this.#plan, instance, lane);
    const everybodys = [instance, ...others].flatMap((each) => keysOf(this.#plan, each, lane));
    const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
    while (!this.#stopping) {
      const dice = random();
      const key = pick(own);
      if (dice < 0.15) await this.#change(key, 'set');
      else if (dice < 0.3) await this.#change(key, 'delete');
      else if (dice < 0.38) await this.#change(key, 'invalidateTags');
      else if (dice < 0.55)
        await this.#loadMany(
          everybodys.filter(() => random() < 0.5),
          random() < 0.3 ? 30 * random() : 0,
          random() < 0.1,
        );
      else
        await this.#load(
          pick(dice < 0.65 ? own : everybodys),
          random() < 0.3 ? 30 * random() : 0,
          random() < 0.1,
        );
      await new Promise((resolve) => setTimeout(resolve, paceMs * 2 * random()));
    }
  }

  async #change(key: string, by: 'set' | 'delete' | 'invalidateTags'): Promise<void> {
    const version = ++this.#version;
    await this.#database.write({ key, version });
    this.#truth.set(key, version);
    this.#note([key], `${by} ${String(version)}`);
    await this.#timed(by, async () => {
      if (by === 'set') await this.#cache.set(key, { key, version }, { tags: [key] });
      else if (by === 'delete') await this.#cache.delete(key);
      else await this.#cache.invalidateTags(key);
    });
  }

  /** The loader's own time does not count: only what the cache adds to it. */
  async #load(key: string, slowMs: number, forceRefresh: boolean): Promise<void> {
    let loading = 0;
    const load = async (): Promise<Versioned | null> => {
      const start = performance.now();
      const value = await this.#database.read(key);
      if (slowMs > 0) await new Promise((resolve) => setTimeout(resolve, slowMs));
      loading += performance.now() - start;
      return value ?? null;
    };
    const value = await this.#timed(
      'getOrSet',
      () => this.#cache.getOrSet(key, load, { tags: [key], forceRefresh }),
      () => loading,
    );
    // A load that was under way already may give its own callers what it had read before the write.
    if (value !== undefined && value !== null && value.key !== key)
      this.#report.ownStale.push(`${key}: ${value.key}`);
    if (this.#truth.has(key))
      this.#checkOwn('get', key, await this.#timed('get', () => this.#cache.get<Versioned>(key)));
  }

  /** As `#load`, for many keys by few loader calls. The loader decides about the tags. */
  async #loadMany(keys: readonly string[], slowMs: number, forceRefresh: boolean): Promise<void> {
    let loading = 0;
    const load: BulkLoader<Versioned | null> = async (missing, { set }) => {
      const start = performance.now();
      for (const key of missing) set(key, { tags: [key] });
      const values = await Promise.all(missing.map((key) => this.#database.read(key)));
      if (slowMs > 0) await new Promise((resolve) => setTimeout(resolve, slowMs));
      loading += performance.now() - start;
      return values.map((value) => value ?? null);
    };
    const values = await this.#timed(
      'getOrSetMany',
      () => this.#cache.getOrSetMany(keys, load, { forceRefresh }),
      () => loading,
    );
    if (values !== undefined) this.#checkKeys(keys, values);
    const own = keys.filter((key) => this.#truth.has(key));
    if (own.length > 0) await this.#getMany(own);
  }

  /** Every key has a value, and its own. */
  #checkKeys(keys: readonly string[], values: ReadonlyMap<string, Versioned | null>): void {
    for (const key of keys) {
      const value = values.get(key);
      if (value === undefined) this.#report.ownStale.push(`getOrSetMany ${key}: no value`);
      else if (value !== null && value.key !== key) this.#report.ownStale.push(`${key}: ${value.key}`);
    }
  }

  async #set(key: string, tag?: string): Promise<void> {
    const version = ++this.#version;
    this.#truth.set(key, version);
    this.#loaded.delete(key);
    if (tag === undefined) this.#tagged.delete(key);
    else this.#tagged.add(key);
    this.#note([key], `set ${String(version)}${tag === undefined ? '' : ' tagged'}`);
    await this.#timed('set', () =>
      this.#cache.set(key, { key, version }, tag === undefined ? {} : { tags: [tag] }),
    );
  }

  async #delete(key: string): Promise<void> {
    this.#truth.set(key, undefined);
    this.#note([key], 'delete');
    await this.#timed('delete', () => this.#cache.delete(key));
  }

  async #invalidateTag(tag: string, own: readonly string[]): Promise<void> {
    const tagged = own.filter((key) => this.#tagged.has(key));
    for (const key of tagged) this.#truth.set(key, undefined);
    this.#note(tagged, 'invalidateTags');
    await this.#timed('invalidateTags', () => this.#cache.invalidateTags(tag));
  }

  async #invalidatePattern(glob: string, own: readonly string[]): Promise<void> {
    for (const key of own) this.#truth.set(key, undefined);
    this.#note(own, 'invalidatePattern');
    await this.#timed('invalidatePattern', () => this.#cache.invalidatePattern(glob));
  }

  async #getOrSet(key: string, tag: string): Promise<void> {
    // A version keeps its tags, however often it is loaded.
    if (this.#truth.get(key) === undefined) this.#tagged.delete(key);
    const options = this.#tagged.has(key) ? { tags: [tag] } : {};
    const value = await this.#timed('getOrSet', () =>
      this.#cache.getOrSet(key, () => this.#makeVersion(key), options),
    );
    if (value !== undefined) this.#checkOwn('getOrSet', key, value);
  }

  async #getOrSetMany(own: readonly string[], tag: string): Promise<void> {
    for (const key of own) if (this.#truth.get(key) === undefined) this.#tagged.delete(key);
    const load: BulkLoader<Versioned> = (missing, { set }) => {
      for (const key of missing) if (this.#tagged.has(key)) set(key, { tags: [tag] });
      return missing.map((key) => this.#makeVersion(key));
    };
    const values = await this.#timed('getOrSetMany', () => this.#cache.getOrSetMany(own, load));
    if (values === undefined) return;
    this.#checkKeys(own, values);
    for (const key of own) this.#checkOwn('getOrSetMany', key, values.get(key));
  }

  /** The version of a key: as it is, or a new one. */
  #makeVersion(key: string): Versioned {
    if (this.#truth.get(key) === undefined) this.#loaded.add(key);
    const version = this.#truth.get(key) ?? ++this.#version;
    this.#truth.set(key, version);
    this.#note([key], `load ${String(version)}${this.#tagged.has(key) ? ' tagged' : ''}`);
    return { key, version };
  }

  async #get(key: string): Promise<void> {
    const value = await this.#timed('get', () => this.#cache.get<Versioned>(key));
    this.#checkOwn('get', key, value);
  }

  async #getMany(keys: readonly string[]): Promise<void> {
    const values = await this.#timed('getMany', () => this.#cache.getMany<Versioned>(keys));
    for (const key of keys) this.#checkOwn('getMany', key, values?.get(key));
  }

  async #getForeign(instance: string, lane: number, dice: number): Promise<void> {
    const keys = keysOf(this.#plan, instance, lane);
    const key = keys[Math.floor(dice * keys.length)] as string;
    const value = await this.#timed('get', () => this.#cache.get<Versioned>(key));
    if (value !== undefined && value.key !== key)
      this.#report.ownStale.push(`${key} held ${JSON.stringify(value)}`);
  }

  /** A writer sees its own last write or, as Redis may be away or have forgotten, nothing. Never anything older. */
  #checkOwn(call: string, key: string, value: Versioned | null | undefined): void {
    const version = this.#truth.get(key);
    // null was loaded before the key was written at all.
    if (value === undefined || (value !== null && value.key === key && value.version === version)) return;
    this.#report.ownStale.push(
      `${call} ${key}: ${JSON.stringify(value)} after version ${String(version)}; ${this.#historyOf(key)}; now ${clock()}`,
    );
  }

  #historyOf(key: string): string {
    return this.#history.get(key)?.join(', ') ?? '';
  }

  #note(keys: readonly string[], what: string): void {
    for (const key of keys) {
      const history = this.#history.get(key) ?? [];
      history.push(`${what} at ${clock()}`);
      if (history.length > 8) history.shift();
      this.#history.set(key, history);
    }
  }

  async #timed<T>(call: string, work: () => Promise<T>, elsewhere = () => 0): Promise<T | undefined> {
    const start = performance.now();
    const report = this.#report;
    report.calls++;
    try {
      return await work();
    } catch (error) {
      report.failed++;
      if (report.errors.length < 10) report.errors.push(`${call}: ${String(error)}`);
      return undefined;
    } finally {
      const ms = performance.now() - start - elsewhere();
      if (ms > report.longest) {
        report.longest = ms;
        report.longestCall = call;
      }
    }
  }

  async #watchLag(): Promise<void> {
    const stepMs = 10;
    while (!this.#stopping) {
      const start = performance.now();
      await new Promise((resolve) => setTimeout(resolve, stepMs));
      this.#report.lag = Math.max(this.#report.lag, performance.now() - start - stepMs);
    }
  }
}

/** Milliseconds of the day: the same in every process. */
function clock(): string {
  return String(Date.now() % 86_400_000);
}

function emptyReport(): WorkloadReport {
  return { calls: 0, failed: 0, longest: 0, longestCall: '', ownStale: [], errors: [], lag: 0 };
}
