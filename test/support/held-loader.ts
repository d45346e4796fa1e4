import type { LoadContext } from '../../libs/cache-infra/src/cache/contract/options.js';
import { deferred, type Deferred } from './deferred.js';

/** A loader that ends when the test says so. */
export class HeldLoader {
  runs = 0;
  signal: AbortSignal | undefined;
  stale: unknown;
  readonly #ends: Deferred<unknown>[] = [];
  readonly #started = deferred();

  readonly load = ({ signal, stale }: LoadContext): Promise<unknown> => {
    this.runs++;
    this.signal = signal;
    this.stale = stale;
    const end = deferred<unknown>();
    this.#ends.push(end);
    this.#started.resolve();
    return end.promise;
  };

  get started(): Promise<void> {
    return this.#started.promise;
  }

  succeed(value: unknown): void {
    for (const end of this.#ends.splice(0)) end.resolve(value);
  }

  fail(error = new Error('the origin is down')): void {
    for (const end of this.#ends.splice(0)) end.reject(error);
  }
}
