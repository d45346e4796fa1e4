import { CacheTimeoutError, InfrastructureError } from '../../base/errors.js';
import { ResponsiveTimer } from './responsive-timer.js';

interface Waiting {
  readonly at: number;
  /** Undefined once settled: the function would keep the promise, and so its value, in memory. */
  reject: ((error: unknown) => void) | undefined;
  readonly what: string;
}

/** Settled promises at the head of the queue from which on the queue is compacted. */
const manySettled = 512;

/**
 * Bounds many promises by one time limit. All limits have the same length, so they end in the order in which they
 * began: a queue and one timer replace a timer per Redis command. Time in which the event loop was busy does not count.
 */
export class Deadlines {
  readonly #limitMs: number;
  #queue: Waiting[] = [];
  #head = 0;
  readonly #timer: ResponsiveTimer;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
    this.#timer = new ResponsiveTimer(limitMs, (now) => this.#expire(now));
  }

  /**
   * Settles as `promise` does, or rejects with `CacheTimeoutError` once the limit has passed. A late result is dropped.
   */
  within<T>(promise: Promise<T>, what: string): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.watch(promise, what, resolve, reject);
    });
  }

  /** As `within`, with callbacks: exactly one is called, once. */
  watch<T>(
    promise: Promise<T>,
    what: string,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
  ): void {
    this.#timer.start();
    const waiting: Waiting = { at: this.#timer.now() + this.#limitMs, reject, what };
    promise.then(
      (value) => {
        if (waiting.reject === undefined) return;
        this.#settled(waiting);
        resolve(value);
      },
      (error: unknown) => {
        if (waiting.reject === undefined) return;
        this.#settled(waiting);
        reject(error);
      },
    );
    this.#queue.push(waiting);
  }

  /** Rejects all waiting promises. */
  close(): void {
    this.#timer.stop();
    const queue = this.#queue.slice(this.#head);
    this.#queue = [];
    this.#head = 0;
    for (const waiting of queue) {
      expire(waiting, new InfrastructureError('Redis command abandoned: the cache is closed'));
    }
  }

  #settled(waiting: Waiting): void {
    waiting.reject = undefined;
    // Commands are usually answered in the order in which they were sent.
    while (this.#head < this.#queue.length && this.#queue[this.#head]?.reject === undefined) this.#head++;
    if (this.#head >= manySettled) this.#dropHead();
  }

  #dropHead(): void {
    this.#queue = this.#queue.slice(this.#head);
    this.#head = 0;
  }

  /** Returns the moment at which the next limit ends. */
  #expire(now: number): number | undefined {
    while (this.#head < this.#queue.length) {
      const next = this.#queue[this.#head] as Waiting;
      if (next.reject !== undefined) {
        if (next.at > now) break;
        expire(next, new CacheTimeoutError(`Redis did not answer ${next.what} within ${this.#limitMs} ms`));
      }
      this.#head++;
    }
    this.#dropHead();
    return this.#queue[0]?.at;
  }
}

function expire(waiting: Waiting, error: Error): void {
  const { reject } = waiting;
  waiting.reject = undefined;
  reject?.(error);
}
