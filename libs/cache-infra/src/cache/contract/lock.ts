import type { Ttl } from './options.js';

/** Options of `lock`. */
export interface LockOptions {
  /**
   * Longest wait for the lock. Default: the `ttl` of the lock, so that a caller outwaits a holder that crashed. `0` =
   * try once.
   */
  readonly wait?: Ttl | undefined;
  /** Ends the wait: the call rejects with the signal's reason. While `work` runs, aborts the signal of `work`. */
  readonly signal?: AbortSignal | undefined;
}

/** Passed to the work that runs under a lock. */
export interface LockContext {
  /**
   * The fencing token: a safe integer above those of all earlier holders of this lock. Store it with what the work
   * writes, and refuse a write with a lower one
   * (M. Kleppmann, [How to do distributed locking](https://martin.kleppmann.com/2016/02/08/how-to-do-distributed-locking.html)).
   */
  readonly token: number;
  /**
   * Aborts when the work must stop: with a `LockLostError` when the lease is lost or was not renewed in time, with a
   * `CacheClosedError` when the cache closes, with the reason of the caller's `signal`.
   */
  readonly signal: AbortSignal;
}

/** Work that runs under a lock. */
export type LockedWork<T> = (lock: LockContext) => T | PromiseLike<T>;
