import { timerMs } from '../../base/duration.js';
import type { L1Entry } from '../../tiers/memory/l1-entry.js';
import { CacheTimeoutError } from '../../base/errors.js';
import { supersede } from '../invalidate/in-flight.js';
import type { LoadTrace } from '../observe/traces.js';
import type { LoadInFlight } from '../invalidate/in-flight-work.js';
import type { Keyspace } from '../entry/keyspace.js';
import { shorter, union } from '../entry/store-plan.js';

/** The result of a load. */
export type LoadResult =
  | {
      readonly from: 'loader';
      /** The stored value; the loader's own value if nothing is stored. */
      readonly value: unknown;
      /** The loader's own value. */
      readonly made: unknown;
      /** `value` has the form in which tiers store values. */
      readonly isStoredForm: boolean;
      /** A tier has stored the value: the load was not superseded, and Redis did not refuse it. */
      readonly stored: boolean;
      /** As the tag table names them. */
      readonly tags: readonly string[];
      /** The tag table's latest epoch when the loader started. */
      readonly tagEpoch: number;
    }
  | {
      readonly from: 'l2';
      readonly entry: L1Entry;
      /** The entry is due for a refresh. */
      readonly isDue: boolean;
    }
  | { readonly from: 'stale'; readonly value: unknown }
  /** Another instance loads the value, or the load reached its limit: a caller with time left begins anew. */
  | { readonly from: 'other-instance' };

/** How a load has ended. */
export type LoadOutcome = { readonly result: LoadResult } | { readonly error: unknown };

/** The load behind a flight. It is notified of the flight's events. */
export interface FlightObserver {
  /** The flight was superseded. */
  onSuperseded(): void;
  /** The last caller left, or the load exceeded the limit of every caller. */
  onAbandoned(): void;
  /** Another instance changed the entry. True = the load asks Redis itself whether the change supersedes it. */
  onEntryChanged(): boolean;
  /** Another instance changed the load guard. */
  onGuardChanged(): void;
}

/** A caller that may leave the flight. */
export interface Participant {
  /** Longest load that this caller waits for, milliseconds; `Infinity` = no limit. */
  readonly limitMs: number;
}

export interface FlightOptions {
  readonly key: string;
  /** Run the loader even if a tier has the value. */
  readonly forced: boolean;
  /** A hit started the load: no caller waits for it. */
  readonly background: boolean;
  /** The value at hand. */
  readonly stale: L1Entry | undefined;
  /** Redis already failed in this call: don't pay for a second time-out. */
  readonly redisFailed: boolean;
}

/**
 * One load of one key, shared by all callers (single flight).
 *
 * *Callers.* A caller with a signal or a time-out is a participant: it can leave. Other callers stay until the load
 * ends. When the last participant leaves and no other caller waits, the loader's signal aborts.
 *
 * *Held flights.* A flight is held if a caller was served at its `softTimeout`, or if a hit started it as a refresh:
 * the load continues without callers, and its value is stored.
 *
 * *Limits.* A load may take as long as its most patient caller allows (`hardTimeout`). Once the load has taken longer
 * than the limit of every caller, present or served, it is abandoned: a loader that hangs must not hold its key
 * forever.
 *
 * *Waits.* A loader may call the cache, and so wait for another flight. The graph of these waits finds circular loads,
 * and flights that hold up the lease of another instance.
 */
export class SingleFlight implements LoadInFlight {
  readonly key: string;
  superseded = false;
  /** Redis already failed in this call: don't pay for a second time-out. */
  readonly redisFailed: boolean;
  /** Run the loader even if a tier has the value. A caller may ask for that until the tiers have answered. */
  forced: boolean;
  /** A hit started the load: no caller waits for it. */
  readonly background: boolean;
  /** The value at hand, for when the loader fails or is slow. */
  stale: L1Entry | undefined;
  /** The tag table's latest epoch when the loader started; undefined = it has not started. */
  tagEpoch: number | undefined;
  /** The version of the value: see `VersionRule`. */
  version = 0;
  /** The load as tracers see it; undefined = nothing traces it. */
  trace: LoadTrace | undefined;
  /** The tags known so far, as the tag table names them. */
  tags: readonly string[] = noTags;
  /** Tags that joining callers ask for. */
  askedTags: readonly string[] = noTags;
  /** The shortest ttl that joining callers ask for, milliseconds; 0 = none that ends. */
  askedTtlMs = 0;
  /** Made when its signal is asked for: most loaders ignore it, and it takes more memory than the rest of a flight. */
  #controller: AbortController | undefined;
  #abandoned: { readonly reason: unknown } | undefined;
  #onAbandoned: (() => void) | undefined;
  #haveTiersBeenAsked = false;
  /** Called once every tier was asked. */
  #onTiersAsked: (() => void)[] | (() => void) | undefined;
  /** The load. Of a load in a call for many keys it is made when another caller joins. */
  #load: Promise<LoadResult> | undefined;
  #outcome: LoadOutcome | undefined;
  #onOutcome: ((outcome: LoadOutcome) => void) | undefined;
  #onEnd: (() => void) | undefined;
  /** The load, or the moment when it was abandoned. Made for callers that may leave. */
  #result: Promise<LoadResult> | undefined;
  #settle: (result: LoadResult) => void = ignore;
  /** Number of callers that stay until the load ends. */
  #unlimited = 0;
  /** Most flights have one at most: a set takes more memory than the rest of a flight. */
  #participants: Participant | Set<Participant> | undefined;
  /** Number of callers past their limit for which the stale value is still being checked. */
  #deciding = 0;
  /** The load continues without callers. */
  #held: boolean;
  /** The limit of served callers that the timer watches, milliseconds. */
  #heldMs = 0;
  /** The longest limit that the load has exceeded, milliseconds. */
  #overdueMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #holdsUpLease = false;
  /** The flights that this loader waits for, with the number of waiting calls. */
  #awaited: Map<SingleFlight, number> | undefined;
  /** The flight whose loader run makes this value, too. */
  #lead: SingleFlight | undefined;

  readonly #observer: FlightObserver;

  constructor(options: FlightOptions, observer: FlightObserver) {
    this.key = options.key;
    this.forced = options.forced;
    this.background = options.background;
    this.stale = options.stale;
    this.redisFailed = options.redisFailed;
    this.#held = options.background;
    this.#observer = observer;
  }

  onSuperseded(): void {
    this.#observer.onSuperseded();
  }

  entryChangedElsewhere(): boolean {
    return this.#observer.onEntryChanged();
  }

  guardChangedElsewhere(): void {
    this.#observer.onGuardChanged();
  }

  /** Resolves once every tier was asked for a stale value. */
  get staleKnown(): Promise<void> {
    return new Promise((resolve) => {
      this.whenTiersAsked(resolve);
    });
  }

  /** Calls `action` once every tier was asked: in a microtask, when the loader has been called if it must run. */
  whenTiersAsked(action: () => void): void {
    if (this.#haveTiersBeenAsked) queueMicrotask(action);
    else if (this.#onTiersAsked === undefined) this.#onTiersAsked = action;
    else if (typeof this.#onTiersAsked === 'function') this.#onTiersAsked = [this.#onTiersAsked, action];
    else this.#onTiersAsked.push(action);
  }

  /** Call it once every tier was asked. */
  tiersAsked(): void {
    if (this.#haveTiersBeenAsked) return;
    this.#haveTiersBeenAsked = true;
    const waiting = this.#onTiersAsked;
    this.#onTiersAsked = undefined;
    if (typeof waiting === 'function') queueMicrotask(waiting);
    else for (const action of waiting ?? []) queueMicrotask(action);
  }

  /** Aborts when the load is abandoned. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#abandoned !== undefined) this.#controller.abort(this.#abandoned.reason);
    }
    return this.#controller.signal;
  }

  /** Every caller has left, or the load exceeded the limit of every caller. */
  get isAbandoned(): boolean {
    return this.#abandoned !== undefined;
  }

  /** Calls `action` when the load is abandoned: a signal of each load takes much memory. One action at most. */
  whenAbandoned(action: () => void): void {
    this.#onAbandoned = action;
  }

  /** Why the load was abandoned. */
  get abandonReason(): unknown {
    return this.#abandoned?.reason;
  }

  /** @throws the reason for which the load was abandoned */
  throwIfAbandoned(): void {
    if (this.#abandoned !== undefined) throw this.#abandoned.reason;
  }

  /** The load exceeded the limit of a caller. */
  get isOverdue(): boolean {
    return this.#overdueMs > 0;
  }

  /** True if this flight waits, directly or through others, for `other`. */
  dependsOn(other: SingleFlight, seen = new Set<SingleFlight>()): boolean {
    if (this === other) return true;
    if ((this.#awaited === undefined && this.#lead === undefined) || seen.has(this)) return false;
    seen.add(this);
    if (this.#lead?.dependsOn(other, seen) === true) return true;
    for (const awaited of this.#awaited?.keys() ?? []) if (awaited.dependsOn(other, seen)) return true;
    return false;
  }

  /** One loader run makes the values of several flights: `lead` stands for the run. */
  follow(lead: SingleFlight): void {
    this.#lead = lead;
    if (this.holdsUpLease) lead.holdUpLease();
  }

  /** Notes that a call of this loader waits for `other`. Returns a function that ends the note. */
  awaits(other: SingleFlight): () => void {
    this.startAwaiting(other);
    return () => {
      this.stopAwaiting(other);
    };
  }

  /** As {@link awaits}, until {@link stopAwaiting}. */
  startAwaiting(other: SingleFlight): void {
    const awaited = (this.#awaited ??= new Map<SingleFlight, number>());
    awaited.set(other, (awaited.get(other) ?? 0) + 1);
    if (this.holdsUpLease) other.holdUpLease();
  }

  stopAwaiting(other: SingleFlight): void {
    const calls = (this.#awaited?.get(other) ?? 1) - 1;
    if (calls > 0) this.#awaited?.set(other, calls);
    else this.#awaited?.delete(other);
  }

  /** This load holds a lease, or a load with a lease waits for it. */
  get holdsUpLease(): boolean {
    return this.#holdsUpLease;
  }

  holdUpLease(): void {
    if (this.#holdsUpLease) return;
    this.#holdsUpLease = true;
    this.#lead?.holdUpLease();
    if (this.#awaited === undefined) return;
    for (const awaited of this.#awaited.keys()) awaited.holdUpLease();
  }

  /** Adds the tags of a joining caller. */
  askTags(tags: readonly string[], keyspace: Keyspace): void {
    if (tags.length === 0) return;
    this.askedTags = union(this.askedTags, tags);
    this.tags = union(this.tags, keyspace.coveringTags(tags));
  }

  /** Shortens the ttl to the one that a joining caller asks for. */
  askTtl(ttlMs: number): void {
    this.askedTtlMs = shorter(this.askedTtlMs, ttlMs);
  }

  /** `load`: the load that this flight shares. */
  begin(load: Promise<LoadResult>): void {
    this.#load = load;
    // Callers get a failure by `join`. Without a caller it is ignored, and not an unhandled rejection.
    load.catch(ignore);
  }

  /** Of a flight that has not begun with a promise. */
  get hasEnded(): boolean {
    return this.#outcome !== undefined;
  }

  /** Calls `action` once the load has ended or was abandoned, whatever its result. One action at most. */
  whenEnded(action: () => void): void {
    if (this.#load !== undefined) void this.ended().then(action);
    else if (this.#outcome !== undefined || this.#abandoned !== undefined) action();
    else this.#onEnd = action;
  }

  #noteEnd(): void {
    const action = this.#onEnd;
    this.#onEnd = undefined;
    action?.();
  }

  /** Call it when the load has ended. */
  loadEnded(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
  }

  /** Ends a flight that has not begun with a promise. */
  settle(outcome: LoadOutcome): void {
    this.#outcome = outcome;
    this.#onOutcome?.(outcome);
    this.#noteEnd();
  }

  get #loaded(): Promise<LoadResult> {
    if (this.#load !== undefined) return this.#load;
    const load = new Promise<LoadOutcome>((resolve) => {
      if (this.#outcome !== undefined) resolve(this.#outcome);
      else this.#onOutcome = resolve;
    }).then((outcome) => {
      if ('result' in outcome) return outcome.result;
      throw outcome.error;
    });
    this.begin(load);
    return load;
  }

  /** Ends early when the load is abandoned. */
  get #loadOrAbandoned(): Promise<LoadResult> {
    return (this.#result ??= new Promise<LoadResult>((resolve, reject) => {
      this.#settle = resolve;
      if (this.#abandoned !== undefined) resolve({ from: 'other-instance' });
      this.#loaded.then(resolve, reject);
    }));
  }

  /**
   * Holds the flight: the load continues without callers until it has taken `limitMs`, which passes in `inMs`. Without
   * a limit it continues until it ends, or until the limit of another caller.
   */
  hold(limitMs: number | undefined, inMs = limitMs): void {
    this.#held = true;
    if (limitMs === undefined || inMs === undefined || limitMs <= this.#heldMs) return;
    this.#heldMs = limitMs;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#limitPassed(limitMs);
      this.#endIfOverdue();
    }, timerMs(inMs));
    this.#timer.unref();
  }

  /** A caller has waited for its limit. Call the returned function once the caller has left. */
  timeIsUp(limitMs: number): () => void {
    this.#deciding++;
    return () => {
      this.#deciding--;
      this.#limitPassed(limitMs);
      this.#endIfOverdue();
    };
  }

  /**
   * Waits for the result, or until `signal` aborts. The last caller to leave aborts the loader, unless the flight is
   * held within its limit.
   */
  join(signal: AbortSignal | undefined, limitMs = Infinity): Promise<LoadResult> {
    if (signal === undefined) {
      this.#unlimited++;
      // A load for which a caller waits without limit is not abandoned.
      return this.#abandoned === undefined ? this.#loaded : this.#loadOrAbandoned;
    }
    const result = this.#loadOrAbandoned;
    const participant: Participant = { limitMs };
    this.enter(participant);
    return new Promise<LoadResult>((resolve, reject) => {
      const leave = (): void => {
        reject(signal.reason as Error);
        this.leave(participant, signal.reason);
      };
      if (signal.aborted) {
        // No other caller may wait for this promise of the load.
        result.catch(ignore);
        leave();
        return;
      }
      signal.addEventListener('abort', leave, { once: true });
      const stay = (): void => {
        signal.removeEventListener('abort', leave);
      };
      result.then(resolve, reject).finally(stay);
    });
  }

  /** A caller stays until the load ends. It learns of the end by itself. */
  stay(): void {
    this.#unlimited++;
  }

  /** A caller waits until the load ends, or until it leaves. It learns of the end by itself. */
  enter(caller: Participant): void {
    if (this.#participants === undefined) this.#participants = caller;
    else if (this.#participants instanceof Set) this.#participants.add(caller);
    else this.#participants = new Set([this.#participants, caller]);
  }

  leave(caller: Participant, reason: unknown): void {
    if (this.#participants === caller) this.#participants = undefined;
    else if (!(this.#participants instanceof Set) || !this.#participants.delete(caller)) return;
    this.#participantLeft(reason);
  }

  /** Resolves once the load has ended or was abandoned, whatever its result. */
  async ended(): Promise<void> {
    try {
      await this.#loadOrAbandoned;
    } catch {
      // A failure reaches the callers by `join`.
    }
  }

  /** Ends the load of a closed cache if no caller waits for it. */
  close(reason: Error): void {
    if (this.#hasNoParticipant) this.#abandon(reason);
  }

  get #hasNoParticipant(): boolean {
    if (this.#unlimited > 0 || this.#participants === undefined) return this.#unlimited === 0;
    return this.#participants instanceof Set && this.#participants.size === 0;
  }

  #participantLeft(reason: unknown): void {
    if (!this.#hasNoParticipant || this.#deciding > 0) return;
    if (!this.#held) this.#abandon(reason);
    else this.#endIfOverdue();
  }

  #limitPassed(limitMs: number): void {
    this.#overdueMs = Math.max(this.#overdueMs, limitMs);
  }

  /** Abandons the load once it has exceeded the limit of every caller. Callers that joined later begin anew. */
  #endIfOverdue(): void {
    const overdueMs = this.#overdueMs;
    if (overdueMs === 0 || this.#deciding > 0 || this.#unlimited > 0) return;
    if (this.#waitsLongerThan(overdueMs)) return;
    this.#abandon(tookTooLong(this.key, overdueMs));
  }

  #waitsLongerThan(ms: number): boolean {
    const participants = this.#participants;
    if (participants === undefined) return false;
    if (!(participants instanceof Set)) return participants.limitMs > ms;
    for (const { limitMs } of participants) if (limitMs > ms) return true;
    return false;
  }

  #abandon(reason: unknown): void {
    if (this.#abandoned !== undefined) return;
    this.#abandoned = { reason: reason ?? new DOMException('This operation was aborted', 'AbortError') };
    clearTimeout(this.#timer);
    supersede(this);
    this.#observer.onAbandoned();
    this.#controller?.abort(this.#abandoned.reason);
    this.#onAbandoned?.();
    this.#noteEnd();
    this.#settle({ from: 'other-instance' });
  }
}

export function tookTooLong(key: string, limitMs: number): CacheTimeoutError {
  return new CacheTimeoutError(`loading '${key}' took longer than hardTimeout (${String(limitMs)} ms)`);
}

const noTags: readonly string[] = [];

function ignore(): void {
  // A failure reaches the callers by `join`.
}
