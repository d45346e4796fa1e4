import { wholeOf } from '../values/graph.js';
import { coarseClock, type CoarseClock } from '../base/clock.js';
import { assertKey } from '../keys/key.js';
import { L1Entry } from '../tiers/memory/l1-entry.js';
import type { MemoryTier } from '../tiers/memory/memory-tier.js';
import { hitsKey } from '../tiers/redis/neighbour-keys.js';
import type { HitCount, HitLimit } from '../tiers/remote-tier.js';
import { namespacePath } from '../keys/namespace.js';
import { portionSize } from '../base/turn.js';
import { activity } from './observe/activity.js';
import type { BulkLoader, BulkLoadOptions } from './contract/bulk-load.js';
import { BulkCalls, valueOf } from './bulk-calls.js';
import { CallReports } from './call-reports.js';
import { PlainSets } from './plain-sets.js';
import { allowsPlainHit, assertKeys, assertLoader, assertNoMore, present } from './call-arguments.js';
import { Cache } from './contract/cache.js';
import { currentScope } from './deferred-invalidations.js';
import type { Engine } from './engine.js';
import { failed } from './recover/error-policy.js';
import { Counters } from './observe/counters.js';
import type { CacheEventListener, CacheEventName } from './contract/events.js';
import { GetOrSet } from './load/get-or-set.js';
import { GetOrSetMany } from './load/get-or-set-many.js';
import { checkHealth } from './observe/check-health.js';
import type { CacheHealth } from './contract/health.js';
import type { InvalidationScope } from './invalidation-scope.js';
import { listKeys } from './read/key-listing.js';
import type { Hit } from './read/lookup.js';
import { copyInUnder, copyOut } from './entry/isolation.js';
import type { LockedWork, LockOptions } from './contract/lock.js';
import type { CallOutcome } from './observe/observer.js';
import type { CallTrace } from './observe/traces.js';
import type { Isolation, Loader, LoadOptions, StoreOptions, Ttl } from './contract/options.js';
import { Keyspace } from './entry/keyspace.js';
import type { CacheStats } from './contract/stats.js';
import type { CacheTracer } from './contract/tracing.js';
import type { TagTable } from './entry/tag-table.js';
import { isRevived } from './entry/value-rules.js';
import { ReviveFailure } from '../values/revive-failure.js';
import { checkedTags, loadPlan, storePlan } from './entry/store-plan.js';
import { ScopedCalls } from './scoped-calls.js';

/**
 * The engine of a cache, for this library alone. It is no getter, so that `util.inspect` cannot reach the connection.
 */
export let engineOf: (cache: TieredCache) => Engine;

/**
 * The cache of this library: a view of an engine (an L1, an L2, both or neither) for one namespace. `InMemoryCache` and
 * `RedisCache` are root views; `namespace()` makes the others.
 *
 * The methods that most calls take are split for V8: a plain hit (`#plainHit`) and a plain set ({@link PlainSets}) stay
 * short enough to be inlined and allocate nothing they do not need; every other call takes the measured path
 * ({@link CallReports}).
 * Inside a scope of `deferInvalidations` every call goes to {@link ScopedCalls}.
 */
export class TieredCache extends Cache {
  readonly #engine: Engine;
  readonly #keyspace: Keyspace;
  readonly #isRoot: boolean;
  // Fields for a plain L1 hit: one property access instead of two.
  readonly #l1: MemoryTier | undefined;
  readonly #clock: Pick<CoarseClock, 'coarse'>;
  readonly #counters: Counters;
  readonly #isolation: Isolation;
  readonly #plainSets: PlainSets;
  readonly #reports: CallReports;
  readonly #tagTable: TagTable;
  readonly #getOrSet: GetOrSet;
  readonly #bulk: BulkCalls;
  readonly #getOrSetMany: GetOrSetMany;
  /** Share of plain hits that are verified. */
  readonly #verify: number;

  static {
    engineOf = (cache) => cache.#engine;
  }

  /** @internal */
  constructor(engine: Engine, path = '', counters: Counters = engine.counters) {
    super();
    this.#engine = engine;
    this.#keyspace = new Keyspace(engine.keyPrefix, path, engine.onMarkedId);
    this.#isRoot = path === '';
    this.#l1 = engine.l1;
    this.#clock = coarseClock(engine.clock);
    this.#counters = counters;
    this.#isolation = engine.isolation;
    this.#tagTable = engine.tags.table;
    this.#plainSets = new PlainSets(engine, this.#keyspace);
    this.#reports = new CallReports(engine, this.#keyspace, counters);
    this.#bulk = new BulkCalls(engine, this.#keyspace);
    this.#getOrSet = new GetOrSet(engine.loadDeps, this.#keyspace, counters, engine.verification);
    this.#verify = engine.defaults.verify;
    this.#getOrSetMany = new GetOrSetMany(engine.loadDeps, this.#keyspace, counters);
  }

  get name(): string {
    return this.#engine.name;
  }

  get defaultTtl(): number {
    return this.#engine.defaultTtl;
  }

  get maxSize(): number {
    return this.#engine.maxSize;
  }

  override async get<T = unknown>(key: string): Promise<T | undefined> {
    const scope = currentScope();
    if (scope !== undefined) return this.#within(scope).get(key);
    const value = this.#plainHit('get', key, false);
    if (value !== undefined) return copyOut(value, this.#isolation) as T;
    return this.#getWatched(key);
  }

  /**
   * A view of this cache whose hits and misses are not counted. For a caller that makes several look-ups for one read,
   * and counts the read by {@link recordRead}.
   *
   * @internal
   */
  uncounted(): TieredCache {
    return new TieredCache(this.#engine, this.#keyspace.path, new Counters());
  }

  /**
   * As {@link get}, but without a copy, and with the tier that holds the value. For an {@link uncounted} cache.
   *
   * @internal
   */
  async look<T>(key: string): Promise<Looked<T> | undefined> {
    const scope = currentScope();
    if (scope !== undefined) {
      const hit = await this.#within(scope).look('get', key);
      return hit && { value: wholeOf(hit.entry.value) as T, tier: hit.tier };
    }
    const value = this.#l1Hit(key, false);
    return value === undefined ? this.#lookFurther(key) : { value: wholeOf(value) as T, tier: 'l1' };
  }

  async #lookFurther<T>(key: string): Promise<Looked<T> | undefined> {
    const engine = this.#engine;
    engine.lifecycle.assertOpen();
    assertKey(key);
    const id = this.#keyspace.id(key);
    const checked = await engine.lookup.checkTags('get', id);
    const inL1 = engine.entries.fresh(id);
    if (inL1 !== undefined) return { value: wholeOf(inL1.value) as T, tier: 'l1' };
    const found = checked === failed ? undefined : await engine.lookup.lookL2('get', this.#keyspace, key);
    return found === undefined ? undefined : { value: wholeOf(found.value) as T, tier: 'l2' };
  }

  /**
   * Counts and reports one read. `tier`: undefined = a miss. `start`: `performance.now()` at the start of the read.
   *
   * @internal
   */
  recordRead(key: string, tier: 'l1' | 'l2' | undefined, start: number): void {
    this.#reports.read(key, tier, start);
  }

  // A method of its own: a closure in `get` would allocate a context for every hit. The same holds for `#loadWatched`.
  #getWatched<T>(key: string): Promise<T | undefined> {
    const find = (): Promise<Hit | undefined> => {
      assertKey(key);
      return this.#engine.lookup.find('get', this.#keyspace, key);
    };
    const give = (hit: Hit): T => valueOf(hit, this.#isolation) as T;
    if (this.#engine.sampling.hasMonitorOnly) return this.#reports.timedGet(key, find, give);
    return this.#reports.observe('get', key, async (outcome) => {
      const found = await find();
      if (found === undefined) outcome.missed(key);
      else outcome.hit(key, found.tier);
      return found === undefined ? undefined : give(found);
    });
  }

  override getMany<T = unknown>(keys: readonly string[]): Promise<Map<string, T>> {
    const scope = currentScope();
    if (scope !== undefined) return this.#within(scope).getMany(keys);
    const hits = this.#plainHitsOf<T>(keys);
    if (hits !== undefined) return Promise.resolve(hits);
    return this.#reports.observe(
      'getMany',
      undefined,
      (outcome) => this.#bulk.getMany<T>(keys, outcome),
      keys,
    );
  }

  /** The fast path of a `getMany` whose keys are all plain hits; undefined = take the measured path. */
  #plainHitsOf<T>(keys: readonly string[]): Map<string, T> | undefined {
    const { observer, emitter } = this.#engine;
    if (this.#l1 === undefined || !Array.isArray(keys)) return undefined;
    if (keys.length === 0 || keys.length > portionSize) return undefined;
    if (observer.hasHook || activity.enabled || emitter.has('hit')) return undefined;
    const isTraced = observer.tracing.isOn;
    const start = observer.isIdle && !isTraced ? 0 : performance.now();
    const hits = new Map<string, T>();
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string;
      const value = typeof key === 'string' ? this.#l1Hit(key, false) : undefined;
      if (value === undefined) {
        // The measured path counts every key.
        this.#counters.hitL1(-i);
        return undefined;
      }
      hits.set(key, copyOut(value, this.#isolation) as T);
    }
    this.#counters.hitL1(hits.size - keys.length);
    if (isTraced) this.#reports.traceHits('getMany', keys, { start, count: 1 });
    if (!observer.isIdle) this.#reports.hitAll(start);
    return hits;
  }

  // No async function: one promise serves all plain sets.
  override set<T>(key: string, value: T, options?: Ttl | StoreOptions): Promise<void> {
    const scope = currentScope();
    if (scope !== undefined) return this.#within(scope).set(key, value, options);
    if (this.#engine.mayStorePlainly() && typeof options !== 'object' && typeof options !== 'string') {
      try {
        if (this.#plainSets.set(key, value, options)) return done;
      } catch (error) {
        const refusal = error as Error;
        return Promise.reject(refusal);
      }
    }
    return this.#setWatched(key, value, options);
  }

  #setWatched(key: string, value: unknown, options: Ttl | StoreOptions | undefined): Promise<void> {
    if (this.#engine.sampling.hasMonitorOnly)
      return this.#reports.timedSet(key, () => this.#setNow(key, value, options));
    return this.#reports.observe('set', key, async ({ trace }) => this.#setNow(key, value, options, trace));
  }

  /** May throw synchronously. */
  #setNow(
    key: string,
    value: unknown,
    options: Ttl | StoreOptions | undefined,
    trace?: CallTrace,
  ): Promise<void> {
    assertKey(key);
    const engine = this.#engine;
    const plan = storePlan(options, engine.defaults);
    const stored = copyInUnder(key, present(key, value), engine, plan);
    trace?.stores(value, plan.ttlMs);
    return this.#engine.writes.put('set', this.#keyspace, key, stored, plan);
  }

  override setMany<T>(entries: Iterable<readonly [string, T]>, options?: Ttl | StoreOptions): Promise<void> {
    const scope = currentScope();
    if (scope !== undefined) return this.#within(scope).setMany(entries, options);
    if (this.#engine.mayStorePlainly() && typeof options !== 'object' && typeof options !== 'string') {
      try {
        if (this.#plainSets.setMany(entries, options)) return done;
      } catch (error) {
        const refusal = error as Error;
        return Promise.reject(refusal);
      }
    }
    return this.#reports.observe(
      'setMany',
      undefined,
      () => this.#engine.work.inBulk((bulk) => this.#bulk.setMany(bulk, entries, options)),
      this.#engine.observer.tracing.isOn ? keysOfEntries(entries) : undefined,
    );
  }

  // No async function: a call that loads returns the promise of the load.
  override getOrSet<T, S = T>(key: string, loader: Loader<T, S>, options?: Ttl | LoadOptions): Promise<T> {
    const scope = currentScope();
    if (scope !== undefined) return this.#within(scope).getOrSet(key, loader as Loader<T, unknown>, options);
    try {
      return this.#getOrLoad(key, loader, options);
    } catch (error) {
      const refusal = error as Error;
      return Promise.reject(refusal);
    }
  }

  /** May throw synchronously. */
  #getOrLoad<T, S>(key: string, loader: Loader<T, S>, options: Ttl | LoadOptions | undefined): Promise<T> {
    // A plain hit ignores options, unless they forbid it.
    if (typeof loader === 'function' && (typeof options !== 'object' || allowsPlainHit(options))) {
      const refreshing = typeof options === 'object' && options.refreshAhead !== undefined;
      const value = this.#plainHit('getOrSet', key, refreshing);
      if (value !== undefined) {
        if (this.#verify > 0) this.#verifyHit(key, loader, options);
        return Promise.resolve(copyOut(value, this.#isolation) as T);
      }
    }
    return this.#loadWatched(key, loader, options);
  }

  /** One of the plain hits that the cache's `verify` chooses. */
  #verifyHit<T, S>(key: string, loader: Loader<T, S>, options: Ttl | LoadOptions | undefined): void {
    const { truth, l1, verification, defaults } = this.#engine;
    if (!truth.chooses(this.#verify)) return;
    const entry = l1?.get(this.#keyspace.id(key));
    if (entry === undefined) return;
    const load = loader as Loader<T, unknown>;
    const plan = loadPlan(options, defaults);
    verification.begin({ keyspace: this.#keyspace, key, entry, tier: 'l1', loader: load, plan });
  }

  #loadWatched<T, S>(key: string, loader: Loader<T, S>, options: Ttl | LoadOptions | undefined): Promise<T> {
    const load = loader as Loader<T, unknown>;
    const { observer, lifecycle, sampling } = this.#engine;
    if (observer.isIdle && !activity.enabled && !observer.tracing.isOn && !isRevived(options)) {
      lifecycle.assertOpen();
      sampling.restart();
      return this.#load(this.#reports.outcome(), key, load, options);
    }
    if (sampling.hasMonitorOnly && !isRevived(options))
      return this.#reports.timedLoad(key, (outcome) => this.#load(outcome, key, load, options));
    const work = isRevived(options)
      ? (outcome: CallOutcome) => this.#loadRevived<T>(outcome, key, load, options)
      : async (outcome: CallOutcome) => this.#load<T>(outcome, key, load, options);
    return this.#reports.observe('getOrSet', key, work, key, options);
  }

  /** As `#load`. A stored value that cannot be revived counts as a miss, and is loaded anew. */
  async #loadRevived<T>(
    outcome: CallOutcome,
    key: string,
    loader: Loader<T, unknown>,
    options: LoadOptions,
  ): Promise<T> {
    try {
      return await this.#load(outcome, key, loader, options);
    } catch (error) {
      if (!(error instanceof ReviveFailure)) throw error;
      this.#engine.refusals.report(error, key, options);
      return await this.#load(outcome, key, loader, { ...options, forceRefresh: true });
    }
  }

  /** May throw synchronously. */
  #load<T>(
    outcome: CallOutcome,
    key: string,
    loader: Loader<T, unknown>,
    options: Ttl | LoadOptions | undefined,
  ): Promise<T> {
    assertKey(key);
    assertLoader('loader', loader);
    return this.#getOrSet.run({ key, loader, options, outcome }) as Promise<T>;
  }

  override async getOrSetMany<T, S = T>(
    keys: readonly string[],
    loadMissing: BulkLoader<T, S>,
    options?: Ttl | BulkLoadOptions,
  ): Promise<Map<string, T>> {
    const loader = loadMissing as BulkLoader<T, unknown>;
    const scope = currentScope();
    if (scope !== undefined) return this.#within(scope).getOrSetMany(keys, loader, options);
    const run = async (outcome: CallOutcome): Promise<Map<string, T>> => {
      assertKeys(keys);
      assertLoader('loadMissing', loader);
      const { tracing } = this.#engine.observer;
      const traced = outcome.trace === undefined ? loader : tracing.bulkLoader(this.#keyspace.path, loader);
      const plainHit = this.#plainHits(options, outcome);
      const values = await this.#getOrSetMany.run({ keys, loader: traced, options, outcome, plainHit });
      return values as Map<string, T>;
    };
    return this.#reports.observe('getOrSetMany', undefined, run, keys);
  }

  /** For a call for many keys: the caller's copy of a plain hit, by its key. */
  #plainHits(options: Ttl | BulkLoadOptions | undefined, outcome: CallOutcome): (key: string) => unknown {
    if (typeof options === 'object' && !allowsPlainHit(options && { ...options, signal: undefined }))
      return () => undefined;
    const refreshing = typeof options === 'object' && options.refreshAhead !== undefined;
    return (key) => {
      const value = this.#l1Hit(key, refreshing);
      if (value === undefined) return undefined;
      outcome.hit(key, 'l1');
      return copyOut(value, this.#isolation);
    };
  }

  override async *keys(pattern = '*'): AsyncGenerator<string, void> {
    this.#engine.lifecycle.assertOpen();
    yield* listKeys(this.#engine, this.#keyspace, pattern);
  }

  override async has(key: string): Promise<boolean> {
    const scope = currentScope();
    if (scope !== undefined) return this.#within(scope).has(key);
    return this.#reports.observe('has', key, async () => {
      assertKey(key);
      return (await this.#engine.lookup.look('has', this.#keyspace, key)) !== undefined;
    });
  }

  override async ttl(key: string): Promise<number | undefined> {
    const leftMs = await this.remainingMs(key);
    return leftMs === undefined ? undefined : Math.ceil(leftMs / 1000);
  }

  /**
   * As {@link ttl}, in milliseconds. For adapters to caches that count in milliseconds.
   *
   * @internal
   */
  async remainingMs(key: string): Promise<number | undefined> {
    const scope = currentScope();
    if (scope !== undefined) return this.#within(scope).ttl(key, (entry) => this.#leftMs(entry));
    return this.#reports.observe('ttl', key, async () => {
      assertKey(key);
      const entry = await this.#engine.lookup.look('ttl', this.#keyspace, key);
      return entry === undefined ? undefined : this.#leftMs(entry);
    });
  }

  override async expire(key: string): Promise<boolean>;
  override async expire(key: string, ...more: unknown[]): Promise<boolean> {
    const scope = currentScope();
    if (scope !== undefined) return this.#within(scope).expire(key, more);
    const call = this.#reports.observe('expire', key, async () => {
      assertNoMore('expire', more);
      assertKey(key);
      return this.#engine.removals.expire(this.#keyspace, key);
    });
    return this.#engine.removing(call);
  }

  override async delete(key: string): Promise<boolean>;
  override async delete(key: string, ...more: unknown[]): Promise<boolean> {
    const scope = currentScope();
    if (scope !== undefined) return this.#within(scope).delete(key, more);
    const call = this.#reports.observe('delete', key, async () => {
      assertNoMore('delete', more);
      assertKey(key);
      return (await this.#engine.removals.remove('delete', this.#keyspace, [key])) > 0;
    });
    return this.#engine.removing(call);
  }

  override async deleteMany(keys: readonly string[]): Promise<number>;
  override async deleteMany(keys: readonly string[], ...more: unknown[]): Promise<number> {
    const scope = currentScope();
    if (scope !== undefined) return this.#within(scope).deleteMany(keys, more);
    const run = async (): Promise<number> => {
      assertNoMore('deleteMany', more);
      assertKeys(keys);
      return this.#engine.removals.remove('deleteMany', this.#keyspace, keys);
    };
    return this.#engine.removing(this.#reports.observe('deleteMany', undefined, run, keys));
  }

  override async invalidateTags(...tags: string[]): Promise<void> {
    const scope = currentScope();
    if (scope !== undefined) return this.#within(scope).invalidateTags(tags);
    const call = this.#reports.observe('invalidateTags', undefined, async () => {
      const checked = checkedTags(tags);
      if (checked.length > 0) await this.#engine.removals.invalidateTags(this.#keyspace, checked);
    });
    return this.#engine.removing(call);
  }

  override async expireTags(...tags: string[]): Promise<void> {
    const scope = currentScope();
    if (scope !== undefined) return this.#within(scope).expireTags(tags);
    const call = this.#reports.observe('expireTags', undefined, async () => {
      const checked = checkedTags(tags);
      if (checked.length > 0) await this.#engine.removals.expireTags(this.#keyspace, checked);
    });
    return this.#engine.removing(call);
  }

  override async invalidatePattern(glob: string): Promise<number>;
  override async invalidatePattern(glob: string, ...more: unknown[]): Promise<number> {
    const scope = currentScope();
    if (scope !== undefined) return this.#within(scope).invalidatePattern(glob, more);
    const call = this.#reports.observe('invalidatePattern', undefined, async () => {
      assertNoMore('invalidatePattern', more);
      const matching = this.#keyspace.matching(glob);
      const count = await this.#engine.removals.removeMatching(
        'invalidatePattern',
        matching.id,
        matching.redis,
      );
      this.#engine.emitter.emit('invalidate', {
        kind: 'pattern',
        detail: [glob],
        namespace: this.#keyspace.path,
      });
      return count;
    });
    return this.#engine.removing(call);
  }

  override async clear(): Promise<void>;
  override async clear(...more: unknown[]): Promise<void> {
    const scope = currentScope();
    if (scope !== undefined) return this.#within(scope).clear(more);
    const call = this.#reports.observe('clear', undefined, async () => {
      assertNoMore('clear', more);
      await this.#engine.removals.removeMatching('clear', this.#keyspace.covers, this.#keyspace.redisScope());
      const { path } = this.#keyspace;
      this.#engine.emitter.emit('invalidate', { kind: 'clear', detail: [path], namespace: path });
    });
    return this.#engine.removing(call);
  }

  override lock<T>(name: string, ttl: Ttl, work: LockedWork<T>, options?: LockOptions): Promise<T> {
    return this.#engine.locks.run(this.#keyspace.path, name, ttl, work, options);
  }

  /**
   * Counts a hit towards a rate limit in Redis; undefined = this cache has no Redis.
   *
   * @internal
   */
  countHit(limiter: string, key: string, limit: HitLimit): Promise<HitCount> | undefined {
    const { l2, keyPrefix } = this.#engine;
    return l2?.hits.count(hitsKey(keyPrefix, this.#keyspace.path, limiter, key), limit);
  }

  override namespace(name: string): Cache {
    return new TieredCache(this.#engine, namespacePath(this.#keyspace.path, name));
  }

  /** Counters of the whole cache: namespaces share them. */
  override stats(): CacheStats {
    return this.#engine.stats();
  }

  /**
   * Traces all calls and loads of the cache with its namespaces, until the returned function is called.
   *
   * @internal
   */
  traceWith(tracer: CacheTracer): () => void {
    const uninstall = this.#engine.observer.tracing.install(tracer);
    this.#engine.sampling.restart();
    return uninstall;
  }

  override on<E extends CacheEventName>(event: E, listener: CacheEventListener<E>): this {
    this.#engine.emitter.on(event, listener);
    this.#engine.sampling.restart();
    return this;
  }

  override off<E extends CacheEventName>(event: E, listener: CacheEventListener<E>): this {
    this.#engine.emitter.off(event, listener);
    return this;
  }

  /** Checks the tiers, Redis by a `PING`. Never rejects. */
  async health(): Promise<CacheHealth> {
    return checkHealth(this.#engine.healthDeps());
  }

  /** Closes the cache. On a namespace it does nothing: the engine belongs to the root cache. */
  override async close(): Promise<void> {
    if (this.#keyspace.path === '') await this.#engine.close();
  }

  /**
   * The fast path: an L1 hit on a fresh entry, by the rule of `stateOf`. `refreshing`: only if the entry's refresh time
   * is known. One of `sampleEvery` hits is timed for the monitor. If every hit is measured, all of them take the
   * measured path instead.
   */
  #plainHit(operation: 'get' | 'getOrSet', key: string, refreshing: boolean): unknown {
    if (typeof key !== 'string' || activity.enabled) return undefined;
    if (this.#engine.sampling.skipHit()) return this.#l1Hit(key, refreshing);
    return this.#measuredHit(operation, key, refreshing);
  }

  // A method of its own: V8 inlines a hit down into the L1 as long as each function is short.
  #measuredHit(operation: 'get' | 'getOrSet', key: string, refreshing: boolean): unknown {
    const engine = this.#engine;
    engine.sampling.restart();
    if (engine.sampling.measuresEveryHit) return undefined;
    const start = performance.now();
    const value = this.#l1Hit(key, refreshing);
    if (value === undefined) return undefined;
    if (engine.sampling.isMonitorDue()) this.#reports.sampledHit(operation, key, performance.now() - start);
    this.#reports.traceHits(operation, key, { start, value });
    return value;
  }

  /** The value, if it is a plain hit. Counts it. */
  #l1Hit(key: string, refreshing: boolean): unknown {
    const l1 = this.#l1;
    if (l1 === undefined) return undefined;
    // Reading the key's first character would be a large part of the cost of a hit.
    const held = l1.held(this.#isRoot && !this.#engine.hasMarkedIds ? key : this.#keyspace.id(key));
    if (held instanceof L1Entry) return this.#entryHit(held, refreshing);
    if (held === undefined || refreshing) return undefined;
    this.#counters.hitL1();
    return held;
  }

  /** As `#l1Hit`, for an entry with tags, grace, a refresh time or a ttl of its own. */
  #entryHit({ value, plainUntil, detail }: L1Entry, refreshing: boolean): unknown {
    if (detail === undefined || this.#clock.coarse() >= plainUntil) return undefined;
    if (detail.checkedVersion !== this.#tagTable.version || (refreshing && detail.refreshAt < 0))
      return undefined;
    this.#counters.hitL1();
    return value;
  }

  #within(scope: InvalidationScope): ScopedCalls {
    const view = {
      cache: this,
      engine: this.#engine,
      keyspace: this.#keyspace,
      counters: this.#counters,
    };
    return new ScopedCalls(view, scope);
  }

  /** Milliseconds until the end of the ttl; with an L2, of the ttl in Redis. */
  #leftMs(entry: L1Entry): number {
    const { l2, clock } = this.#engine;
    return (l2 === undefined ? entry.expiresAt : entry.endsAt) - clock.now();
  }
}

/** The result of {@link TieredCache.look}. The value may be the one in the L1: do not change it. */
export interface Looked<T> {
  readonly value: T;
  /** The tier that holds the value. */
  readonly tier: 'l1' | 'l2';
}

/** The keys of a `setMany`, unchecked; for tracers. */
function keysOfEntries(entries: unknown): readonly unknown[] {
  if (!Array.isArray(entries)) return [];
  return entries.map((entry: unknown) => (Array.isArray(entry) ? (entry[0] as unknown) : undefined));
}

const done = Promise.resolve();
