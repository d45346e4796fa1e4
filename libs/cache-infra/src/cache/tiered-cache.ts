import { wholeOf } from '../values/graph.js';
import { coarseClock, type CoarseClock } from '../base/clock.js';
import { CircularLoadError, ValidationError } from '../base/errors.js';
import { assertKey } from '../keys/key.js';
import { L1Entry } from '../tiers/memory/l1-entry.js';
import type { MemoryTier } from '../tiers/memory/memory-tier.js';
import { namespacePath } from '../keys/namespace.js';
import { describeValue } from '../base/redact.js';
import { portionSize, Turn } from '../base/turn.js';
import { activity } from './observe/activity.js';
import type { BulkCall } from './invalidate/bulk-call.js';
import { Cache } from './contract/cache.js';
import type { Engine, LookupResult } from './engine.js';
import { failed } from './recover/failed.js';
import { Counters } from './observe/counters.js';
import type { CacheEventListener, CacheEventName } from './contract/events.js';
import { SingleFlight, type LoadResult } from './load/single-flight.js';
import { callingFlight } from './load/calling-flight.js';
import { startLoad } from './load/start-load.js';
import { checkHealth } from './observe/check-health.js';
import type { CacheHealth } from './contract/health.js';
import { listKeys } from './read/key-listing.js';
import { copyOut, copyIn, copyForJoiner, type StoredForms } from './entry/isolation.js';
import type { Outcome } from './observe/observer.js';
import type { Isolation, Loader, LoadOptions, StoreOptions, Ttl } from './contract/options.js';
import { waitWithTimeouts } from './load/caller-timeouts.js';
import { Keyspace } from './entry/keyspace.js';
import type { CacheStats } from './contract/stats.js';
import type { TagTable } from './entry/tag-table.js';
import { isRevived, ReviveFailure, revived } from './entry/value-rules.js';
import { checkedTags, loadPlan, storePlan, type LoadPlan } from './entry/store-plan.js';

/** The engine behind a cache, for this library alone: no getter, so that `util.inspect` finds no way to the connection. */
export let engineOf: (cache: TieredCache) => Engine;

/**
 * The cache of this library: a view, for one namespace, of an engine with an L1, an L2, both or neither.
 * Made by `new InMemoryCache()` and `new RedisCache()`.
 */
export class TieredCache extends Cache {
  readonly #core: Engine;
  readonly #keyspace: Keyspace;
  readonly #isRoot: boolean;
  // What a plain L1 hit needs, one step away.
  readonly #l1: MemoryTier | undefined;
  readonly #clock: Pick<CoarseClock, 'coarse'>;
  readonly #counters: Counters;
  readonly #isolation: Isolation;
  readonly #tagTable: TagTable;

  static {
    engineOf = (cache) => cache.#core;
  }

  /** @internal */
  constructor(core: Engine, path = '', counters: Counters = core.parts.counters) {
    super();
    this.#core = core;
    this.#keyspace = new Keyspace(core.parts.keyPrefix, path, core.onMarkedId);
    this.#isRoot = path === '';
    this.#l1 = core.parts.l1;
    this.#clock = coarseClock(core.parts.clock);
    this.#counters = counters;
    this.#isolation = core.parts.isolation;
    this.#tagTable = core.parts.tags.table;
  }

  get name(): string {
    return this.#core.parts.name;
  }

  get defaultTtl(): number {
    return this.#core.parts.defaultTtl;
  }

  get maxSize(): number {
    return this.#core.parts.maxSize;
  }

  override async get<T = unknown>(key: string): Promise<T | undefined> {
    const value = this.#plainHit('get', key, false);
    if (value !== undefined) return copyOut(value, this.#isolation) as T;
    return this.#getWatched(key);
  }

  /**
   * This cache for a caller that answers one question by several look-ups: its hits and misses count nowhere, and
   * {@link recordRead} counts each question once.
   *
   * @internal
   */
  uncounted(): TieredCache {
    return new TieredCache(this.#core, this.#keyspace.path, new Counters());
  }

  /**
   * As {@link get}, without a copy, and with the tier that has the value: for an {@link uncounted} cache.
   *
   * @internal
   */
  async look<T>(key: string): Promise<Looked<T> | undefined> {
    const value = this.#l1Hit(key, false);
    return value === undefined ? this.#lookFurther(key) : { value: wholeOf(value) as T, tier: 'l1' };
  }

  async #lookFurther<T>(key: string): Promise<Looked<T> | undefined> {
    const core = this.#core;
    core.assertOpen();
    assertKey(key);
    const id = this.#keyspace.id(key);
    const asked = await core.catchUpOnTags('get', id);
    const held = core.peek(id);
    if (held !== undefined) return { value: wholeOf(held.value) as T, tier: 'l1' };
    const found = asked === failed ? undefined : await core.lookL2('get', this.#keyspace, key);
    return found === undefined ? undefined : { value: wholeOf(found.value) as T, tier: 'l2' };
  }

  /**
   * Counts one read, and tells of it: answered by a tier, or by none. `start`: `performance.now()` when it began.
   *
   * @internal
   */
  recordRead(key: string, tier: 'l1' | 'l2' | undefined, start: number): void {
    const core = this.#core;
    const { counters, emitter, observer, l1 } = core.parts;
    if (l1 !== undefined && tier !== 'l1') counters.l1Misses++;
    if (tier === 'l1') counters.l1Hits++;
    else if (tier === 'l2') counters.l2Hits++;
    else counters.misses++;
    if (tier === undefined) emitter.emit('miss', { key });
    else emitter.emit('hit', { key, tier });
    if (tier === 'l1' && --core.untilMeasured > 0 && !activity.enabled) return;
    core.restartSampling();
    observer.read(key, performance.now() - start, tier);
  }

  // Apart from `get`, which would make room for what the closure holds with every hit; so is `#loadWatched`.
  #getWatched<T>(key: string): Promise<T | undefined> {
    if (this.#core.isSimplyWatched) return this.#getTimed(key);
    return this.#observe('get', key, async (outcome) => {
      assertKey(key);
      const found = await this.#core.find('get', this.#keyspace, key);
      this.#note(outcome, key, found);
      return found === undefined ? undefined : (this.#valueOf(found) as T);
    });
  }

  override async getMany<T = unknown>(keys: readonly string[]): Promise<Map<string, T>> {
    return this.#observe('getMany', undefined, (outcome) => this.#getManyNow<T>(keys, outcome));
  }

  // Loops over many keys stand in methods: V8 compiles what a closure loops over anew after every full collection.
  async #getManyNow<T>(keys: readonly string[], outcome: Outcome): Promise<Map<string, T>> {
    assertKeys(keys);
    const unique = new Set(keys);
    const asked = unique.size === keys.length ? keys : [...unique];
    const found = await this.#core.findMany(this.#keyspace, asked);
    const values = new Map<string, T>();
    const turn = new Turn();
    for (let i = 0; i < asked.length; i++) {
      if (i % portionSize === portionSize - 1 && turn.isOver) await turn.next();
      const key = asked[i] as string;
      const hit = found[i];
      this.#note(outcome, key, hit);
      if (hit !== undefined) values.set(key, this.#valueOf(hit) as T);
    }
    return values;
  }

  // No async function: one promise serves all plain sets.
  override set<T>(key: string, value: T, options?: Ttl | StoreOptions): Promise<void> {
    if (this.#core.isPlainStore && typeof options !== 'object' && typeof options !== 'string') {
      try {
        if (this.#plainSet(key, value, options)) return done;
      } catch (error) {
        const refusal = error as Error;
        return Promise.reject(refusal);
      }
    }
    return this.#setWatched(key, value, options);
  }

  #setWatched(key: string, value: unknown, options: Ttl | StoreOptions | undefined): Promise<void> {
    if (this.#core.isSimplyWatched) return this.#setTimed(key, value, options);
    return this.#observe('set', key, async () => this.#setNow(key, value, options));
  }

  /** May throw at once. */
  #setNow(key: string, value: unknown, options: Ttl | StoreOptions | undefined): Promise<void> {
    assertKey(key);
    const { parts } = this.#core;
    const plan = storePlan(options, parts.defaults);
    const stored = copyIn(present(key, value), parts, plan);
    return this.#core.writes.put('set', this.#keyspace, key, stored, plan);
  }

  override async setMany<T>(
    entries: Iterable<readonly [string, T]>,
    options?: Ttl | StoreOptions,
  ): Promise<void> {
    return this.#observe('setMany', undefined, () =>
      this.#core.inBulk((bulk) => this.#setManyNow(bulk, entries, options)),
    );
  }

  async #setManyNow<T>(
    bulk: BulkCall,
    entries: Iterable<readonly [string, T]>,
    options: Ttl | StoreOptions | undefined,
  ): Promise<void> {
    const { parts } = this.#core;
    const plan = storePlan(options, parts.defaults);
    const codec = plan.tiers === 'l1' ? undefined : parts.l2?.codec;
    codec?.assertTagsFit(plan.tags);
    const checked = Array.from(assertIterable(entries), (entry) => {
      const [key, value] = assertPair(entry);
      assertKey(key);
      return [key, present(key, value)] as const;
    });
    for (const [key] of checked) this.#core.writes.exempt(this.#keyspace, key, plan);
    // All are copied, and so found to be storable, before the first is stored.
    const stored: (readonly [string, StoredForms])[] = [];
    const turn = new Turn();
    for (const [key, value] of checked) {
      if (turn.isOver) await turn.next();
      const taken = copyIn(value, parts, plan);
      codec?.assertFits(taken.snapshot);
      stored.push([key, taken]);
    }
    // What is stored together does not end together.
    const planned = plan.jitter === 0 ? () => plan : () => storePlan(options, parts.defaults);
    await this.#core.writes.putMany('setMany', this.#keyspace, stored, { bulk, planned });
  }

  override async getOrSet<T, S = T>(
    key: string,
    loader: Loader<T, S>,
    options?: Ttl | LoadOptions,
  ): Promise<T> {
    // Options are not looked into, unless they may forbid a plain hit.
    if (typeof loader === 'function' && (typeof options !== 'object' || allowsPlainHit(options))) {
      const refreshing = typeof options === 'object' && options.refreshAhead !== undefined;
      const value = this.#plainHit('getOrSet', key, refreshing);
      if (value !== undefined) return copyOut(value, this.#isolation) as T;
    }
    return this.#loadWatched(key, loader, options);
  }

  #loadWatched<T, S>(key: string, loader: Loader<T, S>, options: Ttl | LoadOptions | undefined): Promise<T> {
    const load = loader as Loader<T, unknown>;
    const work = isRevived(options)
      ? (outcome: Outcome) => this.#loadRevived(outcome, key, load, options)
      : (outcome: Outcome) => this.#load(outcome, key, load, options);
    return this.#observe('getOrSet', key, work);
  }

  /** As `#load`. A stored value of which no instance can be made is none: it is loaded anew. */
  async #loadRevived<T>(
    outcome: Outcome,
    key: string,
    loader: Loader<T, unknown>,
    options: LoadOptions,
  ): Promise<T> {
    try {
      return await this.#load(outcome, key, loader, options);
    } catch (error) {
      if (!(error instanceof ReviveFailure)) throw error;
      this.#core.refuse(error, key, options);
      return this.#load(outcome, key, loader, { ...options, forceRefresh: true });
    }
  }

  override async *keys(pattern = '*'): AsyncGenerator<string, void> {
    this.#core.assertOpen();
    yield* listKeys(this.#core, this.#keyspace, pattern);
  }

  override async has(key: string): Promise<boolean> {
    return this.#observe('has', key, async () => {
      assertKey(key);
      return (await this.#core.look('has', this.#keyspace, key)) !== undefined;
    });
  }

  override async ttl(key: string): Promise<number | undefined> {
    return this.#observe('ttl', key, async () => {
      assertKey(key);
      const record = await this.#core.look('ttl', this.#keyspace, key);
      if (record === undefined) return undefined;
      return Math.ceil(this.#leftMs(record) / 1000);
    });
  }

  /**
   * As {@link ttl}, in milliseconds: for the bridges to caches that count in those.
   *
   * @internal
   */
  async remainingMs(key: string): Promise<number | undefined> {
    return this.#observe('ttl', key, async () => {
      assertKey(key);
      const record = await this.#core.look('ttl', this.#keyspace, key);
      return record === undefined ? undefined : this.#leftMs(record);
    });
  }

  override async expire(key: string): Promise<boolean>;
  override async expire(key: string, ...more: unknown[]): Promise<boolean> {
    return this.#observe('expire', key, async () => {
      assertNoMore('expire', more);
      assertKey(key);
      return this.#core.removals.expire(this.#keyspace, key);
    });
  }

  override async delete(key: string): Promise<boolean>;
  override async delete(key: string, ...more: unknown[]): Promise<boolean> {
    return this.#observe('delete', key, async () => {
      assertNoMore('delete', more);
      assertKey(key);
      return (await this.#core.removals.remove('delete', this.#keyspace, [key])) > 0;
    });
  }

  override async deleteMany(keys: readonly string[]): Promise<number>;
  override async deleteMany(keys: readonly string[], ...more: unknown[]): Promise<number> {
    return this.#observe('deleteMany', undefined, async () => {
      assertNoMore('deleteMany', more);
      assertKeys(keys);
      return this.#core.removals.remove('deleteMany', this.#keyspace, keys);
    });
  }

  override async invalidateTags(...tags: string[]): Promise<void> {
    return this.#observe('invalidateTags', undefined, async () => {
      const checked = checkedTags(tags);
      if (checked.length > 0) await this.#core.removals.invalidateTags(this.#keyspace, checked);
    });
  }

  override async invalidatePattern(glob: string): Promise<number>;
  override async invalidatePattern(glob: string, ...more: unknown[]): Promise<number> {
    return this.#observe('invalidatePattern', undefined, async () => {
      assertNoMore('invalidatePattern', more);
      const matching = this.#keyspace.matching(glob);
      const count = await this.#core.removals.removeMatching(
        'invalidatePattern',
        matching.id,
        matching.redis,
      );
      this.#core.parts.emitter.emit('invalidate', { kind: 'pattern', detail: [glob] });
      return count;
    });
  }

  override async clear(): Promise<void>;
  override async clear(...more: unknown[]): Promise<void> {
    return this.#observe('clear', undefined, async () => {
      assertNoMore('clear', more);
      await this.#core.removals.removeMatching('clear', this.#keyspace.covers, this.#keyspace.redisScope());
      this.#core.parts.emitter.emit('invalidate', { kind: 'clear', detail: [this.#keyspace.path] });
    });
  }

  override namespace(name: string): Cache {
    return new TieredCache(this.#core, namespacePath(this.#keyspace.path, name));
  }

  /** Of the whole cache: a namespace shares the counters. */
  override stats(): CacheStats {
    return this.#core.stats();
  }

  override on<E extends CacheEventName>(event: E, listener: CacheEventListener<E>): this {
    this.#core.parts.emitter.on(event, listener);
    this.#core.restartSampling();
    return this;
  }

  override off<E extends CacheEventName>(event: E, listener: CacheEventListener<E>): this {
    this.#core.parts.emitter.off(event, listener);
    return this;
  }

  /** How the cache is, found out by asking Redis. Never rejects. */
  async health(): Promise<CacheHealth> {
    return checkHealth(this.#core);
  }

  /** Closing a namespace closes nothing: what it stands on belongs to the cache it was made from. */
  override async close(): Promise<void> {
    if (this.#keyspace.path === '') await this.#core.close();
  }

  /**
   * The hot path: an L1 hit that needs no further thought. `refreshing`: only if it is decided from when on hits refresh. Every so many
   * hits one is timed for the monitor, unless somebody wants them all: then they take the long way.
   */
  #plainHit(operation: 'get' | 'getOrSet', key: string, refreshing: boolean): unknown {
    if (typeof key !== 'string' || activity.enabled) return undefined;
    if (--this.#core.untilMeasured > 0) return this.#l1Hit(key, refreshing);
    return this.#measuredHit(operation, key, refreshing);
  }

  // Apart: V8 makes one piece of a hit and of what it calls, down into lru-cache, as long as all of it is short.
  #measuredHit(operation: 'get' | 'getOrSet', key: string, refreshing: boolean): unknown {
    const core = this.#core;
    core.restartSampling();
    if (core.untilMeasured <= 1) return undefined;
    const start = performance.now();
    const value = this.#l1Hit(key, refreshing);
    if (value !== undefined)
      core.parts.observer.ended(operation, key, performance.now() - start, 'l1', true, true);
    return value;
  }

  /** The value, if it is a plain hit. Counts it. */
  #l1Hit(key: string, refreshing: boolean): unknown {
    const l1 = this.#l1;
    if (l1 === undefined) return undefined;
    // To look at a key's first character takes long, for what else a hit is.
    const held = l1.held(this.#isRoot && !this.#core.hasMarkedIds ? key : this.#keyspace.id(key));
    if (held instanceof L1Entry) return this.#recordHit(held, refreshing);
    if (held === undefined || refreshing) return undefined;
    this.#counters.l1Hits++;
    return held;
  }

  /** As `#l1Hit`, for an entry that carries more than its ttl. */
  #recordHit({ value, plainUntil, detail }: L1Entry, refreshing: boolean): unknown {
    if (detail === undefined || this.#clock.coarse() >= plainUntil) return undefined;
    if (detail.checkedVersion !== this.#tagTable.version || (refreshing && detail.refreshAt < 0))
      return undefined;
    this.#counters.l1Hits++;
    return value;
  }

  /** A value for the L1 alone, that nobody watches and that takes nothing but the defaults or a ttl in seconds; false = it is not that. */
  #plainSet(key: string, value: unknown, ttl: number | undefined): boolean {
    const { defaults, clock } = this.#core.parts;
    let ttlMs = defaults.ttlMs;
    if (ttl !== undefined) {
      if (!Number.isInteger(ttl) || ttl < 0 || ttl > maxPlainTtl) return false;
      ttlMs = ttl * 1000;
    }
    if (value === undefined || typeof value === 'function' || typeof value === 'symbol') return false;
    assertKey(key);
    const isObject = typeof value === 'object' && value !== null;
    const stored = isObject
      ? copyIn(value, this.#core.parts, { value: defaults.value, tiers: 'both' }).value
      : value;
    const now = clock.now();
    this.#core.writes.putPlain(this.#keyspace.id(key), stored, ttlMs === 0 ? Infinity : now + ttlMs, now);
    return true;
  }

  async #load<T>(
    outcome: Outcome,
    key: string,
    loader: Loader<T, unknown>,
    options: Ttl | LoadOptions | undefined,
    waitedMs = 0,
  ): Promise<T> {
    assertKey(key);
    if (typeof loader !== 'function') {
      throw new ValidationError(`loader must be a function, got ${describeValue(loader)}`);
    }
    const { defaults, l1, tags, clock } = this.#core.parts;
    const counters = this.#counters;
    const caller = callingFlight();
    let plan = loadPlan(options, defaults);
    let startedAt = 0;
    const { softTimeoutMs, hardTimeoutMs } = plan;
    if (softTimeoutMs !== undefined || hardTimeoutMs !== undefined) {
      startedAt = performance.now();
      const limits = {
        softTimeoutMs: softTimeoutMs === undefined ? undefined : Math.max(0, softTimeoutMs - waitedMs),
        hardTimeoutMs: hardTimeoutMs === undefined ? undefined : Math.max(1, hardTimeoutMs - waitedMs),
      };
      if (waitedMs > 0) plan = { ...plan, ...limits };
    }
    plan.signal?.throwIfAborted();
    if (plan.refreshAhead !== undefined) this.#core.carryTtl();
    const id = this.#keyspace.id(key);

    const skipL1 = l1 === undefined || plan.tiers === 'l2';
    let stale: L1Entry | undefined;
    let asked: undefined | typeof failed;
    if (!skipL1) asked = await this.#core.catchUpOnTags('getOrSet', id);
    if (!skipL1 && plan.forced) stale = this.#core.peekStale(id);
    if (!skipL1 && !plan.forced) {
      const record = this.#core.peek(id);
      if (record !== undefined) {
        counters.l1Hits++;
        this.#hit(outcome, key, 'l1');
        if (plan.refreshAhead !== undefined) this.#refreshIfDue(key, id, record, loader, plan);
        return this.#given(record.value, plan) as T;
      }
      counters.l1Misses++;
      stale = this.#core.peekStale(id);
      if (stale !== undefined && this.#core.backoff.isPausing(id, clock.now())) {
        return this.#served(outcome, key, stale.value, plan) as T;
      }
    }

    const { flights } = this.#core;
    let flight = flights.get(id);
    const asksTags = plan.tags.length > 0;
    if (flight !== undefined && (flight.tags.length > 0 || asksTags)) {
      if (tags.stale) {
        await this.#core.guarded('getOrSet', tags.pull());
        flight = flights.get(id);
      }
      // Its tags were invalidated since it began: whoever comes from now on starts anew.
      const covering = [...(flight?.tags ?? []), ...this.#keyspace.coveringTags(plan.tags)];
      if (flight?.tagEpoch !== undefined && !tags.table.isValid(covering, flight.tagEpoch)) {
        flights.supersede(id);
        flight = undefined;
      }
    }
    if (
      flight?.background === true &&
      !plan.forced &&
      flight.stale !== undefined &&
      this.#core.isCurrent(flight.stale)
    ) {
      // Being refreshed, and good until then.
      counters.l2Hits++;
      this.#hit(outcome, key, 'l2');
      return this.#given(flight.stale.value, plan) as T;
    }
    if (flight?.forced === true && !plan.forced && plan.tiers !== 'l1' && asked !== failed) {
      // Somebody has the value loaded anew; who only wants the value goes on with the one at hand.
      const record = await this.#core.lookL2('getOrSet', this.#keyspace, key);
      if (record !== undefined) {
        counters.l2Hits++;
        this.#hit(outcome, key, 'l2');
        return this.#given(record.value, plan) as T;
      }
      flight = flights.get(id);
    }
    const joined = flight !== undefined;
    if (flight === undefined) {
      flight = new SingleFlight(key, plan.forced, false, stale);
      flight.redisFailed = asked === failed;
    } else if (caller !== undefined && flight.dependsOn(caller)) {
      throw new CircularLoadError(caller.key, key);
    }
    const waited = caller?.awaits(flight);
    if (joined) {
      this.#core.parts.counters.coalesced++;
      if (plan.forced) flight.forced = true;
      flight.stale ??= stale;
      flight.askTags(plan.tags, this.#keyspace);
      if (namesTtl(options)) flight.askTtl(plan.ttlMs);
    } else {
      startLoad(this.#core, this.#keyspace, key, flight, loader, plan);
    }
    const epochAtJoining = tags.table.latest;
    // A change made elsewhere has been heard of, and not asked about.
    const isUnsure = joined && tags.stale;
    const result = await waitWithTimeouts(this.#core, key, flight, plan)
      .catch((error: unknown) => {
        counters.misses++;
        this.#missed(outcome, key);
        throw error;
      })
      .finally(waited);
    // The loader gave it tags that had been invalidated between its start and this call: the value is from before. Or it was a
    // refresh that left the work to another instance.
    if (isUnsure && result.tags.length > 0) await this.#core.guarded('getOrSet', tags.pull());
    const isFromBefore =
      (isUnsure || result.tagEpoch < epochAtJoining) && !tags.table.isValid(result.tags, result.tagEpoch);
    if (isFromBefore || (result.tier === 'l2' && !result.stored)) {
      // Closed meanwhile, and nothing at hand.
      this.#core.assertOpen();
      const tookMs = startedAt === 0 ? 0 : performance.now() - startedAt;
      return this.#load(outcome, key, loader, options, waitedMs + tookMs);
    }
    if (result.stale === true) return this.#served(outcome, key, result.value, plan) as T;
    if (result.tier === undefined) {
      counters.misses++;
      this.#missed(outcome, key);
    } else {
      counters.l2Hits++;
      this.#hit(outcome, key, result.tier);
      if (result.due !== undefined && skipL1) this.#refresh(key, id, result.due, loader, plan);
    }
    if (result.stored) return this.#landed(key, result, plan) as T;
    return (joined ? copyForJoiner(result.value, this.#core.parts) : result.value) as T;
  }

  /** A kept value, as this call wants it. */
  #given(value: unknown, plan: LoadPlan): unknown {
    return revived(copyOut(value, this.#isolation), plan.value);
  }

  /** What a flight brought. A loader's value of which no instance can be made reaches its callers as the loader made it. */
  #landed(key: string, result: LoadResult, plan: LoadPlan): unknown {
    try {
      return this.#given(result.value, plan);
    } catch (error) {
      if (!(error instanceof ReviveFailure) || result.tier !== undefined) throw error;
      this.#core.refuse(error, key, result);
      return result.made;
    }
  }

  /** A hit near the end of its ttl has the value loaded anew, once, while everybody goes on with the one at hand. */
  #refreshIfDue(key: string, id: string, record: L1Entry, loader: Loader<unknown>, plan: LoadPlan): void {
    // It stays due until a refresh can begin.
    if (this.#core.flights.get(id) !== undefined || this.#isRefreshPausing(id)) return;
    if (this.#core.isRefreshDue(id, record, plan)) this.#refresh(key, id, record, loader, plan);
  }

  #refresh(key: string, id: string, record: L1Entry, loader: Loader<unknown>, plan: LoadPlan): void {
    if (this.#core.flights.get(id) !== undefined || this.#isRefreshPausing(id)) return;
    this.#core.parts.counters.refreshes++;
    startLoad(this.#core, this.#keyspace, key, new SingleFlight(key, false, true, record), loader, {
      ...plan,
      signal: undefined,
    });
  }

  #isRefreshPausing(id: string): boolean {
    const { backoff, refreshBackoff, parts } = this.#core;
    const now = parts.clock.now();
    return backoff.isPausing(id, now) || refreshBackoff.isPausing(id, now);
  }

  /** A value past its ttl: found in memory, and not a plain hit. */
  #served(outcome: Outcome, key: string, value: unknown, plan: LoadPlan): unknown {
    this.#counters.misses++;
    this.#core.parts.counters.staleHits++;
    this.#missed(outcome, key);
    return this.#given(value, plan);
  }

  async #observe<T>(
    operation: Parameters<Engine['parts']['observer']['observe']>[0],
    key: string | undefined,
    work: (outcome: Outcome) => Promise<T>,
  ): Promise<T> {
    this.#core.assertOpen();
    this.#core.restartSampling();
    return this.#core.parts.observer.observe(operation, key, work);
  }

  /** A `get` that is no plain hit, with its time for the monitor. */
  async #getTimed<T>(key: string): Promise<T | undefined> {
    const core = this.#core;
    core.assertOpen();
    core.restartSampling();
    const start = core.startTiming();
    let found: LookupResult | undefined;
    let success = false;
    try {
      assertKey(key);
      found = await core.find('get', this.#keyspace, key);
      success = true;
    } finally {
      if (start !== 0) {
        const hit = success ? found !== undefined : undefined;
        core.parts.observer.ended('get', key, performance.now() - start, found?.tier, hit, success);
      }
    }
    return found === undefined ? undefined : (this.#valueOf(found) as T);
  }

  async #setTimed(key: string, value: unknown, options: Ttl | StoreOptions | undefined): Promise<void> {
    const core = this.#core;
    core.assertOpen();
    const start = core.startTiming();
    let success = false;
    try {
      await this.#setNow(key, value, options);
      success = true;
    } finally {
      if (start !== 0) {
        core.parts.observer.ended('set', key, performance.now() - start, undefined, undefined, success);
      }
    }
  }

  /** Milliseconds that the entry has to live, in Redis where it stands there too. */
  #leftMs(record: L1Entry): number {
    const { l2, clock } = this.#core.parts;
    return (l2 === undefined ? record.expiresAt : record.endsAt) - clock.now();
  }

  #valueOf({ record, isOwn }: LookupResult): unknown {
    return isOwn ? wholeOf(record.value) : copyOut(record.value, this.#isolation);
  }

  #note(outcome: Outcome, key: string, found: LookupResult | undefined): void {
    if (found === undefined) this.#missed(outcome, key);
    else this.#hit(outcome, key, found.tier);
  }

  /** False = the caller tells of what it reads ({@link recordRead}). */
  get #isCounted(): boolean {
    return this.#counters === this.#core.parts.counters;
  }

  #hit(outcome: Outcome, key: string, tier: 'l1' | 'l2'): void {
    if (!this.#isCounted) return;
    outcome.hits++;
    outcome.tier = tier;
    const { emitter } = this.#core.parts;
    if (emitter.has('hit')) emitter.emit('hit', { key, tier });
  }

  #missed(outcome: Outcome, key: string): void {
    if (!this.#isCounted) return;
    outcome.misses++;
    const { emitter } = this.#core.parts;
    if (emitter.has('miss')) emitter.emit('miss', { key });
  }
}

/** A value that was looked up, which may be the cache's own and must not be changed. */
export interface Looked<T> {
  readonly value: T;
  /** The tier that has it. */
  readonly tier: 'l1' | 'l2';
}

const done = Promise.resolve();

/** Seconds; what is longer takes the way on which it is judged. */
const maxPlainTtl = 365 * 24 * 3600;

function allowsPlainHit(options: LoadOptions | null): boolean {
  return (
    options !== null &&
    options.forceRefresh !== true &&
    options.signal === undefined &&
    options.tiers !== 'l2' &&
    options.as === undefined &&
    options.revive === undefined
  );
}

function namesTtl(options: Ttl | LoadOptions | undefined): boolean {
  return (typeof options === 'object' ? options.ttl : options) !== undefined;
}

/** `undefined` means "not there": it cannot be stored. */
function present<T>(key: string, value: T): T {
  if (value === undefined) {
    throw new ValidationError(
      `value for key ${describeValue(key)} is undefined, which is not cacheable: use null or delete the key`,
    );
  }
  return value;
}

function assertKeys(keys: unknown): asserts keys is readonly string[] {
  if (!Array.isArray(keys)) throw new ValidationError(`keys must be an array, got ${describeValue(keys)}`);
  for (const key of keys) assertKey(key);
}

/**
 * An argument too many was meant to do something: `delete('a', 'b')` would leave `b` where it is, `clear('users')` would empty all. A
 * number is none: `keys.map(cache.delete, cache)` hands on the index.
 */
function assertNoMore(method: string, more: readonly unknown[]): void {
  if (more.length === 0 || typeof more[0] === 'number') return;
  throw new ValidationError(`${method}() was given ${String(more.length)} more argument(s) than it takes`);
}

function assertIterable<T>(entries: Iterable<T>): Iterable<T> {
  if (typeof entries === 'object' && entries !== null && Symbol.iterator in entries) return entries;
  throw new ValidationError(`entries must be an iterable of [key, value], got ${describeValue(entries)}`);
}

function assertPair<T>(entry: readonly [string, T]): readonly [string, T] {
  if (Array.isArray(entry) && entry.length === 2) return entry;
  throw new ValidationError(`entries must be pairs [key, value], got ${describeValue(entry)}`);
}
