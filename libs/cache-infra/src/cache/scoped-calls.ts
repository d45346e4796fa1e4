import { assertKey } from '../keys/key.js';
import { valueOf } from './bulk-calls.js';
import {
  assertIterable,
  assertKeys,
  assertLoader,
  assertNoMore,
  assertPair,
  present,
} from './call-arguments.js';
import type { BulkLoader, BulkLoadOptions } from './contract/bulk-load.js';
import type { Cache } from './contract/cache.js';
import type { CacheOperation } from './contract/monitor.js';
import type { Loader, LoadOptions, StoreOptions, Ttl } from './contract/options.js';
import type { Engine } from './engine.js';
import { bulkPlan } from './entry/bulk-plan.js';
import { copyInUnder } from './entry/isolation.js';
import type { VersionRule } from './entry/entry-version.js';
import type { Keyspace } from './entry/keyspace.js';
import { checkedTags, loadPlan, storePlan } from './entry/store-plan.js';
import { revived, type ValueRule } from './entry/value-rules.js';
import { ReviveFailure } from '../values/revive-failure.js';
import type { InvalidationScope, ScopedEngine } from './invalidation-scope.js';
import { callingFlight } from './load/calling-flight.js';
import { GetOrSet } from './load/get-or-set.js';
import { GetOrSetMany } from './load/get-or-set-many.js';
import type { Counters } from './observe/counters.js';
import { CallOutcome } from './observe/observer.js';
import type { Hit } from './read/lookup.js';
import { failed } from './recover/error-policy.js';

/** A view of a cache: one namespace of an engine. */
export interface View {
  /** Carries out the invalidations after the scope. */
  readonly cache: Cache;
  readonly engine: Engine;
  readonly keyspace: Keyspace;
  readonly counters: Counters;
}

/** The call that a hit answers. */
interface Giving {
  readonly rule: ValueRule;
  readonly options: Ttl | StoreOptions | undefined;
  readonly outcome: CallOutcome;
}

/**
 * The calls on a view inside a scope of `deferInvalidations`. Inside, a cache is read-only: hits are served unless the
 * scope has invalidated them, loads store nothing, and every change waits for the end of the scope. So no other caller
 * ever gets a value that was made from rows which are not committed, and a rollback leaves the cache as it was.
 */
export class ScopedCalls {
  readonly #view: View;
  readonly #scope: InvalidationScope;
  readonly #scoped: ScopedEngine;

  constructor(view: View, scope: InvalidationScope) {
    this.#view = view;
    this.#scope = scope;
    this.#scoped = scope.of(view.engine);
  }

  async get<T>(key: string): Promise<T | undefined> {
    return this.#observe('get', key, async (outcome) => {
      const hit = await this.look('get', key);
      this.#note(outcome, key, hit);
      return hit === undefined ? undefined : (valueOf(hit, this.#view.engine.isolation) as T);
    });
  }

  async getMany<T>(keys: readonly string[]): Promise<Map<string, T>> {
    const run = async (outcome: CallOutcome): Promise<Map<string, T>> => {
      const values = new Map<string, T>();
      for (const [key, hit] of await this.#lookAtMany('getMany', keys)) {
        this.#note(outcome, key, hit);
        if (hit !== undefined) values.set(key, valueOf(hit, this.#view.engine.isolation) as T);
      }
      return values;
    };
    return this.#observe('getMany', undefined, run, keys);
  }

  /** The fresh entry in either tier, unless the scope has invalidated it. Counts nothing. */
  async look(operation: CacheOperation, key: string, rule?: VersionRule): Promise<Hit | undefined> {
    const { engine, keyspace } = this.#view;
    engine.lifecycle.assertOpen();
    assertKey(key);
    const id = keyspace.id(key);
    if (this.#scoped.hidesKey(id)) return undefined;
    const hit = await this.#find(operation, key, id, rule ?? engine.defaults);
    return hit === undefined || this.#scoped.hides(id, hit.entry) ? undefined : hit;
  }

  async #find(
    operation: CacheOperation,
    key: string,
    id: string,
    rule: VersionRule,
  ): Promise<Hit | undefined> {
    const { engine, keyspace } = this.#view;
    const { lookup, entries, defaults } = engine;
    const checked = await lookup.checkTags(operation, id);
    const entry = entries.fresh(id, rule);
    if (entry !== undefined) return { entry, tier: 'l1', isOwn: false };
    // Redis already failed in this call: don't pay for a second time-out.
    const plan = { ...defaults, ...rule };
    const found = checked === failed ? failed : await lookup.lookInL2(operation, keyspace, key, plan);
    return found === failed ? undefined : found;
  }

  /** As `look`, by key without duplicates. Reads of one turn share one command to Redis. */
  async #lookAtMany(
    operation: CacheOperation,
    keys: readonly string[],
    rule?: VersionRule,
  ): Promise<readonly (readonly [string, Hit | undefined])[]> {
    assertKeys(keys);
    const unique = [...new Set(keys)];
    return Promise.all(unique.map(async (key) => [key, await this.look(operation, key, rule)] as const));
  }

  /** Records a delete: the value may come from rows that are not committed. */
  async set(key: string, value: unknown, options: Ttl | StoreOptions | undefined): Promise<void> {
    await this.setMany([[key, value]], options);
  }

  async setMany(
    entries: Iterable<readonly [string, unknown]>,
    options: Ttl | StoreOptions | undefined,
  ): Promise<void> {
    const { engine } = this.#view;
    engine.lifecycle.assertOpen();
    const plan = storePlan(options, engine.defaults);
    const keys = Array.from(assertIterable(entries), (entry) => {
      const [key, value] = assertPair(entry);
      assertKey(key);
      // A value that cannot be stored fails inside a scope as it does outside.
      copyInUnder(key, present(key, value), engine, plan);
      return key;
    });
    await this.deleteMany(keys);
  }

  async getOrSet<T>(
    key: string,
    loader: Loader<T, unknown>,
    options: Ttl | LoadOptions | undefined,
  ): Promise<T> {
    // Must run before the first `await`.
    const caller = callingFlight();
    return this.#observe('getOrSet', key, async (outcome) => {
      assertKey(key);
      assertLoader('loader', loader);
      const { keyspace, counters, engine } = this.#view;
      const plan = loadPlan(options, engine.defaults);
      plan.signal?.throwIfAborted();
      const hit = plan.forced ? undefined : await this.look('getOrSet', key, versionOf(plan));
      const value = hit && this.#given(key, hit, { rule: plan.value, options, outcome });
      if (value !== undefined) return value as T;
      const loads = new GetOrSet(this.#scoped.loading.loadDeps, keyspace, counters);
      return (await loads.run({ key, loader, options, outcome, caller })) as T;
    });
  }

  async getOrSetMany<T>(
    keys: readonly string[],
    loader: BulkLoader<T, unknown>,
    options: Ttl | BulkLoadOptions | undefined,
  ): Promise<Map<string, T>> {
    // Must run before the first `await`.
    const caller = callingFlight();
    const run = async (outcome: CallOutcome): Promise<Map<string, T>> => {
      assertKeys(keys);
      assertLoader('loadMissing', loader);
      const { keyspace, counters, engine } = this.#view;
      const { load } = bulkPlan(options, engine.defaults);
      load.signal?.throwIfAborted();
      const hits = new Map(load.forced ? [] : await this.#lookAtMany('getOrSetMany', keys, versionOf(load)));
      const plainHit = (key: string): unknown => {
        const hit = hits.get(key);
        return hit && this.#given(key, hit, { rule: load.value, options, outcome });
      };
      const loads = new GetOrSetMany(this.#scoped.loading.loadDeps, keyspace, counters);
      const traced =
        outcome.trace === undefined ? loader : engine.observer.tracing.bulkLoader(keyspace.path, loader);
      const values = await loads.run({ keys, loader: traced, options, outcome, plainHit, caller });
      return values as Map<string, T>;
    };
    return this.#observe('getOrSetMany', undefined, run, keys);
  }

  async has(key: string): Promise<boolean> {
    return this.#observe('has', key, async () => (await this.look('has', key)) !== undefined);
  }

  /** `leftOf`: the time that an entry has left. */
  async ttl(key: string, leftOf: (entry: Hit['entry']) => number): Promise<number | undefined> {
    return this.#observe('ttl', key, async () => {
      const hit = await this.look('ttl', key);
      return hit && leftOf(hit.entry);
    });
  }

  async delete(key: string, more: readonly unknown[]): Promise<boolean> {
    assertNoMore('delete', more);
    await this.deleteMany([key]);
    return false;
  }

  async deleteMany(keys: readonly string[], more: readonly unknown[] = []): Promise<number> {
    this.#view.engine.lifecycle.assertOpen();
    assertNoMore('deleteMany', more);
    assertKeys(keys);
    for (const key of keys) this.#deferKey('delete', key);
    return Promise.resolve(0);
  }

  async expire(key: string, more: readonly unknown[]): Promise<boolean> {
    this.#view.engine.lifecycle.assertOpen();
    assertNoMore('expire', more);
    assertKey(key);
    this.#deferKey('expire', key);
    return Promise.resolve(false);
  }

  async invalidateTags(tags: readonly string[]): Promise<void> {
    return this.#deferTags('tags', tags);
  }

  async expireTags(tags: readonly string[]): Promise<void> {
    return this.#deferTags('expireTags', tags);
  }

  async invalidatePattern(glob: string, more: readonly unknown[]): Promise<number> {
    const { cache, engine, keyspace } = this.#view;
    engine.lifecycle.assertOpen();
    assertNoMore('invalidatePattern', more);
    this.#scoped.hideMatching(keyspace.matching(glob).id);
    if (this.#scoped.isNew('pattern', keyspace.id(glob))) this.#scope.defer(cache, 'pattern', glob);
    return Promise.resolve(0);
  }

  async clear(more: readonly unknown[]): Promise<void> {
    const { cache, engine, keyspace } = this.#view;
    engine.lifecycle.assertOpen();
    assertNoMore('clear', more);
    this.#scoped.hideMatching(keyspace.covers);
    if (this.#scoped.isNew('clear', keyspace.path)) this.#scope.defer(cache, 'clear', keyspace.path);
    return Promise.resolve();
  }

  #deferTags(kind: 'tags' | 'expireTags', tags: readonly string[]): Promise<void> {
    const { cache, engine, keyspace } = this.#view;
    engine.lifecycle.assertOpen();
    for (const tag of checkedTags(tags)) {
      const scoped = keyspace.scopedTag(tag);
      this.#scoped.hideTag(scoped);
      if (this.#scoped.isNew(kind, scoped)) this.#scope.defer(cache, kind, tag);
    }
    return Promise.resolve();
  }

  #deferKey(kind: 'delete' | 'expire', key: string): void {
    const id = this.#view.keyspace.id(key);
    this.#scoped.hideKey(id);
    if (this.#scoped.isNew(kind, id)) this.#scope.defer(this.#view.cache, kind, key);
  }

  /** The caller's value of a hit. Counts it. undefined = it cannot be revived, and is loaded anew. */
  #given(key: string, hit: Hit, { rule, options, outcome }: Giving): unknown {
    const { engine } = this.#view;
    try {
      const value = revived(valueOf(hit, engine.isolation), rule, hit.entry.value);
      this.#note(outcome, key, hit);
      return value;
    } catch (error) {
      if (!(error instanceof ReviveFailure)) throw error;
      engine.refusals.report(error, key, options as StoreOptions);
      return undefined;
    }
  }

  #note(outcome: CallOutcome, key: string, hit: Hit | undefined): void {
    const { counters, engine } = this.#view;
    if (hit === undefined) {
      counters.missed();
      outcome.missed(key);
      return;
    }
    if (hit.tier === 'l1') counters.hitL1();
    else counters.hitL2();
    if (hit.tier === 'l2' && engine.l1 !== undefined) counters.missedL1();
    outcome.hit(key, hit.tier);
  }

  async #observe<T>(
    operation: CacheOperation,
    key: string | undefined,
    work: (outcome: CallOutcome) => Promise<T>,
    traced: unknown = key,
  ): Promise<T> {
    const { engine, counters, keyspace } = this.#view;
    engine.lifecycle.assertOpen();
    engine.sampling.restart();
    const { observer, emitter } = engine;
    const trace = observer.tracing.begin(operation, keyspace.path, traced);
    const outcome = new CallOutcome(counters === engine.counters ? emitter : undefined, keyspace.path, trace);
    return observer.observe(operation, key, outcome, work);
  }
}

function versionOf({ version, otherVersion }: VersionRule): VersionRule {
  return { version, otherVersion };
}
