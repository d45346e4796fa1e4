import { durationMs, timerMs } from '../duration.js';
import type { MemoryRecord } from '../tiers/memory-record.js';
import { CacheTimeoutError } from '../errors.js';
import { fence, type Fenceable } from './in-flight.js';
import type { LoadContext, Ttl } from './options.js';
import type { Place } from './place.js';
import { checkedTags, shortened, type StorePlan } from './store-plan.js';

/** What a flight brings to those who wait. */
export interface Landing {
  readonly value: unknown;
  /** False: the value is stored nowhere and handed to every caller as it is. */
  readonly kept: boolean;
  /** Tags of a value that the loader made, as the tag table names them, and the epoch from which it is. */
  readonly tags: readonly string[];
  readonly tagEpoch: number;
  /** What the loader itself returned, where that is not `value`. */
  readonly made?: unknown;
  /** The tier that had it; undefined = the loader made it. */
  readonly tier: 'l1' | 'l2' | undefined;
  /** The value is past its ttl. */
  readonly stale?: boolean;
  /** A hit in Redis near the end of its ttl: the value is to be refreshed. */
  readonly due?: MemoryRecord | undefined;
}

/** One load for one key, whatever the number of callers. */
export class Flight implements Fenceable {
  fenced = false;
  onFenced: (() => void) | undefined;
  /** Redis has failed this call already: it is not asked again. */
  redisFailed = false;
  /** The flight whose loader asked for this one. */
  parent: Flight | undefined;
  /** Run the loader even when a tier has the value. A caller who needs that may ask until the tiers have answered. */
  forced: boolean;
  /** Started by a hit, not by a caller who waits. */
  readonly background: boolean;
  /** A value past its ttl, within its grace, for when the loader fails or is slow. */
  stale: MemoryRecord | undefined;
  /** Called when somebody elsewhere touched what Redis knows of this load. */
  recheck: (() => void) | undefined;
  /** Called when the entry changed in Redis; undefined = such a change supersedes the load. */
  onEntryChanged: (() => void) | undefined;
  /** The entry changed while the load was made known to Redis: before that, or after. */
  isUnsure = false;
  /** Called when nobody waits any more. */
  onAbandoned: (() => void) | undefined;
  /** State of the tag table when the loader started; undefined = it has not. */
  tagEpoch: number | undefined;
  /** The tags known so far, as the tag table names them. */
  tags: readonly string[] = [];
  readonly #controller = new AbortController();
  readonly #asked = signalOnce();
  #landing: Promise<Landing> | undefined;
  /** Callers that wait. */
  #callers = 0;
  /** The load goes on though nobody waits for it: hits go on with the value at hand meanwhile. */
  #held: boolean;
  #timer: NodeJS.Timeout | undefined;

  constructor(forced: boolean, background: boolean, stale: MemoryRecord | undefined) {
    this.forced = forced;
    this.background = background;
    this.stale = stale;
    this.#held = background;
  }

  /** Resolves once it is known whether there is a stale value. */
  get staleKnown(): Promise<void> {
    return this.#asked.promise;
  }

  /** Every tier has been asked. */
  tiersAsked(): void {
    this.#asked.resolve();
  }

  /** Whether this flight cannot land before `other`, whose loader it waits for, has. */
  isWithin(other: Flight): boolean {
    return this === other || (this.parent?.isWithin(other) ?? false);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  depart(landing: Promise<Landing>): void {
    this.#landing = landing;
    // Those who wait hear of a failure; with nobody waiting it concerns nobody.
    landing
      .finally(() => {
        clearTimeout(this.#timer);
      })
      .catch(ignore);
  }

  /** The load goes on when its last caller leaves, for `ms` at most: a loader that hangs must not keep its key for ever. */
  hold(ms: number | undefined): void {
    this.#held = true;
    if (ms === undefined || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      const reason = `loading in the background took longer than hardTimeout (${String(ms)} ms)`;
      if (this.#callers === 0) this.#abandon(new CacheTimeoutError(reason));
    }, timerMs(ms));
    this.#timer.unref();
  }

  /**
   * Waits for the landing, or until `signal` aborts. The last one to leave aborts the loader, unless the load is held; one that has run
   * out of time aborts that, too, so that the next caller starts anew.
   */
  async join(signal: AbortSignal | undefined): Promise<Landing> {
    const landing = this.#landing as Promise<Landing>;
    this.#callers++;
    if (signal === undefined) return landing;
    return new Promise<Landing>((resolve, reject) => {
      const leave = (): void => {
        reject(signal.reason as Error);
        const isHeld = this.#held && !(signal.reason instanceof CacheTimeoutError);
        if (--this.#callers === 0 && !isHeld) this.#abandon(signal.reason);
      };
      if (signal.aborted) {
        leave();
        return;
      }
      signal.addEventListener('abort', leave, { once: true });
      const stay = (): void => {
        signal.removeEventListener('abort', leave);
      };
      landing.then(resolve, reject).finally(stay);
    });
  }

  #abandon(reason: unknown): void {
    fence(this);
    this.onAbandoned?.();
    this.#controller.abort(reason);
  }
}

/** What a loader is told, and what it decided. */
export class LoadDecisions implements LoadContext {
  readonly key: string;
  readonly signal: AbortSignal;
  readonly stale: unknown;
  skipped = false;
  readonly #plan: StorePlan;
  readonly #flight: Flight;
  readonly #place: Place;
  #ttlMs: number;
  #tags: readonly string[];

  constructor(key: string, flight: Flight, place: Place, plan: StorePlan, stale: unknown) {
    this.key = key;
    this.stale = stale;
    this.#plan = plan;
    this.#flight = flight;
    this.#place = place;
    this.signal = flight.signal;
    this.#ttlMs = plan.ttlMs;
    this.#tags = plan.tags;
    // Loaders take their context apart: `({ ttl }) => …`.
    this.ttl = this.ttl.bind(this);
    this.tags = this.tags.bind(this);
    this.skipStore = this.skipStore.bind(this);
  }

  get plan(): StorePlan {
    return { ...this.#plan, ttlMs: this.#ttlMs, tags: this.#tags };
  }

  ttl(ttl: Ttl): void {
    this.#ttlMs = shortened(durationMs(ttl), this.#plan.jitter);
  }

  tags(...tags: string[]): void {
    this.#tags = checkedTags([...this.#tags, ...tags]);
    this.#flight.tags = [...new Set([...this.#flight.tags, ...this.#place.coveringTags(this.#tags)])];
  }

  skipStore(): void {
    this.skipped = true;
  }
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
