import type { L1Entry } from '../../tiers/memory/l1-entry.js';
import type { OptimisticLoad } from '../../tiers/redis/optimistic-loads.js';
import type { BaselineRequest } from '../../tiers/remote-tier.js';
import type { Loader } from '../contract/options.js';
import { copyOut } from '../entry/isolation.js';
import type { Keyspace } from '../entry/keyspace.js';
import type { LoadPlan, StorePlan } from '../entry/store-plan.js';
import { revived } from '../entry/value-rules.js';
import { activity } from '../observe/activity.js';
import { failed } from '../recover/error-policy.js';
import { runAs } from './calling-flight.js';
import { LoadDecisions } from './load-decisions.js';
import type { LoadDeps } from './load-deps.js';
import { LoadedValue } from './loaded-value.js';
import { isDueAgain, isRefreshDue } from './refresh-due.js';
import { RemoteWatch } from './remote-watch.js';
import type { FlightOptions, LoadOutcome, LoadResult, SingleFlight } from './single-flight.js';
import { mayServeStale } from './stale-policy.js';
import { takeGuard } from './take-guard.js';
import { valueAtHand } from './value-at-hand.js';

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
 * One load, straight down: ask Redis for the entry and for what the load compares at its end (or take the guard and the
 * lease), run the loader, store the value. All callers of the key share it by its {@link SingleFlight}. A
 * remote change of the entry meanwhile: {@link RemoteWatch}. The ways of the value into the tiers: {@link LoadedValue}.
 *
 * *Driven loads.* An async function and its promises take several kilobytes for each load that waits. So a call for
 * many keys drives its loads itself: it reads many entries at once, runs one loader, and tells each load what concerns
 * it. The driver calls, in this order: `asks`, `found`, `takesBaseline` if `found` asks for it; the load answers with
 * `LoadDriver.needsValue`; then `resolve` or `reject`. `goAlone` turns a driven load into one that drives itself, if
 * something is special about its key.
 */
export class LoadRun {
  readonly flight: SingleFlight;
  readonly #deps: LoadDeps;
  readonly #call: LoadCall;
  readonly #watch: RemoteWatch;
  /** undefined = the load drives itself. */
  #driver: LoadDriver | undefined;
  #decisions: LoadDecisions | undefined;
  #isLoaderRunning = false;
  /** `performance.now()`, if calls are attributed to requests. */
  #loaderStart: number | undefined;
  /** Redis holds a value of a newer version. */
  #isOutdated = false;
  /** When the loader began, milliseconds since the epoch; read only with a replica that lags behind. */
  #beganAt = 0;

  private constructor(deps: LoadDeps, call: LoadCall, options: Omit<FlightOptions, 'key'>) {
    this.#deps = deps;
    this.#call = call;
    this.#watch = new RemoteWatch(deps, call.id, { key: call.key, ...options });
    this.flight = this.#watch.flight;
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
        trace.leased = this.#watch.remote?.leased === true;
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
    this.#watch.noteChanges();
    return expectsMiss ? this.#prepared() : undefined;
  }

  /**
   * Of a driven load: its entry was read, with `prepared` if `asks` returned it. True = the load needs its baseline, by
   * {@link takesBaseline}.
   */
  found(read: L1Entry | undefined | typeof failed, prepared: OptimisticLoad | undefined): boolean {
    if (read !== failed && read !== undefined && this.#watch.entryChanged) {
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
    this.#watch.compare(prepared);
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
      if (load !== undefined) this.#watch.compare(load);
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
    this.#watch.stop();
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
        return takeGuard(this.#deps, this.#call, this.#watch);
      }
      load = await this.#beginOptimistically();
      if (load === undefined) return undefined;
    }
    this.#watch.compare(load);
    return undefined;
  }

  /** The answer from what Redis holds; undefined = the loader must run. Counts a miss. */
  #answerOrMiss(read: L1Entry | undefined): LoadResult | undefined {
    const { counters, missForecast } = this.#deps;
    const found = this.#ofVersion(read);
    const answer = found === undefined || this.flight.forced ? undefined : this.#answerFrom(found);
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
    const { plan } = this.#call;
    const { entries, backoff, clock } = this.#deps;
    const isFresh = entries.isWithinTtl(found);
    if (isFresh && !isDueAgain(this.#deps, flight, plan, found)) {
      return { from: 'l2', entry: found, isDue: isRefreshDue(this.#deps, plan, found) };
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
      this.#watch.noteChanges();
      const found = await lookup.tryL2('getOrSet', keyspace, key, plan, baseline);
      if (found === undefined || found === failed || !this.#watch.entryChanged) return found;
      if (reads < maxReads) continue;
      this.#watch.trustNoGuard();
      work.loads.supersede(id);
      return found;
    }
  }

  /** From now on a change of the entry elsewhere concerns the loader's value. */
  #prepareLoader(): void {
    const { flight } = this;
    flight.tagEpoch = this.#deps.tags.table.latest;
    if (this.#deps.replicaLag !== undefined) this.#beganAt = this.#deps.clock.now();
    if (this.#watch.remote?.leased === true) flight.holdUpLease();
    this.#watch.start();
  }

  #newDecisions(stale: unknown): LoadDecisions {
    const { keyspace, key, plan, storePlan } = this.#call;
    return new LoadDecisions(key, this.flight, keyspace, storePlan?.() ?? plan, stale);
  }

  /** A promise where Redis is asked. */
  #store(decisions: LoadDecisions, value: unknown): LoadResult | Promise<LoadResult> {
    const { keyspace, key, id } = this.#call;
    const load = {
      keyspace,
      key,
      id,
      watch: this.#watch,
      isOutdated: this.#isOutdated,
      beganAt: this.#beganAt,
    };
    return new LoadedValue(this.#deps, load, decisions, value).store();
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
    const { loadedWrites, backoff, clock, entries, loadFailures } = this.#deps;
    if (flight.isAbandoned) {
      await loadedWrites.release(this.#watch.remote);
      throw error;
    }
    await loadedWrites.releaseEmpty(this.#watch.remote);
    const retryAt = backoff.failed(id, clock.now());
    entries.postponeRefresh(id, retryAt);
    const value = await valueAtHand(this.#deps, flight, 'load-failed');
    if (value !== undefined) loadFailures.hidden(error, this.#call.key);
    if (value === undefined) throw error;
    if (flight.trace !== undefined) flight.trace.failure = error;
    return value;
  }
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

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}

function ignore(): void {
  // Redis is unavailable: the load relies on the state of this process.
}
