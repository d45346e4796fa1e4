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
import { GetOrSet } from './get-or-set.js';
import type { LoadDeps } from './load-deps.js';
import { keysAtOnce, PortionedSignal, PortionedTimers } from './portions.js';
import type { SingleFlight } from './single-flight.js';

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
 * One call of `getOrSetMany`, straight down: the plain hits in the L1; for each other key a call of {@link GetOrSet},
 * whose loader asks for its value at {@link BulkLoad}; the values and errors of all. So a key has every guarantee of
 * `getOrSet`, and shares its load with all callers.
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
class ManyKeys {
  readonly #deps: LoadDeps;
  readonly #call: GetOrSetManyCall;
  readonly #plan: BulkPlan;
  readonly #caller: SingleFlight | undefined;
  readonly #getOrSet: GetOrSet;
  /** Without duplicates. */
  readonly #keys: readonly string[];
  readonly #bulk: BulkLoad;
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
    const own = hasTimeout ? { ...deps, timers: new PortionedTimers(deps.timers) } : deps;
    this.#deps = deps;
    this.#call = call;
    this.#plan = plan;
    this.#shared = plan.load;
    this.#caller = caller;
    this.#getOrSet = new GetOrSet(own, keyspace, counters);
    const indexOf = new Map<string, number>();
    for (const key of call.keys) if (!indexOf.has(key)) indexOf.set(key, indexOf.size);
    // A copy: the caller may change its array later.
    this.#keys = [...indexOf.keys()];
    this.#values = new Array<unknown>(this.#keys.length);
    this.#bulk = new BulkLoad(call.loader, plan, indexOf);
    this.#signal = signal === undefined ? undefined : new PortionedSignal(signal);
  }

  async all(): Promise<Map<string, unknown>> {
    const { signal } = this.#plan.load;
    if (signal === undefined) return this.#allNow();
    // The call ends at once, whatever its keys still wait for.
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        reject(signal.reason as Error);
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
    this.#bulk.allBegun();
    this.#ended();
    await done;
    return this.#result();
  }

  /** Begins every key, in portions: each is decided before the next one begins. */
  async #begin(): Promise<void> {
    const turn = new Turn();
    let begun = 0;
    let signal: AbortSignal | undefined;
    for (let i = 0; i < this.#keys.length; i++) {
      const key = this.#keys[i] as string;
      const hit = this.#call.plainHit(key);
      if (hit !== undefined) {
        this.#values[i] = hit;
        if (i % keysAtOnce === 0 && turn.isOver) await turn.next();
        continue;
      }
      if (this.#isOver(i)) return;
      if (begun % keysAtOnce === 0) signal = this.#signal?.next();
      this.#beginKey(i, key, signal);
      begun++;
      if (begun % keysAtOnce !== 0) continue;
      await turn.next();
      if (begun % portionSize === 0) await this.#bulk.calm();
    }
  }

  /** The call has ended, or the cache was closed: the keys from here on do not begin. */
  #isOver(from: number): boolean {
    const { lifecycle } = this.#deps;
    if (this.#plan.load.signal?.aborted === true) return true;
    if (!lifecycle.closed) return false;
    const error = lifecycle.closedError();
    for (let i = from; i < this.#keys.length; i++) this.#errors.set(i, error);
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
    const { options, absent } = this.#plan;
    const loader = absent === 'skip' ? this.#bulk.load : this.#bulk.loadOrNull;
    this.#getOrSet.run({ key, loader, options, outcome: this.#call.outcome, bulk: member }).then(
      (value) => {
        member.decided();
        this.#values[index] = value === undefined && absent === 'null' ? null : value;
        this.#ended();
      },
      (error: unknown) => {
        if (this.#mayLoadAnew(error, plan)) {
          this.#deps.refusals.report(error, key, options as LoadOptions);
          this.#load(index, key, { ...plan, forced: true });
        } else {
          this.#errors.set(index, error);
          this.#ended();
        }
        member.decided();
      },
    );
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
