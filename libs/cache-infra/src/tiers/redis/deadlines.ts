import { CacheTimeoutError, InfrastructureError } from '../../base/errors.js';
import { ResponsiveTimer } from './responsive-timer.js';

interface Waiting {
  readonly at: number;
  /** Gone once it is settled: it holds on to the promise, and so to what that one was answered with. */
  reject: ((error: unknown) => void) | undefined;
  readonly what: string;
}

/** Settled ones at the head of the queue that are worth moving the rest for. */
const manySettled = 512;

/**
 * One time limit for many promises. All share the same length, so they end in the order they began: a queue and one timer
 * do for what would otherwise be a timer for each Redis command. A busy event loop does not count.
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

  /** `promise`, or a `CacheTimeoutError` once the limit has passed. A late result is dropped. */
  within<T>(promise: Promise<T>, what: string): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.watch(promise, what, resolve, reject);
    });
  }

  /** As `within`, by callbacks: one of them is called, once. */
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

  /** Whoever still waits is told that nothing more will come. */
  close(): void {
    this.#timer.stop();
    const queue = this.#queue.slice(this.#head);
    this.#queue = [];
    this.#head = 0;
    for (const waiting of queue) {
      giveUp(waiting, new InfrastructureError('Redis command given up: the cache is closed'));
    }
  }

  #settled(waiting: Waiting): void {
    waiting.reject = undefined;
    // As a rule they are answered in the order they were sent.
    while (this.#head < this.#queue.length && this.#queue[this.#head]?.reject === undefined) this.#head++;
    if (this.#head >= manySettled) this.#dropHead();
  }

  #dropHead(): void {
    this.#queue = this.#queue.slice(this.#head);
    this.#head = 0;
  }

  /** Returns when the next one ends. */
  #expire(now: number): number | undefined {
    while (this.#head < this.#queue.length) {
      const next = this.#queue[this.#head] as Waiting;
      if (next.reject !== undefined) {
        if (next.at > now) break;
        giveUp(next, new CacheTimeoutError(`Redis did not answer ${next.what} within ${this.#limitMs} ms`));
      }
      this.#head++;
    }
    this.#dropHead();
    return this.#queue[0]?.at;
  }
}

function giveUp(waiting: Waiting, error: Error): void {
  const { reject } = waiting;
  waiting.reject = undefined;
  reject?.(error);
}
