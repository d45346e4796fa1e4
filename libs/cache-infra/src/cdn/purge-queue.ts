import { defaultBatchSize, type CdnPurge } from './cdn-purge.js';
import { CdnPurgeError } from './cdn-purge-error.js';
import { nextPause } from './retry-pause.js';

/** A tag that waits for its purge. */
interface Waiting {
  /** The time of the first invalidation that is not purged yet. Milliseconds since the epoch, as all times here. */
  readonly since: number;
  /** When to send the purge. */
  readonly dueAt: number;
  /** True if this is the second purge of an invalidation. */
  readonly isRepeat: boolean;
}

/** All in milliseconds, except `maxWaiting`. */
export interface PurgeLimits {
  /** Most tags that wait. Beyond it, one purge of everything replaces them. */
  readonly maxWaiting: number;
  /** A tag that has waited longer is given up. */
  readonly maxAgeMs: number;
  /** The limit of one request to the CDN. */
  readonly timeoutMs: number;
  /** Delay of the second purge of each tag; 0 = no second purge. */
  readonly repeatAfterMs: number;
}

export interface PurgeQueueDeps {
  readonly cdn: CdnPurge;
  /** The tag that every response has. */
  readonly tagOfAll: string;
  readonly limits: PurgeLimits;
  readonly now: () => number;
  /** Called when purges begin to fail, when they work again, and when tags are lost or replaced. */
  readonly tell: (news: PurgeNews) => void;
}

export type PurgeNews =
  | { readonly kind: 'failing'; readonly reason: string }
  | { readonly kind: 'working' }
  | { readonly kind: 'given-up'; readonly count: number }
  | { readonly kind: 'widened'; readonly count: number };

export interface PurgeState {
  /** Tags that wait for their first purge, or for another attempt of it. */
  readonly waiting: number;
  /** How long the oldest of them waits, in milliseconds. */
  readonly oldestMs: number;
  /** Why the last attempt failed; undefined if it did not. Contains no token. */
  readonly lastError: string | undefined;
  /** Tags that were given up. */
  readonly givenUp: number;
}

/** Invalidations of this many milliseconds share a request. */
const collectMs = 20;

/**
 * The purges that the CDN has not accepted yet: each tag once, the oldest first, retried with back-off until the CDN
 * accepts it or it is too old. One request is under way at a time.
 *
 * *Bounds.* A purge of too much is correct, a lost purge is not: too many tags become one purge of everything, as
 * `RecoveryJournal` replaces too many deletes by one of every key.
 *
 * *Two purges.* A handler that had read the old data may answer after the purge, and the CDN then stores that response.
 * A second purge, `repeatAfterMs` after the first, removes it.
 */
export class PurgeQueue {
  readonly #deps: PurgeQueueDeps;
  readonly #waiting = new Map<string, Waiting>();
  readonly #closing = new AbortController();
  /** Ends the wait of {@link drain}. */
  #onEmpty: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isSending = false;
  #failures = 0;
  #pausedUntil = 0;
  #lastError: string | undefined;
  #givenUp = 0;

  constructor(deps: PurgeQueueDeps) {
    this.#deps = deps;
  }

  add(tags: readonly string[]): void {
    if (this.#closing.signal.aborted) return;
    const now = this.#deps.now();
    for (const tag of tags) {
      const before = this.#waiting.get(tag);
      const since = before === undefined || before.isRepeat ? now : before.since;
      // A new object: a purge under way was sent before this invalidation.
      this.#waiting.set(tag, { since, dueAt: now + collectMs, isRepeat: false });
    }
    this.#widen(now);
    this.#schedule();
  }

  state(): PurgeState {
    const first = [...this.#waiting.values()].filter(({ isRepeat }) => !isRepeat);
    const oldest = first.reduce((least, { since }) => Math.min(least, since), Infinity);
    return {
      waiting: first.length,
      oldestMs: first.length === 0 ? 0 : Math.max(0, this.#deps.now() - oldest),
      lastError: this.#lastError,
      givenUp: this.#givenUp,
    };
  }

  /**
   * Sends what waits, without delay, for at most `limitMs` milliseconds, and takes no more tags then. Returns how many
   * tags are left.
   */
  async drain(limitMs: number): Promise<number> {
    if (this.#closing.signal.aborted) return this.#waiting.size;
    const emptied = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, limitMs);
    });
    this.#pausedUntil = 0;
    this.#schedule();
    await Promise.race([emptied, limit]);
    clearTimeout(timer);
    clearTimeout(this.#timer);
    this.#closing.abort(new Error('the application ends'));
    return this.#waiting.size;
  }

  get #isDraining(): boolean {
    return this.#onEmpty !== undefined;
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#isSending || this.#closing.signal.aborted) return;
    if (this.#waiting.size === 0) {
      this.#onEmpty?.();
      return;
    }
    const dues = this.#isDraining ? [0] : [...this.#waiting.values()].map(({ dueAt }) => dueAt);
    const due = dues.reduce((least, each) => Math.min(least, each), Infinity);
    const delay = Math.max(0, Math.max(due, this.#pausedUntil) - this.#deps.now());
    this.#timer = setTimeout(() => void this.#send(), delay);
    // Waiting purges do not keep a process alive; the end of the application waits for them by `drain`.
    if (!this.#isDraining) this.#timer.unref();
  }

  /** Sends one request. Never rejects. */
  async #send(): Promise<void> {
    const now = this.#deps.now();
    this.#giveUpOld(now);
    const due = [...this.#waiting].filter(([, { dueAt }]) => this.#isDraining || dueAt <= now);
    const batch = due.slice(0, this.#deps.cdn.batchSize ?? defaultBatchSize);
    if (batch.length > 0) {
      this.#isSending = true;
      try {
        await this.#purge(batch.map(([tag]) => tag));
        this.#succeeded(batch);
      } catch (error) {
        this.#failed(batch, error);
      }
      this.#isSending = false;
    }
    this.#schedule();
  }

  /** Ends at the time limit also if the CDN's adapter ignores its signal. */
  async #purge(tags: readonly string[]): Promise<void> {
    const { cdn, limits } = this.#deps;
    const request = new AbortController();
    const stop = (reason: unknown) => {
      request.abort(reason);
    };
    const timer = setTimeout(
      stop,
      limits.timeoutMs,
      new Error(`no answer in ${String(limits.timeoutMs)} ms`),
    );
    const onClose = () => {
      stop(this.#closing.signal.reason);
    };
    this.#closing.signal.addEventListener('abort', onClose);
    const aborted = new Promise<never>((_, reject) => {
      request.signal.addEventListener('abort', () => {
        reject(new CdnPurgeError(`the CDN did not purge: ${(request.signal.reason as Error).message}`));
      });
    });
    try {
      await Promise.race([cdn.purge(tags, request.signal), aborted]);
    } finally {
      clearTimeout(timer);
      this.#closing.signal.removeEventListener('abort', onClose);
    }
  }

  #succeeded(batch: readonly (readonly [string, Waiting])[]): void {
    const { limits, now, tell } = this.#deps;
    for (const [tag, entry] of batch) {
      // Invalidated again while the purge was under way.
      if (this.#waiting.get(tag) !== entry) continue;
      this.#waiting.delete(tag);
      if (entry.isRepeat || limits.repeatAfterMs === 0 || this.#isDraining) continue;
      this.#waiting.set(tag, { since: now(), dueAt: now() + limits.repeatAfterMs, isRepeat: true });
    }
    if (this.#failures > 0) tell({ kind: 'working' });
    this.#failures = 0;
    this.#pausedUntil = 0;
    this.#lastError = undefined;
  }

  #failed(batch: readonly (readonly [string, Waiting])[], error: unknown): void {
    const { now, tell } = this.#deps;
    // Other tags go first next time: the CDN may refuse one of these.
    for (const [tag, entry] of batch) {
      if (this.#waiting.get(tag) !== entry) continue;
      this.#waiting.delete(tag);
      this.#waiting.set(tag, entry);
    }
    // The message of a foreign error may contain a token.
    this.#lastError = error instanceof CdnPurgeError ? error.message : "the CDN's adapter failed";
    const retryAfterMs = error instanceof CdnPurgeError ? error.retryAfterMs : undefined;
    this.#pausedUntil = now() + nextPause(this.#failures++, retryAfterMs);
    if (this.#failures === 1) tell({ kind: 'failing', reason: this.#lastError });
  }

  #giveUpOld(now: number): void {
    const old = [...this.#waiting].filter(([, { since }]) => now - since > this.#deps.limits.maxAgeMs);
    for (const [tag] of old) this.#waiting.delete(tag);
    if (old.length === 0) return;
    this.#givenUp += old.length;
    this.#deps.tell({ kind: 'given-up', count: old.length });
  }

  #widen(now: number): void {
    const { limits, tagOfAll, tell } = this.#deps;
    const count = this.#waiting.size;
    if (count <= limits.maxWaiting) return;
    const { oldestMs } = this.state();
    this.#waiting.clear();
    this.#waiting.set(tagOfAll, { since: now - oldestMs, dueAt: now + collectMs, isRepeat: false });
    tell({ kind: 'widened', count });
  }
}
