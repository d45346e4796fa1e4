import { BulkLoadError } from '../../base/errors.js';
import { portionSize, Turn } from '../../base/turn.js';
import type { BulkLoader, BulkLoadOptions } from '../contract/bulk-load.js';
import type { LoadOptions, Ttl } from '../contract/options.js';
import { bulkPlan, type BulkPlan } from '../entry/bulk-plan.js';
import type { Keyspace } from '../entry/keyspace.js';
import { loadPlan, type LoadPlan } from '../entry/store-plan.js';
import { isRevived } from '../entry/value-rules.js';
import { ReviveFailure } from '../../values/revive-failure.js';
import type { Counters } from '../observe/counters.js';
import type { CallOutcome } from '../observe/observer.js';
import { BulkLoad } from './bulk-load.js';
import type { BulkMember } from './bulk-member.js';
import { callingFlight } from './calling-flight.js';
import { DrivenLoads, type KeysInCall } from './driven-loads.js';
import { GetOrSet } from './get-or-set.js';
import type { LoadDeps } from './load-deps.js';
import { keysAtOnce, PortionedSignal, PortionedTimers } from './portions.js';
import type { SingleFlight } from './single-flight.js';

/** Keys that are asked for at a time. Redis may answer them all in one turn, in which each of them is decided. */
const decidedTogether = 400;

/** One call of `getOrSetMany`. */
export interface GetOrSetManyCall {
  readonly keys: readonly string[];
  readonly loader: BulkLoader<unknown>;
  readonly options: Ttl | BulkLoadOptions | undefined;
  readonly outcome: CallOutcome;
  /** The caller's copy of a fresh value, counted as a hit; undefined = none, or it needs a further look. */
  readonly plainHit: (key: string) => unknown;
  /** The load whose loader makes this call. Default: found here, unless the caller has awaited something before. */
  readonly caller?: SingleFlight | undefined;
}

/**
 * One call of `getOrSetMany`, straight down: the plain hits in the L1; for each other key a load that the call drives
 * ({@link DrivenLoads}), or else a call of {@link GetOrSet}; the loader, called for all loads by {@link BulkLoad}; the
 * values and errors of all. So a key has every guarantee of `getOrSet`, and shares its load with all callers.
 */
export class GetOrSetMany {
  readonly #deps: LoadDeps;
  readonly #keyspace: Keyspace;
  readonly #counters: Counters;

  constructor(deps: LoadDeps, keyspace: Keyspace, counters: Counters) {
    this.#deps = deps;
    this.#keyspace = keyspace;
    this.#counters = counters;
  }

  async run(call: GetOrSetManyCall): Promise<Map<string, unknown>> {
    // Must run before the first `await`.
    const caller = call.caller ?? callingFlight();
    const plan = bulkPlan(call.options, this.#deps.defaults);
    plan.load.signal?.throwIfAborted();
    const run = new ManyKeys(this.#deps, this.#keyspace, this.#counters, call, plan, caller);
    return run.all();
  }
}

/** The keys of one call. */
class ManyKeys implements KeysInCall {
  readonly #deps: LoadDeps;
  readonly #keyspace: Keyspace;
  readonly #call: GetOrSetManyCall;
  readonly #plan: BulkPlan;
  readonly #caller: SingleFlight | undefined;
  readonly #getOrSet: GetOrSet;
  /** As the caller gave them. A copy: the caller may change its array later. */
  readonly #given: readonly string[];
  /** Without duplicates, as far as they have begun. */
  readonly #keys: string[] = [];
  readonly #indexOf = new Map<string, number>();
  readonly #bulk: BulkLoad;
  /** Made for the first key that is no hit. */
  #driven: DrivenLoads | undefined;
  #mayDrive: boolean | undefined;
  /** By index; undefined = absent. */
  readonly #values: unknown[];
  readonly #errors = new Map<number, unknown>();
  readonly #signal: PortionedSignal | undefined;
  /** The plan of the keys with one signal. */
  #shared: LoadPlan;
  #left = 0;
  #allDone: () => void = ignore;

  constructor(
    deps: LoadDeps,
    keyspace: Keyspace,
    counters: Counters,
    call: GetOrSetManyCall,
    plan: BulkPlan,
    caller: SingleFlight | undefined,
  ) {
    const { softTimeoutMs, hardTimeoutMs, signal } = plan.load;
    const hasTimeout = softTimeoutMs !== undefined || hardTimeoutMs !== undefined;
    this.#deps = hasTimeout ? { ...deps, timers: new PortionedTimers(deps.timers) } : deps;
    this.#keyspace = keyspace;
    this.#call = call;
    this.#plan = plan;
    this.#shared = plan.load;
    this.#caller = caller;
    this.#getOrSet = new GetOrSet(this.#deps, keyspace, counters);
    this.#given = call.keys.slice();
    this.#values = new Array<unknown>(call.keys.length);
    this.#bulk = new BulkLoad(call.loader, plan, this.#indexOf);
    this.#signal = signal === undefined ? undefined : new PortionedSignal(signal);
  }

  #startDriving(): void {
    const plan = this.#plan;
    this.#mayDrive = DrivenLoads.suits(this.#deps, plan);
    if (!this.#mayDrive) return;
    this.#driven = new DrivenLoads({
      ...{ deps: this.#deps, keyspace: this.#keyspace, getOrSet: this.#getOrSet, bulk: this.#bulk, plan },
      ...{ caller: this.#caller, outcome: this.#call.outcome, keys: this },
      nextSignal: () => this.#signal?.next(),
    });
  }

  async all(): Promise<Map<string, unknown>> {
    const { signal } = this.#plan.load;
    if (signal === undefined) return this.#allNow();
    // The call ends at once, whatever its keys still wait for.
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        reject(signal.reason as Error);
        void this.#driven?.leaveAll(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#allNow()
        .finally(() => {
          signal.removeEventListener('abort', leave);
          this.#signal?.stop();
        })
        .then(resolve, reject);
    });
  }

  async #allNow(): Promise<Map<string, unknown>> {
    const done = new Promise<void>((resolve) => {
      this.#allDone = resolve;
    });
    this.#left = 1;
    await this.#begin();
    this.#driven?.flush();
    this.#bulk.allBegun();
    this.#ended();
    await done;
    this.#driven?.stop();
    return this.#result();
  }

  /** Begins every key, in portions: each is decided before the next one begins. */
  async #begin(): Promise<void> {
    const turn = new Turn();
    /** Keys that have begun since all were decided. */
    let begun = 0;
    /** Keys that have begun by themselves. */
    let alone = 0;
    let signal: AbortSignal | undefined;
    const [given, keys, indexOf, values] = [this.#given, this.#keys, this.#indexOf, this.#values];
    for (const key of given) {
      if (indexOf.has(key)) continue;
      const i = keys.push(key) - 1;
      indexOf.set(key, i);
      const hit = this.#call.plainHit(key);
      if (hit !== undefined) {
        values[i] = hit;
        if (i % keysAtOnce === 0 && turn.isOver) {
          this.#driven?.flush();
          await turn.next();
        }
        continue;
      }
      if (this.#isOver(i)) return;
      begun++;
      if (this.#beginsDriven(i, key)) {
        if (!this.#driven?.isFull) continue;
      } else {
        if (alone++ % keysAtOnce === 0) signal = this.#signal?.next();
        this.#beginKey(i, key, signal);
        if (alone % keysAtOnce !== 0) continue;
      }
      this.#driven?.flush();
      await turn.next();
      if (begun < decidedTogether) continue;
      await this.#bulk.calm();
      begun = 0;
    }
  }

  #beginsDriven(index: number, key: string): boolean {
    if (this.#mayDrive === undefined) this.#startDriving();
    if (this.#driven === undefined) return false;
    this.#left++;
    const isDriven = this.#driven.start(index, key);
    if (!isDriven) this.#left--;
    return isDriven;
  }

  /** The call has ended, or the cache was closed: the keys from here on do not begin. */
  #isOver(from: number): boolean {
    const { lifecycle } = this.#deps;
    if (this.#plan.load.signal?.aborted === true) return true;
    if (!lifecycle.closed) return false;
    const error = lifecycle.closedError();
    this.#errors.set(from, error);
    for (const key of this.#given) {
      if (this.#indexOf.has(key)) continue;
      const i = this.#keys.push(key) - 1;
      this.#indexOf.set(key, i);
      this.#errors.set(i, error);
    }
    return true;
  }

  #beginKey(index: number, key: string, signal: AbortSignal | undefined): void {
    this.#left++;
    this.#load(index, key, this.#planOf(signal));
  }

  /** The plan of one key. Each entry gets its own jitter, so that entries stored together do not expire together. */
  #planOf(signal: AbortSignal | undefined): LoadPlan {
    const { load, options } = this.#plan;
    if (load.jitter > 0) return { ...loadPlan(options, this.#deps.defaults), signal };
    if (this.#shared.signal !== signal) this.#shared = { ...load, signal };
    return this.#shared;
  }

  // Promises with callbacks: an async function would keep several objects for each key that waits.
  #load(index: number, key: string, plan: LoadPlan): void {
    const member = new Member(this.#bulk, plan, this.#caller);
    const { options } = this.#plan;
    const { outcome } = this.#call;
    this.#getOrSet.run({ key, loader: this.#bulk.load, options, outcome, bulk: member }).then(
      (value) => {
        member.decided();
        this.answered(index, value);
      },
      (error: unknown) => {
        this.#failed(index, key, error, plan);
        member.decided();
      },
    );
  }

  answered(index: number, value: unknown): void {
    this.#values[index] = value === undefined && this.#plan.absent === 'null' ? null : value;
    this.#ended();
  }

  failed(index: number, error: unknown): void {
    this.#failed(index, this.#keys[index] as string, error, this.#plan.load);
  }

  #failed(index: number, key: string, error: unknown, plan: LoadPlan): void {
    if (this.#mayLoadAnew(error, plan)) {
      this.#deps.refusals.report(error, key, this.#plan.options as LoadOptions);
      this.#load(index, key, { ...plan, forced: true });
      return;
    }
    this.#errors.set(index, error);
    this.#ended();
  }

  beginsAnew(index: number, key: string, plan: LoadPlan): void {
    this.#load(index, key, { ...plan, signal: this.#signal?.next() });
  }

  /** A stored value that cannot be revived counts as a miss, and is loaded anew. */
  #mayLoadAnew(error: unknown, { forced }: LoadPlan): error is ReviveFailure {
    return error instanceof ReviveFailure && isRevived(this.#plan.options) && !forced;
  }

  #ended(): void {
    if (--this.#left === 0) this.#allDone();
  }

  /** @throws BulkLoadError if a key failed, unless the caller takes what there is */
  async #result(): Promise<Map<string, unknown>> {
    const values = new Map<string, unknown>();
    const errors = new Map<string, unknown>();
    const turn = new Turn();
    for (let i = 0; i < this.#keys.length; i++) {
      if (i % portionSize === portionSize - 1 && turn.isOver) await turn.next();
      const key = this.#keys[i] as string;
      if (this.#errors.has(i)) errors.set(key, this.#errors.get(i));
      else if (this.#values[i] !== undefined) values.set(key, this.#values[i]);
    }
    if (errors.size > 0 && !this.#plan.partial) throw new BulkLoadError(values, errors);
    return values;
  }
}

/** One key of a call. */
class Member implements BulkMember {
  readonly plan: LoadPlan;
  readonly caller: SingleFlight | undefined;
  readonly beforeLease: BulkMember['beforeLease'];
  readonly #bulk: BulkLoad;
  #isDecided = false;

  constructor(bulk: BulkLoad, plan: LoadPlan, caller: SingleFlight | undefined) {
    this.plan = plan;
    this.caller = caller;
    this.beforeLease = bulk.beforeLease;
    this.#bulk = bulk;
    bulk.begin();
  }

  started(flight: SingleFlight): void {
    this.#bulk.started(flight);
    this.decided();
  }

  joined(): void {
    this.decided();
  }

  decided(): void {
    if (this.#isDecided) return;
    this.#isDecided = true;
    this.#bulk.decided();
  }
}

function ignore(): void {
  // Nothing waits yet.
}
