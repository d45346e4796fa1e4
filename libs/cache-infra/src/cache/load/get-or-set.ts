import { CircularLoadError } from '../../base/errors.js';
import type { Loader, LoadOptions, Ttl } from '../contract/options.js';
import { copyForJoiner, copyOut } from '../entry/isolation.js';
import type { Keyspace } from '../entry/keyspace.js';
import { loadPlan, type LoadPlan, type StorePlan } from '../entry/store-plan.js';
import { revived } from '../entry/value-rules.js';
import { ReviveFailure } from '../../values/revive-failure.js';
import { wholeOf } from '../../values/graph.js';
import type { L1Entry } from '../../tiers/memory/l1-entry.js';
import type { Counters } from '../observe/counters.js';
import type { CallOutcome } from '../observe/observer.js';
import { failed } from '../recover/error-policy.js';
import type { BulkMember } from './bulk-member.js';
import { awaits } from './awaited-loads.js';
import { callingFlight } from './calling-flight.js';
import { waitWithTimeouts } from './caller-timeouts.js';
import type { LoadDeps } from './load-deps.js';
import { LoadRun, type LoadDriver } from './load-run.js';
import type { LoadResult, SingleFlight } from './single-flight.js';
import type { Verification } from './verification.js';
import { mayServeStale } from './stale-policy.js';

/**
 * Most loads that one call joins in turn before it runs its own. A call joins again if a load was invalidated, or left
 * to another instance.
 */
const maxJoins = 100;

/** One call of `getOrSet`. */
export interface GetOrSetCall {
  readonly key: string;
  readonly loader: Loader<unknown, unknown>;
  readonly options: Ttl | LoadOptions | undefined;
  readonly outcome: CallOutcome;
  /** The call for many keys that this one is part of. */
  readonly bulk?: BulkMember | undefined;
  /** The load whose loader makes this call. Default: found here, unless the caller has awaited something before. */
  readonly caller?: SingleFlight | undefined;
}

/** The call with its options resolved. */
export interface Planned extends GetOrSetCall {
  /** The place of the key in a call for many. */
  readonly index?: number | undefined;
  readonly id: string;
  plan: LoadPlan;
  /** The load whose loader makes this call; undefined = no loader does. */
  readonly caller: SingleFlight | undefined;
  /** How the value is stored. Default: as `plan` says. */
  readonly storePlan?: (() => StorePlan) | undefined;
}

/** No answer: the call begins anew. A value may be `undefined`. */
export const again = Symbol('again');

/**
 * One call of `getOrSet`, straight down: a hit in the L1; the value at hand during a load in flight; the load itself,
 * joined or started ({@link LoadRun}: Redis, the lease, the loader, the tiers). All callers of the key share the load;
 * each has its own time-outs and signal.
 */
export class GetOrSet {
  readonly #deps: LoadDeps;
  readonly #keyspace: Keyspace;
  readonly #counters: Counters;
  readonly #verification: Verification | undefined;

  /**
   * `counters`: for hits and misses of calls. Loads count in the counters of `deps`. `verification`: default is none.
   */
  constructor(deps: LoadDeps, keyspace: Keyspace, counters: Counters, verification?: Verification) {
    this.#verification = verification;
    this.#deps = deps;
    this.#keyspace = keyspace;
    this.#counters = counters;
  }

  // One function for the usual case: each async function between would cost a promise and a turn.
  async run({ key, loader, options, outcome, bulk, caller: known }: GetOrSetCall): Promise<unknown> {
    // Must run before the first `await`.
    const caller = bulk === undefined ? (known ?? callingFlight()) : bulk.caller;
    const { defaults, entries, tags, lookup, errors, lifecycle } = this.#deps;
    const plan = bulk?.plan ?? loadPlan(options, defaults);
    if (plan.refreshAhead !== undefined) entries.carryTtl();
    const id = this.#keyspace.id(key);
    const call: Planned = { key, loader, options, outcome, bulk, id, plan, caller };
    const hasTimeout = plan.softTimeoutMs !== undefined || plan.hardTimeoutMs !== undefined;
    const start = hasTimeout ? performance.now() : 0;
    for (let round = 0; ; round++) {
      if (round > 0) {
        lifecycle.assertOpen();
        if (hasTimeout) call.plan = afterWaiting(plan, performance.now() - start);
      }
      plan.signal?.throwIfAborted();
      let redisFailed = false;
      if (tags.stale && !this.#skipsL1(plan)) {
        redisFailed = (await lookup.checkTags('getOrSet', id)) === failed;
      }
      const entry = plan.forced || this.#skipsL1(plan) ? undefined : entries.fresh(id, plan);
      if (entry !== undefined) return this.#hitL1(call, entry);
      if (round === 0 && !redisFailed && this.#expectsHitInL2(call)) {
        const hit = await this.#lookInL2(call);
        if (hit === failed) redisFailed = true;
        else if (hit !== again) return hit;
        lifecycle.assertOpen();
      }
      const stale = this.#staleAtHand(call);
      if (stale !== undefined && this.#isPausing(call, stale)) return this.#served(call, stale.value);
      if (tags.stale && this.#hasTags(call)) await errors.guarded('getOrSet', tags.pull());
      const running = this.#runningLoad(call);
      if (running !== undefined) {
        const atHand = await this.#valueDuring(running, call, redisFailed);
        if (atHand !== again) return atHand;
      }
      const joined = this.#loadToJoin(call, round < maxJoins);
      const flight =
        joined ?? this.#start(call, { forced: plan.forced, background: false, stale, redisFailed });
      if (joined !== undefined) this.#join(joined, call, stale);
      else if (outcome.trace !== undefined) outcome.trace.load = flight.trace;
      if (plan.signal !== undefined) awaits(plan.signal, flight);
      const epochAtJoining = tags.table.latest;
      // The tag table may lack invalidations by other instances.
      const isUnsure = joined !== undefined && tags.stale;
      const waited = caller?.awaits(flight);
      let result: LoadResult;
      try {
        result = await (hasTimeout
          ? waitWithTimeouts(this.#deps, key, flight, call.plan)
          : flight.join(plan.signal));
      } catch (error) {
        this.#counters.missed();
        outcome.missed(key);
        throw error;
      } finally {
        waited?.();
      }
      if (isUnsure && result.from === 'loader' && result.tags.length > 0)
        await errors.guarded('getOrSet', tags.pull());
      const isSuspect = isUnsure || (result.from === 'loader' && result.tagEpoch < epochAtJoining);
      const answer = this.#answerOf(call, result, joined !== undefined, isSuspect);
      if (answer !== again) return answer;
    }
  }

  /**
   * Starts the load of one key in a call for many, which drives it. undefined = the key needs {@link run}: a value is
   * at hand, a load can be joined, or tags of the key have to be checked.
   */
  startDriven(call: Planned, driver: LoadDriver): LoadRun | undefined {
    const { id, plan, key, index, loader, storePlan } = call;
    const { l1, entries, work, tags } = this.#deps;
    if (work.loads.get(id) !== undefined) return undefined;
    const hasEntry = l1?.get(id) !== undefined && !this.#skipsL1(plan);
    if (hasEntry && (tags.stale || (!plan.forced && entries.fresh(id, plan) !== undefined))) return undefined;
    if (plan.refreshAhead !== undefined) entries.carryTtl();
    const stale = this.#staleAtHand(call);
    if (stale !== undefined && this.#isPausing(call, stale)) return undefined;
    const load = { keyspace: this.#keyspace, key, index, id, loader, plan, storePlan };
    const options = { forced: plan.forced, background: false, stale, redisFailed: false };
    return LoadRun.startDriven(this.#deps, load, options, driver);
  }

  /** The answer of a driven load; `again` = there is none, and the key needs {@link run}. */
  answerOf(call: Planned, result: LoadResult): unknown {
    return this.#answerOf(call, result, false, false);
  }

  /** A driven load has failed. */
  failed({ key, outcome }: Planned): void {
    this.#counters.missed();
    outcome.missed(key);
  }

  #hitL1(call: Planned, entry: L1Entry): unknown {
    const { plan } = call;
    const value = this.#given(entry.value, plan);
    this.#counters.hitL1();
    call.outcome.hit(call.key, 'l1');
    if (plan.refreshAhead !== undefined) this.#refreshIfDue(call, entry);
    if (plan.verify > 0) this.#verify(call, entry, 'l1');
    return value;
  }

  /**
   * True for a plain call whose entry is probably in Redis: it reads the entry before it starts a load. Concurrent
   * calls share the read.
   */
  #expectsHitInL2({ id, plan, bulk, caller }: Planned): boolean {
    const { l2, missForecast, work, tags } = this.#deps;
    if (l2 === undefined || missForecast.expectsMiss || work.loads.get(id) !== undefined) return false;
    const isPlain = !plan.forced && plan.tiers !== 'l1' && plan.tags.length === 0 && !tags.stale;
    const mayLeave = plan.signal ?? plan.softTimeoutMs ?? plan.hardTimeoutMs;
    return (
      isPlain &&
      mayLeave === undefined &&
      plan.refreshAhead === undefined &&
      bulk === undefined &&
      caller === undefined
    );
  }

  /** The fresh entry in Redis, as this call gets it; `again` = there is none, and a load looks closer. */
  async #lookInL2(call: Planned): Promise<unknown> {
    const { lookup, missForecast } = this.#deps;
    const hit = await lookup.lookInL2('getOrSet', this.#keyspace, call.key, call.plan);
    if (hit === failed) return failed;
    missForecast.noted(hit === undefined);
    if (hit === undefined) return again;
    const value = hit.isOwn
      ? revived(wholeOf(hit.entry.value), call.plan.value)
      : this.#given(hit.entry.value, call.plan);
    if (!this.#skipsL1(call.plan)) this.#counters.missedL1();
    this.#counters.hitL2();
    call.outcome.hit(call.key, 'l2');
    if (call.plan.verify > 0) this.#verify(call, hit.entry, 'l2');
    return value;
  }

  #verify({ key, loader, plan }: Planned, entry: L1Entry, tier: 'l1' | 'l2'): void {
    if (this.#verification === undefined || !this.#deps.truth.chooses(plan.verify)) return;
    this.#verification.begin({ keyspace: this.#keyspace, key, entry, tier, loader, plan });
  }

  /** The stale entry in the L1. Counts the look as a miss there. */
  #staleAtHand({ id, plan }: Planned): L1Entry | undefined {
    if (this.#skipsL1(plan)) return undefined;
    if (!plan.forced) this.#counters.missedL1();
    return this.#deps.entries.stale(id, plan);
  }

  /** True if the loader has failed a moment ago, so that callers get the stale value. */
  #isPausing({ id, plan }: Planned, stale: L1Entry): boolean {
    const { entries, clock, backoff } = this.#deps;
    return (
      !plan.forced && backoff.isPausing(id, clock.now()) && mayServeStale(entries.stateOf(stale), 'backoff')
    );
  }

  /** The load in flight that this call waits for; undefined = it starts its own. */
  #loadToJoin({ key, id, caller }: Planned, mayJoin: boolean): SingleFlight | undefined {
    const { loads } = this.#deps.work;
    if (!mayJoin) loads.supersede(id);
    const joined = loads.get(id);
    if (joined !== undefined && caller !== undefined && joined.dependsOn(caller)) {
      throw new CircularLoadError(caller.key, key);
    }
    return joined;
  }

  /**
   * The load in flight for this key, unless it loads another version, or one of its tags, or of this call's, was
   * invalidated since it started.
   */
  #runningLoad({ id, plan }: Planned): SingleFlight | undefined {
    const { work, tags } = this.#deps;
    const flight = work.loads.get(id);
    if (flight !== undefined && plan.version !== 0 && flight.version !== plan.version) {
      work.loads.supersede(id);
      return undefined;
    }
    if (flight?.tagEpoch === undefined || (flight.tags.length === 0 && plan.tags.length === 0)) return flight;
    const covering = [...flight.tags, ...this.#keyspace.coveringTags(plan.tags)];
    if (tags.table.isValid(covering, flight.tagEpoch)) return flight;
    work.loads.supersede(id);
    return undefined;
  }

  /** True if the load in flight for this key has tags, or this call asks for some. */
  #hasTags({ id, plan }: Planned): boolean {
    const flight = this.#deps.work.loads.get(id);
    return flight !== undefined && (flight.tags.length > 0 || plan.tags.length > 0);
  }

  /** The value that a call gets during a load in flight without waiting for it; `again` = it waits. */
  async #valueDuring(flight: SingleFlight, call: Planned, redisFailed: boolean): Promise<unknown> {
    const { plan } = call;
    const { entries, lookup } = this.#deps;
    if (plan.forced) return again;
    const { stale } = flight;
    const isRefreshed =
      flight.background &&
      stale !== undefined &&
      mayServeStale(entries.stateOf(stale), 'refreshing-elsewhere');
    if (isRefreshed) return this.#hitL2(call, stale);
    if (!flight.forced || plan.tiers === 'l1' || redisFailed) return again;
    // Another caller forces the load. This call gets the cached value.
    const entry = await lookup.lookL2('getOrSet', this.#keyspace, call.key, plan);
    return entry === undefined ? again : this.#hitL2(call, entry);
  }

  #start(call: Planned, options: Parameters<typeof LoadRun.start>[2]): SingleFlight {
    const { key, id, loader, plan, bulk } = call;
    const beforeLease = bulk?.beforeLease;
    const load = { keyspace: this.#keyspace, key, id, loader, plan, beforeLease };
    const flight = LoadRun.start(this.#deps, load, options);
    bulk?.started(flight);
    return flight;
  }

  #join(flight: SingleFlight, { plan, options, bulk, outcome }: Planned, stale: L1Entry | undefined): void {
    bulk?.joined();
    outcome.trace?.joined(flight.trace);
    this.#deps.counters.joinedLoad();
    if (plan.forced) flight.forced = true;
    flight.stale ??= stale;
    flight.askTags(plan.tags, this.#keyspace);
    if (namesTtl(options)) flight.askTtl(plan.ttlMs);
  }

  /**
   * The answer from the result of a load; `again` = there is none. `isSuspect`: a tag of the value may have been
   * invalidated between the start of its loader and this call.
   */
  #answerOf(call: Planned, result: LoadResult, isJoined: boolean, isSuspect: boolean): unknown {
    if (result.from === 'other-instance') return again;
    if (result.from === 'stale') return this.#served(call, result.value);
    if (result.from === 'l2') {
      const { entry, isDue } = result;
      const value = this.#given(entry.value, call.plan);
      this.#counters.hitL2();
      call.outcome.hit(call.key, 'l2');
      if (isDue && this.#skipsL1(call.plan)) this.#refresh(call, entry);
      if (call.plan.verify > 0 && !isJoined) this.#verify(call, entry, 'l2');
      return value;
    }
    if (isSuspect && !this.#deps.tags.table.isValid(result.tags, result.tagEpoch)) return again;
    this.#counters.missed();
    call.outcome.missed(call.key);
    return this.#loaded(call, result, isJoined);
  }

  #loaded(call: Planned, result: Extract<LoadResult, { from: 'loader' }>, isJoined: boolean): unknown {
    if (!result.isStoredForm) return isJoined ? copyForJoiner(result.value, this.#deps) : result.value;
    try {
      return this.#given(result.value, call.plan);
    } catch (error) {
      if (!(error instanceof ReviveFailure)) throw error;
      // The stored value cannot be revived: callers get the loader's own value.
      this.#deps.refusals.report(error, call.key, result);
      return result.made;
    }
  }

  /** Starts a refresh if this hit is due for one. Callers get the value at hand meanwhile. */
  #refreshIfDue(call: Planned, entry: L1Entry): void {
    // `isRefreshDue` marks the entry, so ask it only if a refresh may begin.
    if (this.#mayRefresh(call.id) && this.#deps.entries.isRefreshDue(call.id, entry, call.plan)) {
      this.#refresh(call, entry);
    }
  }

  #refresh(call: Planned, entry: L1Entry): void {
    if (!this.#mayRefresh(call.id)) return;
    this.#deps.counters.refreshStarted();
    const plan = { ...call.plan, signal: undefined };
    this.#start({ ...call, plan }, { forced: false, background: true, stale: entry, redisFailed: false });
  }

  #mayRefresh(id: string): boolean {
    const { work, backoff, refreshBackoff, clock } = this.#deps;
    if (work.loads.get(id) !== undefined) return false;
    const now = clock.now();
    return !backoff.isPausing(id, now) && !refreshBackoff.isPausing(id, now);
  }

  #skipsL1({ tiers }: LoadPlan): boolean {
    return this.#deps.l1 === undefined || tiers === 'l2';
  }

  /** The copy of a stored value that this call gets. */
  #given(value: unknown, plan: LoadPlan): unknown {
    return revived(copyOut(value, this.#deps.isolation), plan.value, value);
  }

  #hitL2(call: Planned, entry: L1Entry): unknown {
    const value = this.#given(entry.value, call.plan);
    this.#counters.hitL2();
    call.outcome.hit(call.key, 'l2');
    return value;
  }

  /** Serves a stale value. It counts as a miss. */
  #served(call: Planned, value: unknown): unknown {
    this.#counters.missed();
    this.#deps.counters.servedStale();
    if (call.outcome.trace !== undefined) call.outcome.trace.stale = true;
    call.outcome.missed(call.key);
    return this.#given(value, call.plan);
  }
}

/** The plan with its time-outs shortened by the time that the call has waited. */
export function afterWaiting(plan: LoadPlan, waitedMs: number): LoadPlan {
  if (waitedMs === 0) return plan;
  const { softTimeoutMs, hardTimeoutMs } = plan;
  return {
    ...plan,
    softTimeoutMs: softTimeoutMs === undefined ? undefined : Math.max(0, softTimeoutMs - waitedMs),
    hardTimeoutMs: hardTimeoutMs === undefined ? undefined : Math.max(1, hardTimeoutMs - waitedMs),
  };
}

function namesTtl(options: Ttl | LoadOptions | undefined): boolean {
  return (typeof options === 'object' ? options.ttl : options) !== undefined;
}
