import { timerMs } from '../../base/duration.js';
import type { L1Entry } from '../../tiers/memory/l1-entry.js';
import { CacheTimeoutError } from '../../base/errors.js';
import { supersede } from '../invalidate/in-flight.js';
import type { LoadInFlight } from '../invalidate/in-flight-work.js';
import type { Keyspace } from '../entry/keyspace.js';
import { shorter, union } from '../entry/store-plan.js';

/** What a load gives to its callers. */
export type LoadResult =
  | {
      readonly from: 'loader';
      /** What is stored, or, where nothing is stored, what the loader returned. */
      readonly value: unknown;
      /** What the loader returned. */
      readonly made: unknown;
      readonly stored: boolean;
      /** As the tag table names them. */
      readonly tags: readonly string[];
      /** State of the tag table when the loader started. */
      readonly tagEpoch: number;
    }
  | {
      readonly from: 'l2';
      readonly value: unknown;
      /** The entry, if it is near enough to the end of its ttl to be refreshed. */
      readonly due?: L1Entry | undefined;
    }
  | { readonly from: 'stale'; readonly value: unknown }
  /** Another instance loads the value, or the load came to its limit: a caller that has time left begins anew. */
  | { readonly from: 'other-instance' };

/** The procedure behind a flight: it is notified of what happens to the flight. */
export interface FlightObserver {
  /** The flight was superseded. */
  onSuperseded(): void;
  /** The last caller left, or the load took longer than any caller allows. */
  onAbandoned(): void;
  /** Another instance changed the entry. Returns whether the load finds out itself if that supersedes it. */
  onEntryChanged(): boolean;
  /** Another instance changed the load guard. */
  onGuardChanged(): void;
}

/** A caller that may leave. */
interface Participant {
  /** How long the load may take, as far as this caller is concerned; `Infinity` = as long as it likes. Milliseconds. */
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

/** One load for one key, whatever the number of callers. */
export class SingleFlight implements LoadInFlight {
  readonly key: string;
  superseded = false;
  /** Redis has failed this call already: it is not asked again. */
  readonly redisFailed: boolean;
  /** Run the loader even when a tier has the value. A caller who needs that may ask until the tiers have answered. */
  forced: boolean;
  /** Started by a hit, not by a caller who waits. */
  readonly background: boolean;
  /** A value past its ttl, within its grace, for when the loader fails or is slow. */
  stale: L1Entry | undefined;
  /** State of the tag table when the loader started; undefined = it has not. */
  tagEpoch: number | undefined;
  /** The tags known so far, as the tag table names them. */
  tags: readonly string[] = [];
  /** Tags that callers who joined ask for, and the shortest ttl they ask for, milliseconds; 0 = none that ends. */
  askedTags: readonly string[] = [];
  askedTtlMs = 0;
  readonly #controller = new AbortController();
  readonly #asked = signalOnce();
  #result: Promise<LoadResult> | undefined;
  #settle: (result: LoadResult) => void = ignore;
  /** Callers that stay until the flight lands. */
  #unlimited = 0;
  readonly #participants = new Set<Participant>();
  /** Callers whose time is up, and of whom it is not yet known whether a stale value serves them. */
  #deciding = 0;
  /** The load goes on though nobody waits for it: hits go on with the value at hand meanwhile. */
  #held: boolean;
  /** The limit that is being timed for those who were served and left, milliseconds. */
  #heldMs = 0;
  /** The longest limit that has passed, milliseconds. */
  #overdueMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #holdsUpLease = false;
  /** The flights that this one's loader waits for, and by how many calls each. */
  #awaited: Map<SingleFlight, number> | undefined;

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

  /** Resolves once it is known whether there is a stale value. */
  get staleKnown(): Promise<void> {
    return this.#asked.promise;
  }

  /** Every tier has been asked. */
  tiersAsked(): void {
    this.#asked.resolve();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The load took longer than anybody gave it. */
  get isOverdue(): boolean {
    return this.#overdueMs > 0;
  }

  /** Whether this flight cannot land before `other` has. */
  dependsOn(other: SingleFlight, seen = new Set<SingleFlight>()): boolean {
    if (this === other) return true;
    if (this.#awaited === undefined || seen.has(this)) return false;
    seen.add(this);
    for (const awaited of this.#awaited.keys()) if (awaited.dependsOn(other, seen)) return true;
    return false;
  }

  /** A call of this flight's loader waits for `other`. Returns what ends the wait. */
  awaits(other: SingleFlight): () => void {
    const awaited = (this.#awaited ??= new Map<SingleFlight, number>());
    awaited.set(other, (awaited.get(other) ?? 0) + 1);
    if (this.holdsUpLease) other.holdUpLease();
    return () => {
      const calls = (awaited.get(other) ?? 1) - 1;
      if (calls > 0) awaited.set(other, calls);
      else awaited.delete(other);
    };
  }

  /** This load holds a lease, or one that waits for it does. */
  get holdsUpLease(): boolean {
    return this.#holdsUpLease;
  }

  holdUpLease(): void {
    if (this.#holdsUpLease) return;
    this.#holdsUpLease = true;
    if (this.#awaited === undefined) return;
    for (const awaited of this.#awaited.keys()) awaited.holdUpLease();
  }

  /** A caller that joins asks for its tags, too. */
  askTags(tags: readonly string[], keyspace: Keyspace): void {
    if (tags.length === 0) return;
    this.askedTags = union(this.askedTags, tags);
    this.tags = union(this.tags, keyspace.coveringTags(tags));
  }

  /** A caller that joins asks for a ttl of its own. */
  askTtl(ttlMs: number): void {
    this.askedTtlMs = shorter(this.askedTtlMs, ttlMs);
  }

  begin(result: Promise<LoadResult>): void {
    this.#result = new Promise<LoadResult>((resolve, reject) => {
      this.#settle = resolve;
      result.then(resolve, reject);
    });
    // Those who wait hear of a failure; with nobody waiting it concerns nobody.
    this.#result
      .finally(() => {
        clearTimeout(this.#timer);
      })
      .catch(ignore);
  }

  /**
   * The load goes on when its last caller leaves, until it has taken `limitMs`, which is in `inMs`: a loader that hangs must not keep its
   * key for ever. Without a limit it goes on until it ends, or until the limit of another caller.
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

  /** A caller has waited for its limit. Returns what is to be called once it has left. */
  timeIsUp(limitMs: number): () => void {
    this.#deciding++;
    return () => {
      this.#deciding--;
      this.#limitPassed(limitMs);
      this.#endIfOverdue();
    };
  }

  /**
   * Waits for the landing, or until `signal` aborts. The last one to leave aborts the loader, unless the load is held and within its limit.
   */
  async join(signal: AbortSignal | undefined, limitMs = Infinity): Promise<LoadResult> {
    const result = this.#result as Promise<LoadResult>;
    if (signal === undefined) {
      this.#unlimited++;
      return result;
    }
    const seat: Participant = { limitMs };
    this.#participants.add(seat);
    return new Promise<LoadResult>((resolve, reject) => {
      const leave = (): void => {
        reject(signal.reason as Error);
        this.#participants.delete(seat);
        this.#participantLeft(signal.reason);
      };
      if (signal.aborted) {
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

  /** The cache is closed. A load that nobody waits for has no purpose any more. */
  close(reason: Error): void {
    if (this.#hasNoParticipant) this.#abandon(reason);
  }

  get #hasNoParticipant(): boolean {
    return this.#unlimited === 0 && this.#participants.size === 0;
  }

  #participantLeft(reason: unknown): void {
    if (!this.#hasNoParticipant || this.#deciding > 0) return;
    if (!this.#held) this.#abandon(reason);
    else this.#endIfOverdue();
  }

  #limitPassed(limitMs: number): void {
    this.#overdueMs = Math.max(this.#overdueMs, limitMs);
  }

  /** Ends the load once nobody gives it more time than it has taken. Callers who came later than the others start anew. */
  #endIfOverdue(): void {
    const overdueMs = this.#overdueMs;
    if (overdueMs === 0 || this.#deciding > 0 || this.#unlimited > 0) return;
    for (const { limitMs } of this.#participants) if (limitMs > overdueMs) return;
    this.#abandon(tookTooLong(this.key, overdueMs));
  }

  #abandon(reason: unknown): void {
    if (this.signal.aborted) return;
    clearTimeout(this.#timer);
    supersede(this);
    this.#observer.onAbandoned();
    this.#controller.abort(reason);
    this.#settle({ from: 'other-instance' });
  }
}

export function tookTooLong(key: string, limitMs: number): CacheTimeoutError {
  return new CacheTimeoutError(`loading '${key}' took longer than hardTimeout (${String(limitMs)} ms)`);
}

function signalOnce(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = ignore;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

function ignore(): void {
  // See depart().
}
