import type { Cache } from '../cache/contract/cache.js';
import type { BulkLoader, BulkLoadOptions } from '../cache/contract/bulk-load.js';
import { CacheEmitter } from '../cache/observe/emitter.js';
import type { CacheEventListener, CacheEventName } from '../cache/contract/events.js';
import type { Loader, LoadOptions, OnError, Ttl } from '../cache/contract/options.js';
import type { CacheStats } from '../cache/contract/stats.js';
import { assertOptions, oneOf, timeout } from '../base/checks.js';
import { durationMs } from '../base/duration.js';
import { InfrastructureError, ValidationError } from '../base/errors.js';
import { ForwardingCache, type CacheCallOperation } from './forwarding-cache.js';

export interface ChaosOptions {
  /** The effect of a failure, as for a Redis cache: `'degrade'` (default) or `'throw'`. */
  onError?: OnError | undefined;
  /** The longest delay of a call, after which the call fails. Default `'250ms'`, as for a Redis cache. */
  commandTimeout?: Ttl | undefined;
}

const changes: ReadonlySet<CacheCallOperation> = new Set<CacheCallOperation>([
  ...(['set', 'setMany', 'expire', 'delete', 'deleteMany'] as const),
  ...(['invalidateTags', 'expireTags', 'invalidatePattern', 'clear'] as const),
]);

/** The results of changes that are replayed later: no entry is known to have existed. */
const answers: Partial<Record<CacheCallOperation, unknown>> = {
  ...{ expire: false, delete: false, deleteMany: 0, invalidatePattern: 0, has: false },
};

/** The injected failures, shared by a cache and its namespaces. */
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

  /** True while the backend is unavailable: see {@link down}. */
  get isDown(): boolean {
    return this.#down;
  }

  /** Fails the next `times` calls of this method. */
  failNext(operation: CacheCallOperation, times = 1): void {
    const failures = this.#failures.get(operation) ?? [];
    for (let i = 0; i < times; i += 1) failures.push(failureOf(operation, 'failNext() was called'));
    this.#failures.set(operation, failures);
  }

  /**
   * Delays every call of this method by this long, in real time; 0 ends the delay. A delay above `commandTimeout` fails
   * the call when `commandTimeout` has passed.
   */
  delay(operation: CacheCallOperation, by: Ttl): void {
    const ms = durationMs(by, 'delay');
    if (ms === 0) this.#delays.delete(operation);
    else this.#delays.set(operation, ms);
  }

  /** Fails every call, as if Redis were unavailable, until {@link up}. */
  down(): void {
    if (this.#down) return;
    this.#down = true;
    this.#emitter.emit('degraded', { reason: 'down() was called' });
  }

  /** Makes the backend available again. Resolves when the missed changes are replayed. */
  async up(): Promise<void> {
    if (!this.#down) return;
    this.#down = false;
    await this.catchUp();
    this.#emitter.emit('recovered', {});
  }

  /** Removes all injected failures. Resolves when the missed changes are replayed. */
  async reset(): Promise<void> {
    this.#failures.clear();
    this.#delays.clear();
    await this.up();
    await this.catchUp();
  }

  /** @internal The number of failed calls. */
  get errors(): number {
    return this.#errors;
  }

  /** @internal Applies the delay of a call, and returns its failure, if any. */
  async strike(operation: CacheCallOperation, timeoutMs: number): Promise<Error | undefined> {
    // A call's failure is determined when it is made, not after its delay.
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

  /** @internal Replays the missed changes in order. */
  async catchUp(): Promise<void> {
    for (let change = this.#missed.shift(); change !== undefined; change = this.#missed.shift()) {
      // A change with invalid arguments rejects here; its caller was not told, because an injected failure came first.
      await change().catch(() => undefined);
    }
  }
}

/**
 * A cache that fails on demand, for tests of an application's error handling. Everything else is forwarded to the cache
 * behind it.
 *
 * ```ts
 * const cache = withChaos(new InMemoryCache());
 * cache.chaos.failNext('get');
 * cache.chaos.delay('getOrSet', '200ms');
 * cache.chaos.down();
 * ```
 *
 * A failure has the same effect as in a Redis cache. With `onError: 'degrade'` (default) no call rejects: a read is a
 * miss; `getOrSet` and `getOrSetMany` run their loader (once for concurrent callers) and store nothing; a change is
 * kept and replayed before the next successful call, at the latest by `up()`. With `'throw'` the call rejects with
 * `InfrastructureError`, and its change is not replayed. In both cases an `error` event is emitted, and
 * `stats().errors` counts the failure. Invalid arguments are not a backend failure: they are reported when the call
 * reaches the cache.
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

  override async getOrSetMany<T, S = T>(
    keys: readonly string[],
    loadMissing: BulkLoader<T, S>,
    options?: Ttl | BulkLoadOptions,
  ): Promise<Map<string, T>> {
    const error = await this.chaos.strike('getOrSetMany', this.#timeoutMs);
    if (error === undefined) {
      await this.#caughtUp();
      return this.inner.getOrSetMany(keys, loadMissing, options);
    }
    if (this.#onError === 'throw') throw error;
    if (typeof loadMissing !== 'function') return this.inner.getOrSetMany(keys, loadMissing, options);
    const unstored: BulkLoader<T, S> = (missing, ctx) => {
      for (const key of missing) ctx.set(key, { skipStore: true });
      return loadMissing(missing, ctx);
    };
    const given = typeof options === 'object' ? options : options === undefined ? {} : { ttl: options };
    return this.inner.getOrSetMany(keys, unstored, { ...given, forceRefresh: true, grace: 0 });
  }

  /** A namespace that shares the injected failures. */
  override namespace(name: string): ChaosCache {
    const options = { onError: this.#onError, commandTimeout: `${this.#timeoutMs}ms` } as const;
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
    // A partial list would look complete.
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
 * @throws ValidationError that lists every invalid option
 */
export function withChaos(cache: Cache, options: ChaosOptions = {}): ChaosCache {
  assertOptions('withChaos', options, { onError: oneOf('degrade', 'throw'), commandTimeout: timeout });
  if (typeof cache?.getOrSet !== 'function') throw new ValidationError('withChaos needs the cache to wrap');
  return new ChaosCache(cache, options);
}

function failureOf(operation: CacheCallOperation, reason: string): Error {
  return new InfrastructureError(`Redis command failed (chaos): ${operation}: ${reason}`);
}
