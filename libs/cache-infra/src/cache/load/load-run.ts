import { SerializationError, ValidationError } from '../../base/errors.js';
import type { L1Entry } from '../../tiers/memory/l1-entry.js';
import type { LoadGuard } from '../../tiers/redis/load-guards.js';
import type { OptimisticLoad } from '../../tiers/redis/optimistic-loads.js';
import type { BaselineRequest, RemoteLoad } from '../../tiers/remote-tier.js';
import type { Loader } from '../contract/options.js';
import { copyIn, copyOut, formsOfStored, type StoredForms } from '../entry/isolation.js';
import type { Keyspace } from '../entry/keyspace.js';
import { refreshTime } from '../entry/l1-entries.js';
import type { LoadPlan, StorePlan } from '../entry/store-plan.js';
import { revived } from '../entry/value-rules.js';
import { isSuperseded, supersede } from '../invalidate/in-flight.js';
import type { NotStoredReason } from '../contract/tracing.js';
import { activity } from '../observe/activity.js';
import { failed } from '../recover/error-policy.js';
import { runAs } from './calling-flight.js';
import { LoadDecisions } from './load-decisions.js';
import type { LoadDeps } from './load-deps.js';
import {
  SingleFlight,
  type FlightObserver,
  type FlightOptions,
  type LoadOutcome,
  type LoadResult,
} from './single-flight.js';
import { mayServeStale } from './stale-policy.js';

/** Pause between two checks of another instance's lease, where no channel announces its end. Milliseconds. */
const pollMs = 100;
/** Pause after another instance's lease has expired, since its last write may be in flight. Milliseconds. */
const takeoverMs = 20;
/** Most reads of an entry that changes during the read. */
const maxReads = 3;

/** The call that starts a load. */
export interface LoadCall {
  readonly keyspace: Keyspace;
  readonly key: string;
  /** The place of the key in a call for many. */
  readonly index?: number | undefined;
  readonly id: string;
  readonly loader: Loader<unknown>;
  readonly plan: LoadPlan;
  /** Awaited before the load asks for a lease (`lock`). */
  readonly beforeLease?: ((flight: SingleFlight) => Promise<void> | undefined) | undefined;
  /** How the value is stored. Default: as `plan` says. */
  readonly storePlan?: (() => StorePlan) | undefined;
}

/** The call for many keys that drives a load: {@link LoadRun.startDriven}. */
export interface LoadDriver {
  /** The load needs its value: hand it to `resolve` or `reject`. */
  needsValue(load: LoadRun): void;
  /** The load drives itself from now on. */
  goesAlone(load: LoadRun): void;
  ended(load: LoadRun, outcome: LoadOutcome): void;
}

/**
 * How a load reacts to a remote change of its entry:
 *
 * - `asking`: Redis is being asked for the entry, for what the load compares, or for a guard. The change is noted; the
 *   answer shows whether it came before the load.
 * - `guarded`: Redis can judge the load, by its guard or by comparing. The load asks whether the change concerns it.
 * - `unguarded`: Redis did not answer, or the value is being stored. The change supersedes the load.
 */
type GuardState = 'asking' | 'guarded' | 'unguarded';

/**
 * One load, straight down: ask Redis for the entry and for what the load compares at its end (or take the guard and the
 * lease), run the loader, store the value. All callers of the key share it by its {@link SingleFlight}. How a remote
 * change affects a running load: `GuardState`.
 *
 * *Driven loads.* An async function and its promises take several kilobytes for each load that waits. So a call for
 * many keys drives its loads itself: it reads many entries at once, runs one loader, and tells each load what concerns
 * it. The driver calls, in this order: `asks`, `found`, `takesBaseline` if `found` asks for it; the load answers with
 * `LoadDriver.needsValue`; then `resolve` or `reject`. `goAlone` turns a driven load into one that drives itself, if
 * something is special about its key.
 */
export class LoadRun implements FlightObserver {
  readonly flight: SingleFlight;
  readonly #deps: LoadDeps;
  readonly #call: LoadCall;
  /** undefined = the load drives itself. */
  #driver: LoadDriver | undefined;
  #decisions: LoadDecisions | undefined;
  #guardState: GuardState = 'unguarded';
  #entryChanged = false;
  /** The load as Redis judges it; undefined = Redis did not answer, or was not asked. */
  #remote: LoadGuard | OptimisticLoad | undefined;
  /** Redis is asked now and then whether the key was changed, while the loader runs. */
  #isWatching = false;
  #renewal: NodeJS.Timeout | undefined;
  #isLoaderRunning = false;
  #isLooking = false;
  /** Of an optimistic load: see `Coherence.l1Generation`. */
  #l1Generation: number | undefined;
  /** `performance.now()`, if calls are attributed to requests. */
  #loaderStart: number | undefined;
  /** Redis holds a value of a newer version. */
  #isOutdated = false;
  /** When the loader began, milliseconds since the epoch; read only with a replica that lags behind. */
  #beganAt = 0;

  private constructor(deps: LoadDeps, call: LoadCall, options: Omit<FlightOptions, 'key'>) {
    this.#deps = deps;
    this.#call = call;
    this.flight = new SingleFlight({ key: call.key, ...options }, this);
  }

  /** Starts a load. It is in flight when this returns. */
  static start(deps: LoadDeps, call: LoadCall, options: Omit<FlightOptions, 'key'>): SingleFlight {
    const run = new LoadRun(deps, call, options);
    run.#register();
    run.flight.begin(run.#traced() ?? run.#run());
    return run.flight;
  }

  /** Starts a load that `driver` drives. It is in flight when this returns. */
  static startDriven(
    deps: LoadDeps,
    call: LoadCall,
    options: Omit<FlightOptions, 'key'>,
    driver: LoadDriver,
  ): LoadRun {
    const run = new LoadRun(deps, call, options);
    run.#driver = driver;
    run.#register();
    return run;
  }

  #register(): void {
    const { flight } = this;
    const { keyspace, id, plan } = this.#call;
    const { loads } = this.#deps.work;
    // A refresh is superseded by the tags of the value that it replaces, too.
    const staleTags = flight.stale?.detail?.tags;
    if (plan.tags.length > 0 || staleTags !== undefined)
      flight.tags = [...keyspace.coveringTags(plan.tags), ...(staleTags ?? [])];
    flight.version = plan.version;
    if (flight.background) flight.hold(plan.hardTimeoutMs);
    loads.start(id, flight);
  }

  /**
   * The load within the contexts of tracers; undefined = nothing traces it. One of many keys has no trace of its own.
   */
  #traced(): Promise<LoadResult> | undefined {
    const { flight } = this;
    const { keyspace, key, plan, beforeLease } = this.#call;
    const { tracing, l1, l2 } = this.#deps;
    if (beforeLease !== undefined) return undefined;
    const { background, forced, redisFailed } = flight;
    const trace = tracing.beginLoad(keyspace.path, [key], { lock: plan.lock, background, forced });
    if (trace === undefined) return undefined;
    flight.trace = trace;
    if (l1 !== undefined && !forced && plan.tiers !== 'l2') trace.tiers.push('l1');
    if (l2 !== undefined && !forced && !redisFailed && plan.tiers !== 'l1') trace.tiers.push('l2');
    return tracing.load(trace, async () => {
      try {
        const result = await this.#run();
        trace.ended(result, flight.superseded);
        return result;
      } finally {
        trace.leased = this.#remote?.leased === true;
      }
    });
  }

  get key(): string {
    return this.#call.key;
  }

  /** The place of the key in a call for many. */
  get index(): number {
    return this.#call.index ?? 0;
  }

  /** What the loader is told. Made when it is asked for. */
  get context(): LoadDecisions {
    return (this.#decisions ??= this.#newDecisions(this.#staleForLoader()));
  }

  /** Of a driven load: its entry is about to be read. Returns what it compares, to be read with the entry. */
  asks(expectsMiss: boolean): OptimisticLoad | undefined {
    this.#noteEntryChanges();
    return expectsMiss ? this.#prepared() : undefined;
  }

  /**
   * Of a driven load: its entry was read, with `prepared` if `asks` returned it. True = the load needs its baseline, by
   * {@link takesBaseline}.
   */
  found(read: L1Entry | undefined | typeof failed, prepared: OptimisticLoad | undefined): boolean {
    if (read !== failed && read !== undefined && this.#entryChanged) {
      this.goAlone();
      return false;
    }
    let answer: LoadResult | undefined;
    try {
      answer = read === failed ? undefined : this.#answerOrMiss(read);
    } catch (error) {
      this.#end({ error });
      return false;
    }
    if (answer !== undefined) {
      this.#end({ result: answer });
      return false;
    }
    if (read === failed) {
      this.needsValue();
      return false;
    }
    if (this.flight.isAbandoned) {
      this.#end({ error: this.flight.abandonReason });
      return false;
    }
    if (prepared === undefined || !isBegun(prepared, read)) return true;
    this.#takeRemote(prepared);
    this.needsValue();
    return false;
  }

  /** Of a driven load: asks Redis for what the load compares at its end. */
  async takesBaseline(): Promise<void> {
    if (!this.#isOptimistic) {
      this.goAlone();
      return;
    }
    try {
      const load = await this.#beginOptimistically();
      if (load !== undefined) this.#takeRemote(load);
      this.needsValue();
    } catch (error) {
      this.#end({ error });
    }
  }

  /** Of a driven load: Redis was asked, or is not to be asked. */
  needsValue(): void {
    const { flight } = this;
    flight.tiersAsked();
    this.#prepareLoader();
    if (flight.isAbandoned) {
      this.reject(flight.abandonReason);
      return;
    }
    this.#noteLoaderStart();
    this.#driver?.needsValue(this);
  }

  /** Of a driven load: its loader has made `value`. */
  resolve(value: unknown): void {
    if (isThenable(value)) {
      value.then(
        (made) => {
          this.resolve(made);
        },
        (error: unknown) => {
          this.reject(error);
        },
      );
      return;
    }
    this.#noteLoaderEnd(true);
    this.#deps.backoff.succeeded(this.#call.id);
    try {
      this.#decisions ??= this.#newDecisions(undefined);
      const stored = this.#store(this.#decisions, value);
      if (stored instanceof Promise) this.#endWith(stored);
      else this.#end({ result: stored });
    } catch (error) {
      this.#end({ error });
    }
  }

  /** Of a driven load: its loader has failed. */
  reject(error: unknown): void {
    if (this.#isLoaderRunning) this.#noteLoaderEnd(false);
    this.#endWith(this.#afterFailure(error));
  }

  /** Of a driven load: it asks Redis and runs its loader by itself. */
  goAlone(): void {
    const driver = this.#driver;
    this.#driver = undefined;
    driver?.goesAlone(this);
    const end = (outcome: LoadOutcome): void => {
      this.flight.settle(outcome);
      driver?.ended(this, outcome);
    };
    this.#run().then(
      (result) => {
        end({ result });
      },
      (error: unknown) => {
        end({ error });
      },
    );
  }

  #endWith(ending: Promise<LoadResult>): void {
    ending.then(
      (result) => {
        this.#end({ result });
      },
      (error: unknown) => {
        this.#end({ error });
      },
    );
  }

  /** Of a driven load: ends it before its loader runs. */
  fail(error: unknown): void {
    this.#end({ error });
  }

  #end(outcome: LoadOutcome): void {
    const { flight } = this;
    this.#leaveFlight();
    flight.settle(outcome);
    this.#driver?.ended(this, outcome);
  }

  /** The load has ended: later calls begin anew. */
  #leaveFlight(): void {
    const { flight } = this;
    this.#stopWatching();
    flight.tiersAsked();
    this.#deps.work.loads.end(this.#call.id, flight);
    flight.loadEnded();
  }

  // One function for the whole load: each async function between would cost a promise and a turn.
  async #run(): Promise<LoadResult> {
    const { flight } = this;
    const { id } = this.#call;
    const { l2, backoff } = this.#deps;
    try {
      // The loader runs after the calls of this turn have joined, also where Redis is not asked.
      const answer = await (l2 === undefined || flight.redisFailed ? undefined : this.#askRedis());
      if (answer !== undefined) return answer;
      flight.tiersAsked();
      this.#prepareLoader();
      const decisions = this.context;
      let value: unknown;
      try {
        // The callers may have left while Redis was asked.
        flight.throwIfAbandoned();
        const made = this.#runLoader(decisions);
        value = isThenable(made) ? await made : made;
      } catch (error) {
        if (this.#isLoaderRunning) this.#noteLoaderEnd(false);
        return await this.#afterFailure(error);
      }
      this.#noteLoaderEnd(true);
      backoff.succeeded(id);
      const stored = this.#store(decisions, value);
      return stored instanceof Promise ? await stored : stored;
    } finally {
      this.#leaveFlight();
    }
  }

  /** The answer from Redis; undefined = the loader must run. */
  async #askRedis(): Promise<LoadResult | undefined> {
    const { flight } = this;
    const { plan } = this.#call;
    const { tags, missForecast } = this.#deps;
    let load: OptimisticLoad | undefined;
    // The tag epoch at the start of the loader decides which later invalidations cover its value.
    const pull = tags.pullForLoad(plan.tags.length > 0);
    pull?.catch(ignore);
    if (plan.tiers === 'l1') {
      await pull?.catch(ignore);
      return undefined;
    }
    if (!flight.forced) {
      const prepared = this.#isOptimistic && missForecast.expectsMiss ? this.#prepared() : undefined;
      const read = await this.#readUnchanged(prepared);
      if (read === failed) return undefined;
      const answer = this.#answerOrMiss(read);
      if (answer !== undefined) return answer;
      if (prepared !== undefined && isBegun(prepared, read)) load = prepared;
    }
    await pull?.catch(ignore);
    flight.throwIfAbandoned();
    if (load === undefined) {
      if (!this.#isOptimistic) {
        if (plan.lock) await this.#call.beforeLease?.(flight);
        flight.throwIfAbandoned();
        return this.#takeGuard();
      }
      load = await this.#beginOptimistically();
      if (load === undefined) return undefined;
    }
    this.#takeRemote(load);
    return undefined;
  }

  #takeRemote(load: OptimisticLoad): void {
    this.#remote = load;
    this.#l1Generation = this.#deps.coherence.l1Generation;
  }

  /** The answer from what Redis holds; undefined = the loader must run. Counts a miss. */
  #answerOrMiss(read: L1Entry | undefined): LoadResult | undefined {
    const { counters, missForecast } = this.#deps;
    const found = this.#ofVersion(read);
    const answer = found === undefined || isForced(this.flight) ? undefined : this.#answerFrom(found);
    missForecast.noted(answer === undefined);
    if (answer === undefined) counters.missedL2();
    return answer;
  }

  /** The entry, unless its value is of another version. */
  #ofVersion(found: L1Entry | undefined): L1Entry | undefined {
    const { plan } = this.#call;
    const { entries, defaults } = this.#deps;
    if (found === undefined || entries.suits(found, plan)) return found;
    this.#isOutdated = (found.detail?.otherVersion ?? defaults.version) > plan.version;
    return undefined;
  }

  get #isOptimistic(): boolean {
    return isOptimistic(this.#deps, this.#call.plan);
  }

  /** A load that notes what Redis holds for the key when it reads the entry. */
  #prepared(): OptimisticLoad | undefined {
    const { keyspace, key } = this.#call;
    return this.#deps.optimisticLoads?.prepare(keyspace.redisKey(key));
  }

  /** Notes what Redis holds for the key; undefined = Redis did not answer. */
  async #beginOptimistically(): Promise<OptimisticLoad | undefined> {
    const { optimisticLoads, errors } = this.#deps;
    const { keyspace, key } = this.#call;
    if (optimisticLoads === undefined) return undefined;
    const begun = await errors.guarded('getOrSet', optimisticLoads.begin(keyspace.redisKey(key)));
    return begun === failed ? undefined : begun;
  }

  /** The answer from the entry in Redis; undefined = the loader must run. */
  #answerFrom(found: L1Entry): LoadResult | undefined {
    const { flight } = this;
    const { entries, backoff, clock } = this.#deps;
    const isFresh = entries.isWithinTtl(found);
    if (isFresh && !this.#isDueAgain(found)) {
      return { from: 'l2', entry: found, isDue: this.#isDue(found) };
    }
    if (!isFresh) flight.stale ??= found;
    const { stale } = flight;
    if (stale === undefined || !backoff.isPausing(this.#call.id, clock.now())) return undefined;
    return mayServeStale(entries.stateOf(stale), 'backoff')
      ? { from: 'stale', value: stale.value }
      : undefined;
  }

  /**
   * The entry in Redis. It is read again if another instance changes it during the read: a caller that joins after the
   * change must not get the older entry.
   */
  async #readUnchanged(baseline: BaselineRequest | undefined): Promise<L1Entry | undefined | typeof failed> {
    const { keyspace, key, id, plan } = this.#call;
    const { lookup, work } = this.#deps;
    for (let reads = 1; ; reads++) {
      this.#noteEntryChanges();
      const found = await lookup.tryL2('getOrSet', keyspace, key, plan, baseline);
      if (found === undefined || found === failed || !this.#entryChanged) return found;
      if (reads < maxReads) continue;
      this.#guardState = 'unguarded';
      work.loads.supersede(id);
      return found;
    }
  }

  #noteEntryChanges(): void {
    this.#entryChanged = false;
    this.#guardState = 'asking';
  }

  /**
   * Puts the guard into Redis. With `lock`, waits until this instance gets the lease, or another has stored a value.
   */
  async #takeGuard(): Promise<LoadResult | undefined> {
    const { flight } = this;
    const { keyspace, key, plan } = this.#call;
    const { guards, lifecycle, errors, loadedWrites, coherence, keySignals } = this.#deps;
    if (guards === undefined) return undefined;
    const redisKey = keyspace.redisKey(key);
    const signal = keySignals.listen(redisKey);
    let holder: string | undefined;
    let leftMs = Infinity;
    try {
      for (;;) {
        lifecycle.assertOpen();
        this.#noteEntryChanges();
        const begun = await errors.guarded(
          'getOrSet',
          guards.begin(redisKey, plan.lock && leftMs > 0, holder),
        );
        // Redis is unavailable: load without a guard.
        if (begun === failed) return undefined;
        if (begun.granted) this.#remote = begun;
        if (begun.granted && begun.previous === null) return undefined;
        if (begun.previous !== null && !flight.forced && plan.lock) {
          // Another instance may have stored the value meanwhile.
          const found = await this.#lookAgain(begun);
          if (found !== undefined && !this.#isDueAgain(found) && !isForced(flight)) {
            await loadedWrites.release(begun);
            return { from: 'l2', entry: found, isDue: false };
          }
        }
        if (begun.granted) return undefined;
        // Another instance refreshes the value already: a refresh need not wait for it.
        if (flight.background) return { from: 'other-instance' };
        flight.tiersAsked();
        holder = begun.holder;
        // Two loads with a lease may wait for each other's: wait no longer than a lease lasts.
        if (flight.holdsUpLease) leftMs = Math.min(leftMs, guards.leaseMs);
        const isAnnounced = coherence.channel?.armed === true;
        const waitMs = isAnnounced ? begun.leaseLeftMs + takeoverMs : Math.min(begun.leaseLeftMs, pollMs);
        const start = performance.now();
        await signal.received(Math.min(waitMs, leftMs), flight.signal);
        flight.throwIfAbandoned();
        leftMs -= performance.now() - start;
        if (flight.trace !== undefined) flight.trace.leaseWaitMs += performance.now() - start;
        signal.reset();
      }
    } finally {
      signal.stop();
    }
  }

  async #lookAgain(begun: LoadGuard): Promise<L1Entry | undefined> {
    const { keyspace, key } = this.#call;
    try {
      return await this.#deps.lookup.lookL2('getOrSet', keyspace, key, this.#call.plan);
    } catch (error) {
      await this.#deps.loadedWrites.release(begun);
      throw error;
    }
  }

  /** From now on a change of the entry elsewhere concerns the loader's value. */
  #prepareLoader(): void {
    const { flight } = this;
    const { id } = this.#call;
    const { tags, work } = this.#deps;
    flight.tagEpoch = tags.table.latest;
    if (this.#deps.replicaLag !== undefined) this.#beganAt = this.#deps.clock.now();
    if (this.#remote?.leased === true) flight.holdUpLease();
    if (this.#remote === undefined) {
      this.#guardState = 'unguarded';
      if (this.#entryChanged) work.loads.supersede(id);
    } else {
      this.#watch(this.#remote);
    }
  }

  #newDecisions(stale: unknown): LoadDecisions {
    const { keyspace, key, plan, storePlan } = this.#call;
    return new LoadDecisions(key, this.flight, keyspace, storePlan?.() ?? plan, stale);
  }

  /** Stores the loader's value, unless it is none. A promise where Redis is asked. */
  #store(decisions: LoadDecisions, value: unknown): LoadResult | Promise<LoadResult> {
    if (value === undefined) return this.#storeNothing(value, 'absent');
    if (decisions.skipped) return this.#storeNothing(value, 'skipped');
    if (this.#isDisabled) return this.#storeNothing(value, 'disabled');
    if (this.#mayHaveMissedChanges) return this.#storeNothing(value, 'superseded');
    const isLagging = this.#isLagging(decisions);
    if (isLagging === false) return this.#storeNow(decisions, value);
    if (isLagging === true) return this.#storeNothing(value, 'replica-lag');
    return isLagging.then((lags) =>
      lags ? this.#storeNothing(value, 'replica-lag') : this.#storeNow(decisions, value),
    );
  }

  /** True if the loader may have read a replica from before an invalidation. A promise where Redis is asked. */
  #isLagging({ plan, unstorable }: LoadDecisions): boolean | Promise<boolean> {
    const { replicaLag, counters } = this.#deps;
    if (replicaLag === undefined || unstorable !== undefined || this.flight.superseded) return false;
    const { keyspace, key, id } = this.#call;
    const count = (lags: boolean): boolean => {
      if (lags) counters.loadedInLag();
      return lags;
    };
    const lags = replicaLag.mayCover({
      ...{ keyspace, key, id, tags: plan.tags },
      ...{ beganAt: this.#beganAt, isInRedis: this.#remote !== undefined },
    });
    return lags instanceof Promise ? lags.then(count) : count(lags);
  }

  /** The value of an older release stays in the L1: in Redis it would replace the one of a newer release. */
  async #storeInL1(decisions: LoadDecisions, value: unknown): Promise<LoadResult> {
    await this.#deps.loadedWrites.releaseEmpty(this.#remote);
    if (decisions.plan.tiers === 'l2') return this.#notStored(value, 'outdated');
    const isCurrent = this.#remote === undefined || (await this.#remote.isCurrent().catch(() => false));
    if (!isCurrent) return this.#notStored(value, 'superseded');
    this.#remote = undefined;
    return this.#storeNow(decisions, value);
  }

  #storeNow(decisions: LoadDecisions, value: unknown): LoadResult | Promise<LoadResult> {
    if (this.#isOutdated && this.#remote !== undefined) return this.#storeInL1(decisions, value);
    let stored: StoredForms;
    let storing: boolean | Promise<boolean>;
    try {
      if (decisions.unstorable !== undefined) throw decisions.unstorable;
      const { keyspace, key } = this.#call;
      const renewed = decisions.isRenewal(value) ? this.flight.stale : undefined;
      if (renewed?.detail !== undefined) decisions.keepTags(keyspace.ownTags(renewed.detail.tags));
      const plan: StorePlan = this.#isOutdated ? { ...decisions.plan, tiers: 'l1' } : decisions.plan;
      if (renewed === undefined) stored = copyIn(value, this.#deps, plan);
      else stored = formsOfStored(renewed.value, this.#deps, plan);
      if (renewed !== undefined) this.#deps.counters.renewed();
      // From here on Redis may hold the value before this instance knows: a remote change may be newer, and supersedes
      // the load.
      this.#guardState = 'unguarded';
      const made = { epoch: this.flight.tagEpoch ?? 0, remote: this.#remote };
      if (this.flight.trace !== undefined) this.flight.trace.ttl = plan.ttlMs / 1000;
      storing = this.#deps.loadedWrites.store(keyspace, key, stored, plan, this.flight, made);
    } catch (error) {
      return this.#afterRefusal(decisions, value, error);
    }
    if (typeof storing === 'boolean') return this.#stored(value, stored, storing);
    return storing.then(
      (isStored) => this.#stored(value, stored, isStored),
      (error: unknown) => this.#afterRefusal(decisions, value, error),
    );
  }

  /** The channel was lost during a load that relied on it to tell of evicted traces. */
  get #mayHaveMissedChanges(): boolean {
    const { coherence, optimisticLoads } = this.#deps;
    if (this.#l1Generation === undefined || this.#l1Generation === coherence.l1Generation) return false;
    return optimisticLoads?.keepsTraces !== true;
  }

  #stored(made: unknown, { value }: StoredForms, stored: boolean): LoadResult {
    if (activity.enabled && stored) activity.note('set', undefined, undefined);
    const { tags, tagEpoch = 0 } = this.flight;
    return { from: 'loader', value, made, isStoredForm: true, stored, tags, tagEpoch };
  }

  #notStored(value: unknown, reason: NotStoredReason): LoadResult {
    const { flight } = this;
    if (flight.trace !== undefined) flight.trace.notStored = reason;
    const { tags, tagEpoch = 0 } = flight;
    return { from: 'loader', value, made: value, isStoredForm: false, stored: false, tags, tagEpoch };
  }

  #storeNothing(value: unknown, reason: NotStoredReason): LoadResult | Promise<LoadResult> {
    if (this.#remote?.leased !== true) return this.#notStored(value, reason);
    return this.#deps.loadedWrites.releaseEmpty(this.#remote).then(() => this.#notStored(value, reason));
  }

  async #afterRefusal(decisions: LoadDecisions, value: unknown, error: unknown): Promise<LoadResult> {
    await this.#deps.loadedWrites.releaseEmpty(this.#remote);
    if (!isUnstorable(error)) throw error;
    this.#reportUnstorable(decisions, error);
    return this.#notStored(value, 'unstorable');
  }

  /** The stale value, as the loader gets it. */
  #staleForLoader(): unknown {
    const { stale } = this.flight;
    if (stale === undefined) return undefined;
    try {
      return revived(copyOut(stale.value, this.#deps.isolation), this.#call.plan.value);
    } catch {
      return undefined;
    }
  }

  #noteLoaderStart(): void {
    this.#deps.counters.loadStarted();
    this.#isLoaderRunning = true;
    if (activity.enabled || this.#deps.observer.watchesLoads) this.#loaderStart = performance.now();
  }

  #runLoader(decisions: LoadDecisions): unknown {
    this.#noteLoaderStart();
    return runAs(this.flight, () => this.#call.loader(decisions));
  }

  #noteLoaderEnd(isDone: boolean): void {
    this.#isLoaderRunning = false;
    if (!isDone) this.#deps.counters.loadFailed();
    if (this.#loaderStart === undefined) return;
    const duration = performance.now() - this.#loaderStart;
    if (activity.enabled) activity.note('load', undefined, duration);
    this.#deps.observer.loaded(this.#call.key, duration, isDone);
  }

  /** After a failed loader, callers get the value at hand, or else the failure. */
  async #afterFailure(error: unknown): Promise<LoadResult> {
    const { flight } = this;
    const { id } = this.#call;
    const { loadedWrites, backoff, clock, entries } = this.#deps;
    if (flight.isAbandoned) {
      await loadedWrites.release(this.#remote);
      throw error;
    }
    await loadedWrites.releaseEmpty(this.#remote);
    const retryAt = backoff.failed(id, clock.now());
    entries.postponeRefresh(id, retryAt);
    const value = await valueAtHand(this.#deps, flight, 'load-failed');
    if (value === undefined) throw error;
    if (flight.trace !== undefined) flight.trace.failure = error;
    return value;
  }

  /** A disabled cache has no tier. Its values need not be storable. */
  get #isDisabled(): boolean {
    return this.#deps.l1 === undefined && this.#deps.l2 === undefined;
  }

  /** Reports a value that no tier can store. Callers get the value; the next call loads again. */
  #reportUnstorable(decisions: LoadDecisions, error: Error): void {
    const { counters, clock, refusals, entries, refreshBackoff } = this.#deps;
    const { key, id } = this.#call;
    counters.loadedUnstorable();
    refusals.report(error, key, decisions);
    // Without a pause every hit would start another refresh.
    if (this.flight.background) entries.postponeRefresh(id, refreshBackoff.failed(id, clock.now()));
  }

  /** True for a refresh that finds an entry due for a refresh itself: the refresh needs a newer one. */
  #isDueAgain(found: L1Entry): boolean {
    return this.flight.background && this.#isDue(found);
  }

  #isDue({ endsAt, detail }: L1Entry): boolean {
    const { plan } = this.#call;
    if (plan.refreshAhead === undefined) return false;
    const due = refreshTime(endsAt, detail?.ttlMs ?? plan.ttlMs, plan.refreshAhead);
    return this.#deps.clock.now() >= due;
  }

  /** Renews the guard in Redis at intervals. Each renewal tells whether the key was invalidated. */
  #watch(remote: RemoteLoad): void {
    this.#guardState = 'guarded';
    this.#isWatching = true;
    if (remote.renewEveryMs === undefined) {
      this.#deps.lookRounds.add(this);
    } else {
      this.#renewal = setInterval(() => {
        void this.look();
      }, remote.renewEveryMs);
      this.#renewal.unref();
    }
    if (this.#entryChanged) this.onGuardChanged();
    if (this.flight.superseded) this.onSuperseded();
  }

  /** Renews the guard, or asks whether the key was changed. Resolves once Redis has answered, and never rejects. */
  look(): Promise<void> | undefined {
    // A look that waits for its answer is enough: many loads would ask faster than Redis answers.
    if (this.#remote === undefined || this.#isLooking) return undefined;
    this.#isLooking = true;
    return this.#supersedeUnless(
      this.#remote.renew().finally(() => {
        this.#isLooking = false;
      }),
    );
  }

  #stopWatching(): void {
    this.#guardState = 'unguarded';
    if (!this.#isWatching) return;
    this.#isWatching = false;
    if (this.#renewal === undefined) this.#deps.lookRounds.delete(this);
    else clearInterval(this.#renewal);
  }

  #supersedeUnless(asked: Promise<boolean>): Promise<void> {
    return asked.then((isCurrent) => {
      // Once the load has ended, the state of its guard has no meaning.
      if (isCurrent || this.#remote?.ended === true) return;
      this.#deps.work.loads.end(this.#call.id, this.flight);
      supersede(this.flight);
    }, ignore);
  }

  /** Releases the lease at once, however long the loader still runs: its value will not be stored. */
  onSuperseded(): void {
    if (!this.#isWatching) return;
    this.#stopWatching();
    if (this.#remote?.leased !== true) return;
    const { loadedWrites, lifecycle } = this.#deps;
    const release = this.flight.isOverdue
      ? loadedWrites.releaseEmpty(this.#remote)
      : loadedWrites.release(this.#remote);
    lifecycle.untilEnded(release);
  }

  onAbandoned(): void {
    this.#deps.work.loads.end(this.#call.id, this.flight);
  }

  onEntryChanged(): boolean {
    if (this.#guardState === 'unguarded') return false;
    this.flight.stale = undefined;
    if (this.#guardState === 'asking') this.#entryChanged = true;
    else this.onGuardChanged();
    return true;
  }

  onGuardChanged(): void {
    if (!this.#isWatching || this.#remote === undefined) return;
    void this.#supersedeUnless(this.#remote.isCurrent());
  }
}

/**
 * The value at hand, if it may be served for `reason`. Pulls tag invalidations by other instances first, since an
 * invalidation ends the grace.
 */
export async function valueAtHand(
  deps: Pick<LoadDeps, 'lookup' | 'entries'>,
  flight: SingleFlight,
  reason: 'load-failed' | 'soft-timeout' | 'hard-timeout',
): Promise<Extract<LoadResult, { from: 'stale' }> | undefined> {
  const { stale } = flight;
  if (stale === undefined || flight.superseded) return undefined;
  await deps.lookup.pullTagsOf(stale);
  if (isSuperseded(flight) || !mayServeStale(deps.entries.stateOf(stale), reason)) return undefined;
  return { from: 'stale', value: stale.value };
}

/** True for a load that needs no guard in Redis: see `OptimisticLoads`. */
export function isOptimistic(
  { optimisticLoads, coherence }: Pick<LoadDeps, 'optimisticLoads' | 'coherence'>,
  { lock }: LoadPlan,
): boolean {
  if (optimisticLoads === undefined || lock) return false;
  const { channel } = coherence;
  return optimisticLoads.suits(channel?.armed === true && channel.hearsEverything);
}

/** True if the baseline came with the entry. An entry that cannot be used may be about to be removed. */
function isBegun(load: OptimisticLoad, read: L1Entry | undefined): boolean {
  return load.hasBegun && !(read === undefined && load.foundEntry);
}

/** As {@link isSuperseded}: a caller that forces a load may have joined meanwhile. */
function isForced(flight: SingleFlight): boolean {
  return flight.forced;
}

/** True if no tier can store the value, because of its kind, its size or its tags. */
function isUnstorable(error: unknown): error is Error {
  return error instanceof SerializationError || error instanceof ValidationError;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}

function ignore(): void {
  // Redis is unavailable: the load relies on the state of this process.
}
