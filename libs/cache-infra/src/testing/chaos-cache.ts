import type { Cache } from '../cache/contract/cache.js';
import { CacheEmitter } from '../cache/observe/emitter.js';
import type { CacheEventListener, CacheEventName } from '../cache/contract/events.js';
import type { Loader, LoadOptions, OnError, Ttl } from '../cache/contract/options.js';
import type { CacheStats } from '../cache/contract/stats.js';
import { assertOptions, oneOf, timeout } from '../base/checks.js';
import { durationMs } from '../base/duration.js';
import { InfrastructureError, ValidationError } from '../base/errors.js';
import { ForwardingCache, type CacheCallOperation } from './forwarding-cache.js';

export interface ChaosOptions {
  /** What a failure does, as with a cache on Redis: `'degrade'` (default) or `'throw'`. */
  onError?: OnError | undefined;
  /** No call waits longer for its delay; then it has failed. Default `'250ms'`, as with a cache on Redis. */
  commandTimeout?: Ttl | undefined;
}

const changes: ReadonlySet<CacheCallOperation> = new Set<CacheCallOperation>([
  ...(['set', 'setMany', 'expire', 'delete', 'deleteMany'] as const),
  ...(['invalidateTags', 'invalidatePattern', 'clear'] as const),
]);

/** What a change that will be made up for tells its caller: nothing is known to have been there. */
const answers: Partial<Record<CacheCallOperation, unknown>> = {
  ...{ expire: false, delete: false, deleteMany: 0, invalidatePattern: 0, has: false },
};

/** What goes wrong, shared by a cache and its namespaces. */
export class Chaos {
  readonly #failures = new Map<CacheCallOperation, Error[]>();
  readonly #delays = new Map<CacheCallOperation, number>();
  readonly #missed: (() => Promise<unknown>)[] = [];
  readonly #emitter: CacheEmitter;
  #down = false;
  #errors = 0;

  /** @internal */
  constructor(emitter: CacheEmitter) {
    this.#emitter = emitter;
  }

  /** The backend is away: see {@link down}. */
  get isDown(): boolean {
    return this.#down;
  }

  /** The next `times` calls of this method fail. */
  failNext(operation: CacheCallOperation, times = 1): void {
    const failures = this.#failures.get(operation) ?? [];
    for (let i = 0; i < times; i += 1) failures.push(failureOf(operation, 'failNext() was called'));
    this.#failures.set(operation, failures);
  }

  /**
   * From now on, calls of this method take so much longer, in real time; 0 = no more. One that would take longer than
   * `commandTimeout` fails when that has passed.
   */
  delay(operation: CacheCallOperation, by: Ttl): void {
    const ms = durationMs(by, 'delay');
    if (ms === 0) this.#delays.delete(operation);
    else this.#delays.set(operation, ms);
  }

  /** From now on every call fails, as with a Redis that is away. */
  down(): void {
    if (this.#down) return;
    this.#down = true;
    this.#emitter.emit('degraded', { reason: 'down() was called' });
  }

  /** The backend is back. Resolves when it has what it missed. */
  async up(): Promise<void> {
    if (!this.#down) return;
    this.#down = false;
    await this.catchUp();
    this.#emitter.emit('recovered', {});
  }

  /** Nothing goes wrong any more. Resolves when the backend has what it missed. */
  async reset(): Promise<void> {
    this.#failures.clear();
    this.#delays.clear();
    await this.up();
    await this.catchUp();
  }

  /** @internal How many calls failed. */
  get errors(): number {
    return this.#errors;
  }

  /** @internal Waits as long as it has to, and gives the failure of this call, if it is to fail. */
  async strike(operation: CacheCallOperation, timeoutMs: number): Promise<Error | undefined> {
    // Whether it fails is settled when it is called, not when its delay is over.
    const failure = this.#down
      ? failureOf(operation, 'the cache is down')
      : this.#failures.get(operation)?.shift();
    const delay = failure === undefined ? (this.#delays.get(operation) ?? 0) : 0;
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, Math.min(delay, timeoutMs)));
    const error =
      failure ?? (delay > timeoutMs ? failureOf(operation, `no answer within ${timeoutMs} ms`) : undefined);
    if (error !== undefined) {
      this.#errors += 1;
      this.#emitter.emit('error', { operation, error });
    }
    return error;
  }

  /** @internal */
  missed(change: () => Promise<unknown>): void {
    this.#missed.push(change);
  }

  /** @internal In the order in which they were made. */
  async catchUp(): Promise<void> {
    for (let change = this.#missed.shift(); change !== undefined; change = this.#missed.shift()) {
      // One that the cache refuses was refused to its caller, when it was made without a failure.
      await change().catch(() => undefined);
    }
  }
}

/**
 * A cache that fails on demand: for tests of how your own code takes it. Everything else is the cache behind it.
 *
 * ```ts
 * const cache = withChaos(new InMemoryCache());
 * cache.chaos.failNext('get');
 * cache.chaos.delay('getOrSet', '200ms');
 * cache.chaos.down();
 * ```
 *
 * What a failure does is what it does with a cache on Redis. With `onError: 'degrade'` (default) no call rejects: a read is a
 * miss, `getOrSet` runs its loader (one for all callers at the same time) and stores nothing, a change is kept and made up for before
 * the next call that works, `up()` at the latest. With `'throw'` the call rejects with `InfrastructureError`, and is
 * not made up for. Either way listeners hear of an `error`, and `stats().errors` counts it. Bad arguments are no failure of the
 * backend: they are told when the call gets there.
 */
export class ChaosCache extends ForwardingCache {
  readonly chaos: Chaos;
  readonly #onError: OnError;
  readonly #timeoutMs: number;
  readonly #emitter: CacheEmitter;

  /** @internal */
  constructor(cache: Cache, options: ChaosOptions, parent?: ChaosCache) {
    super(cache);
    this.#onError = options.onError ?? 'degrade';
    this.#timeoutMs = durationMs(options.commandTimeout ?? '250ms', 'commandTimeout');
    this.#emitter = parent === undefined ? new CacheEmitter() : parent.#emitter;
    this.chaos = parent === undefined ? new Chaos(this.#emitter) : parent.chaos;
  }

  override async getOrSet<T, S = T>(
    key: string,
    loader: Loader<T, S>,
    options?: Ttl | LoadOptions,
  ): Promise<T> {
    const error = await this.chaos.strike('getOrSet', this.#timeoutMs);
    if (error === undefined) {
      await this.#caughtUp();
      return this.inner.getOrSet(key, loader, options);
    }
    if (this.#onError === 'throw') throw error;
    if (typeof loader !== 'function') return this.inner.getOrSet(key, loader, options);
    const unstored: Loader<T, S> = (ctx) => {
      ctx.skipStore();
      return loader(ctx);
    };
    const given = typeof options === 'object' ? options : options === undefined ? {} : { ttl: options };
    return this.inner.getOrSet(key, unstored, { ...given, forceRefresh: true, grace: 0 });
  }

  /** What goes wrong here goes wrong there. */
  override namespace(name: string): ChaosCache {
    const options = { onError: this.#onError, commandTimeout: `${this.#timeoutMs}ms` };
    return new ChaosCache(this.inner.namespace(name), options, this);
  }

  override stats(): CacheStats {
    const stats = this.inner.stats();
    return { ...stats, errors: stats.errors + this.chaos.errors };
  }

  override on<E extends CacheEventName>(event: E, listener: CacheEventListener<E>): this {
    this.#emitter.on(event, listener);
    return super.on(event, listener);
  }

  override off<E extends CacheEventName>(event: E, listener: CacheEventListener<E>): this {
    this.#emitter.off(event, listener);
    return super.off(event, listener);
  }

  protected override async call<T>(
    operation: CacheCallOperation,
    _args: readonly unknown[],
    forward: () => Promise<T>,
  ): Promise<T> {
    const error = await this.chaos.strike(operation, this.#timeoutMs);
    if (error === undefined) {
      await this.#caughtUp();
      return forward();
    }
    // Half a list would look like a whole one.
    if (this.#onError === 'throw' || operation === 'keys') throw error;
    if (changes.has(operation)) this.chaos.missed(forward);
    return (operation === 'getMany' ? new Map() : answers[operation]) as T;
  }

  async #caughtUp(): Promise<void> {
    if (!this.chaos.isDown) await this.chaos.catchUp();
  }
}

/**
 * A cache that fails on demand: see {@link ChaosCache}.
 *
 * @throws ValidationError that lists every bad option
 */
export function withChaos(cache: Cache, options: ChaosOptions = {}): ChaosCache {
  assertOptions('withChaos', options, { onError: oneOf('degrade', 'throw'), commandTimeout: timeout });
  if (typeof cache?.getOrSet !== 'function') throw new ValidationError('withChaos needs the cache to wrap');
  return new ChaosCache(cache, options);
}

function failureOf(operation: CacheCallOperation, reason: string): Error {
  return new InfrastructureError(`Redis command failed (chaos): ${operation}: ${reason}`);
}
