import { timerMs } from '../../base/duration.js';
import { Turn } from '../../base/turn.js';
import type { RemoteTier } from '../../tiers/remote-tier.js';
import type { BulkPlan } from '../entry/bulk-plan.js';
import type { Keyspace } from '../entry/keyspace.js';
import { shortened, type LoadPlan, type StorePlan } from '../entry/store-plan.js';
import type { CallOutcome } from '../observe/observer.js';
import { ReadFailure } from '../read/lookup.js';
import { failed } from '../recover/error-policy.js';
import type { BulkLoad } from './bulk-load.js';
import type { BulkMember } from './bulk-member.js';
import { waitWithTimeouts } from './caller-timeouts.js';
import { afterWaiting, again, type GetOrSet, type Planned } from './get-or-set.js';
import type { LoadDeps } from './load-deps.js';
import { isOptimistic, type LoadDriver, type LoadRun } from './load-run.js';
import { keysAtOnce } from './portions.js';
import type { LoadOutcome, LoadResult, Participant, SingleFlight } from './single-flight.js';

/** Loads that ask Redis with one command, and whose answers are taken in one turn of the event loop. */
const readAtOnce = 200;

/** The keys of a call, as their loads see them. `index`: the place of the key in the call. */
export interface KeysInCall {
  answered(index: number, value: unknown): void;
  failed(index: number, error: unknown): void;
  /** The load gave no answer: the key begins anew. */
  beginsAnew(index: number, key: string, plan: LoadPlan): void;
}

export interface DrivenLoadsOptions {
  readonly deps: LoadDeps;
  readonly keyspace: Keyspace;
  readonly getOrSet: GetOrSet;
  readonly bulk: BulkLoad;
  readonly plan: BulkPlan;
  /** The load whose loader makes the call. */
  readonly caller: SingleFlight | undefined;
  readonly outcome: CallOutcome;
  readonly keys: KeysInCall;
  /** A signal for keys that wait by themselves; undefined = the call has none. */
  readonly nextSignal: () => AbortSignal | undefined;
}

/**
 * The loads of one call for many keys which it drives itself ({@link LoadRun}): while such a key waits it has no
 * promise, no timer and no listener of its own. Redis is asked for a portion of keys at a time.
 *
 * Some keys drive their own load: a key with a value at hand, with a load to join, with a lease or a guard, a key that
 * is invalidated during its read, and a key whose first time-out has passed.
 */
export class DrivenLoads implements LoadDriver {
  readonly #options: DrivenLoadsOptions;
  /** The call, as a caller that may leave; undefined = it stays. */
  readonly #participant: Participant | undefined;
  /** Milliseconds until the first time-out; undefined = there is none. */
  readonly #firstTimeoutMs: number | undefined;
  readonly #storePlan: (() => StorePlan) | undefined;
  /** The loads that have not ended, if the call may leave them. */
  readonly #waiting = new Set<LoadRun>();
  readonly #stops: (() => void)[] = [];
  /** For refreshes that hits of these keys start. */
  readonly #member: BulkMember;
  #portion: LoadRun[] = [];

  constructor(options: DrivenLoadsOptions) {
    this.#options = options;
    const { bulk, caller } = options;
    const { load, ttlMs } = options.plan;
    const { softTimeoutMs, hardTimeoutMs, signal, jitter } = load;
    const timeouts = [softTimeoutMs, hardTimeoutMs].filter((ms) => ms !== undefined);
    if (timeouts.length > 0) this.#firstTimeoutMs = Math.min(...timeouts);
    if (signal !== undefined || timeouts.length > 0)
      this.#participant = { limitMs: hardTimeoutMs ?? Infinity };
    const started = (flight: SingleFlight): void => {
      bulk.started(flight);
    };
    this.#member = { plan: load, caller, started, joined: ignore, beforeLease: bulk.beforeLease };
    // Each entry gets its own jitter, so that entries stored together do not expire together.
    if (jitter > 0) this.#storePlan = () => ({ ...load, ttlMs: shortened(ttlMs, jitter) });
  }

  /** True if a call with this plan may drive loads: leases and guards are asked for key by key. */
  static suits(deps: LoadDeps, { load }: BulkPlan): boolean {
    if (load.lock) return false;
    return deps.l2 === undefined || load.tiers === 'l1' || isOptimistic(deps, load);
  }

  /** Starts the load of a key. False = the key must begin by itself. Call {@link flush} after the last key. */
  start(index: number, key: string): boolean {
    const { getOrSet, caller, keys } = this.#options;
    let load: LoadRun | undefined;
    try {
      load = getOrSet.startDriven(this.#planned(index, key), this);
    } catch (error) {
      keys.failed(index, error);
      return true;
    }
    if (load === undefined) return false;
    if (this.#participant === undefined) load.flight.stay();
    else {
      load.flight.enter(this.#participant);
      this.#waiting.add(load);
    }
    caller?.startAwaiting(load.flight);
    this.#portion.push(load);
    return true;
  }

  get isFull(): boolean {
    return this.#portion.length >= readAtOnce;
  }

  /** Asks Redis for the keys that have started. */
  flush(): void {
    if (this.#portion.length === 0) return;
    const { bulk, deps } = this.#options;
    const portion = this.#portion;
    this.#portion = [];
    bulk.begin();
    if (this.#firstTimeoutMs !== undefined) {
      const timeUp = (): void => {
        this.#waitApart(portion);
      };
      this.#stops.push(deps.timers.start(timerMs(this.#firstTimeoutMs), timeUp));
    }
    this.#ask(portion)
      .catch((error: unknown) => {
        for (const load of portion) if (!load.flight.hasEnded) load.fail(error);
      })
      .finally(bulk.decided);
  }

  needsValue(load: LoadRun): void {
    this.#options.bulk.needsValue(load);
  }

  goesAlone(load: LoadRun): void {
    this.#options.bulk.started(load.flight);
  }

  ended(load: LoadRun, outcome: LoadOutcome): void {
    // The key waits by itself, or the call has left.
    if (this.#participant !== undefined && !this.#waiting.delete(load)) return;
    if ('result' in outcome) this.#answer(load, outcome.result, 0);
    else this.#fail(load, outcome.error);
  }

  /** The call leaves all loads, in several turns of the event loop. */
  async leaveAll(reason: unknown): Promise<void> {
    const participant = this.#participant;
    if (participant === undefined) return;
    const turn = new Turn();
    let left = 0;
    for (const load of this.#waiting) {
      if (left++ % keysAtOnce === keysAtOnce - 1) await turn.next();
      if (!this.#waiting.delete(load)) continue;
      load.flight.leave(participant, reason);
      this.#fail(load, reason);
    }
  }

  /** The call has ended. */
  stop(): void {
    for (const stop of this.#stops) stop();
  }

  async #ask(portion: readonly LoadRun[]): Promise<void> {
    const { deps, plan } = this.#options;
    const { l2, tags } = deps;
    const { tiers, forced } = plan.load;
    // The tag epoch at the start of the loader decides which later invalidations cover its value.
    const pulling = l2 === undefined ? undefined : tags.pullForLoad(plan.load.tags.length > 0);
    const pulled = pulling?.catch(ignore);
    if (l2 === undefined || tiers === 'l1') {
      // The loader runs after the calls of this turn have joined.
      await pulled;
      for (const load of portion) load.needsValue();
    } else if (forced) {
      await pulled;
      for (const load of portion) load.asks(false);
      await Promise.all(portion.map((load) => load.takesBaseline()));
    } else {
      await this.#read(l2, portion, pulled);
    }
  }

  async #read(
    l2: RemoteTier,
    portion: readonly LoadRun[],
    pulled: Promise<unknown> | undefined,
  ): Promise<void> {
    const { deps, keyspace, plan } = this.#options;
    const { missForecast, lookup } = deps;
    const { expectsMiss } = missForecast;
    const prepared = portion.map((load) => load.asks(expectsMiss));
    const keys = portion.map(({ key }) => key);
    const found = await lookup.tryManyInL2(l2, keyspace, keys, plan.load, prepared);
    if (pulled !== undefined) await pulled;
    const withoutBaseline: LoadRun[] = [];
    for (let i = 0; i < portion.length; i++) {
      const load = portion[i] as LoadRun;
      const each = found === failed ? failed : found[i];
      if (each instanceof ReadFailure) load.fail(each.error);
      else if (load.found(each, prepared[i])) withoutBaseline.push(load);
    }
    await Promise.all(withoutBaseline.map((load) => load.takesBaseline()));
  }

  /** The first time-out has come: each key that still waits does so by itself from now on. */
  #waitApart(portion: readonly LoadRun[]): void {
    const { deps, nextSignal, plan } = this.#options;
    const participant = this.#participant as Participant;
    const waitedMs = this.#firstTimeoutMs as number;
    const ownPlan = { ...plan.load, signal: nextSignal() };
    for (const load of portion) {
      if (!this.#waiting.delete(load)) continue;
      const waiting = waitWithTimeouts(deps, load.key, load.flight, ownPlan, waitedMs);
      load.flight.leave(participant, undefined);
      const start = performance.now();
      waiting.then(
        (result) => {
          this.#answer(load, result, waitedMs + performance.now() - start);
        },
        (error: unknown) => {
          this.#fail(load, error);
        },
      );
    }
  }

  #answer(load: LoadRun, result: LoadResult, waitedMs: number): void {
    const { getOrSet, caller, keys, plan } = this.#options;
    const { index, key } = load;
    caller?.stopAwaiting(load.flight);
    let answer: unknown;
    try {
      answer = getOrSet.answerOf(this.#planned(index, key), result);
    } catch (error) {
      keys.failed(index, error);
      return;
    }
    if (answer === again) keys.beginsAnew(index, key, afterWaiting(plan.load, waitedMs));
    else keys.answered(index, answer);
  }

  #fail(load: LoadRun, error: unknown): void {
    const { getOrSet, caller, keys } = this.#options;
    caller?.stopAwaiting(load.flight);
    getOrSet.failed(this.#planned(load.index, load.key));
    keys.failed(load.index, error);
  }

  #planned(index: number, key: string): Planned {
    const { keyspace, plan, bulk, outcome, caller } = this.#options;
    // One literal: spreads take several times as long.
    return {
      key,
      index,
      id: keyspace.id(key),
      plan: plan.load,
      loader: bulk.load,
      options: plan.options,
      outcome,
      caller,
      bulk: this.#member,
      storePlan: this.#storePlan,
    };
  }
}

function ignore(): void {
  // Redis is unavailable, and the load relies on the tag table of this process.
}
