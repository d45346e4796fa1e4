import { timerMs } from '../../base/duration.js';

/** Waits for its turn. */
interface Waiting {
  enter(): void;
}

/**
 * The callers of this process that want the same lock, first come, first served. Only the first of them asks Redis, so
 * that many callers cost Redis as much as one.
 */
export class LockQueue {
  readonly #byLock = new Map<string, Waiting[]>();

  /** Locks that a caller of this process holds or asks for. */
  get size(): number {
    return this.#byLock.size;
  }

  /**
   * Resolves to true when it is the caller's turn, which lasts until `leave`; to false after `waitMs`.
   *
   * @throws the reason of `signal`, when it aborts
   */
  enter(lock: string, waitMs: number, signal: AbortSignal): Promise<boolean> {
    const waiting = this.#byLock.get(lock);
    if (waiting === undefined) {
      this.#byLock.set(lock, []);
      return Promise.resolve(true);
    }
    if (waitMs <= 0) return Promise.resolve(false);
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
      };
      const drop = (): void => {
        end();
        waiting.splice(waiting.indexOf(caller), 1);
      };
      const caller: Waiting = {
        enter: () => {
          end();
          resolve(true);
        },
      };
      const onAbort = (): void => {
        drop();
        reject(signal.reason as Error);
      };
      const timer = setTimeout(() => {
        drop();
        resolve(false);
      }, timerMs(waitMs));
      signal.addEventListener('abort', onAbort, { once: true });
      waiting.push(caller);
    });
  }

  /** Ends the turn of the caller: the next one enters. */
  leave(lock: string): void {
    const next = this.#byLock.get(lock)?.shift();
    if (next === undefined) this.#byLock.delete(lock);
    else next.enter();
  }
}
