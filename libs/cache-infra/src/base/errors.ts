/**
 * The errors of this library. Each is a {@link CacheError}: `code` for programs, `message` for people, `details` for
 * logs. No error contains a credential.
 */

import { describeValue, withoutCredentials } from './redact.js';

/** Stable codes for programs to switch on. */
export type CacheErrorCode =
  | 'CACHE_ERROR'
  | 'CACHE_VALIDATION'
  | 'CACHE_INFRASTRUCTURE'
  | 'CACHE_TIMEOUT'
  | 'CACHE_SERIALIZATION'
  | 'CACHE_CLOSED'
  | 'CACHE_CIRCULAR_LOAD'
  | 'CACHE_BULK_LOAD'
  | 'CACHE_LOCK_NOT_ACQUIRED'
  | 'CACHE_LOCK_LOST'
  | 'CACHE_AI_NOT_CACHED'
  | 'CACHE_AI_BATCH';

export interface CacheErrorOptions {
  readonly code?: CacheErrorCode;
  readonly cause?: unknown;
  readonly details?: Readonly<Record<string, unknown>>;
}

const brand = Symbol.for('nestjs-cache-infra.CacheError');

/** Base class of every error of this library. */
export class CacheError extends Error {
  readonly code: CacheErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(message: string, options: CacheErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = new.target.name;
    this.code = options.code ?? 'CACHE_ERROR';
    this.details = options.details ?? {};
  }

  /** Checks a brand, because `SerializationError` must extend `TypeError` and cannot extend `CacheError`. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== CacheError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === 'object' && value !== null && brand in value;
  }
}
Object.defineProperty(CacheError.prototype, brand, { value: true });

/** One problem of options or arguments. */
export interface ValidationProblem {
  /** Path of the value, for example `redis.sentinels[0].port`. */
  readonly path: string;
  /** The problem, beginning with the path. */
  readonly message: string;
}

/** Hides a property from `util.inspect` and loggers, which print every enumerable property. */
function hide(error: ValidationError, name: 'details' | 'problems'): void {
  Object.defineProperty(error, name, { enumerable: false });
}

/** Invalid options or arguments. Lists every problem. */
export class ValidationError extends CacheError {
  readonly problems: readonly ValidationProblem[];

  constructor(problems: string | readonly ValidationProblem[], subject?: string) {
    const list = typeof problems === 'string' ? [{ path: '', message: problems }] : problems;
    const text = list.map((problem) => problem.message).join('; ');
    super(subject === undefined ? text : `${subject}: ${text}`, {
      code: 'CACHE_VALIDATION',
      details: { problems: list },
    });
    this.problems = list;
    // The message contains every problem: don't print them three times.
    hide(this, 'details');
    hide(this, 'problems');
  }
}

/** Redis failed: `Redis connection failed …`, `Redis command failed …`. */
export class InfrastructureError extends CacheError {
  constructor(message: string, options: Omit<CacheErrorOptions, 'code'> = {}) {
    super(message, { ...options, code: 'CACHE_INFRASTRUCTURE' });
  }
}

/** A `hardTimeout` of the caller or a Redis command timed out. */
export class CacheTimeoutError extends CacheError {
  constructor(message: string, options: Omit<CacheErrorOptions, 'code'> = {}) {
    super(message, { ...options, code: 'CACHE_TIMEOUT' });
  }
}

/** The cache was used after `close()`. */
export class CacheClosedError extends CacheError {
  constructor(name: string) {
    super(`Cache '${name}' is closed`, { code: 'CACHE_CLOSED', details: { cache: name } });
  }
}

/** A loader waits for its own key, or two loads wait for each other's key: a deadlock. */
export class CircularLoadError extends CacheError {
  /** The key of the requesting loader, and the key that it requested. */
  readonly keys: readonly [string, string];

  constructor(asking: string, asked: string) {
    super(
      asking === asked
        ? `the loader of '${asking}' waits for itself: it requested its own key`
        : `the loads of '${asking}' and '${asked}' wait for each other: the loader of '${asking}' requested '${asked}', whose load cannot finish before the load of '${asking}'`,
      { code: 'CACHE_CIRCULAR_LOAD', details: { keys: [asking, asked] } },
    );
    this.keys = [asking, asked];
  }
}

/** `getOrSetMany` could not get every key. Contains what it could get. */
export class BulkLoadError extends CacheError {
  /** The values of the other keys, in the order of the call. */
  readonly values: ReadonlyMap<string, unknown>;
  /** The error of each key that failed, in the order of the call. One failed loader call fails all of its keys. */
  readonly errors: ReadonlyMap<string, unknown>;

  constructor(values: ReadonlyMap<string, unknown>, errors: ReadonlyMap<string, unknown>) {
    const [first] = errors;
    if (first === undefined) throw new TypeError('a BulkLoadError needs the error of a key');
    const [key, cause] = first;
    const total = values.size + errors.size;
    const why = cause instanceof Error ? withoutCredentials(cause.message) : describeValue(cause);
    super(`getOrSetMany could not get ${errors.size} of ${total} keys; '${key}': ${why}`, {
      code: 'CACHE_BULK_LOAD',
      cause,
      details: { failed: errors.size, total, key },
    });
    this.values = values;
    this.errors = errors;
    // The maps may be large, and hold values that must not reach a log.
    for (const name of ['values', 'errors']) Object.defineProperty(this, name, { enumerable: false });
  }
}

/**
 * Another caller held the lock for as long as the call waited. Who holds a lock is unknown: Redis knows it by a random
 * id.
 */
export class LockNotAcquiredError extends CacheError {
  /** The name of the lock. */
  readonly lock: string;

  constructor(lock: string, waitedMs: number) {
    const wait = waitedMs === 0 ? 'the call did not wait' : `waited ${String(waitedMs)} ms`;
    super(`lock ${describeValue(lock)} was not acquired: another caller holds it (${wait})`, {
      code: 'CACHE_LOCK_NOT_ACQUIRED',
      details: { lock, waitedMs },
    });
    this.lock = lock;
  }
}

/** The lease of a lock ended while the work ran: another caller may run the same work. The reason of its `signal`. */
export class LockLostError extends CacheError {
  /** The name of the lock. */
  readonly lock: string;

  constructor(lock: string, why: string) {
    super(`lock ${describeValue(lock)} was lost: ${why}`, { code: 'CACHE_LOCK_LOST', details: { lock } });
    this.lock = lock;
  }
}

/** A call with `onlyIfCached` found no stored answer. Compare status 504 of `only-if-cached` (RFC 9111 §5.2.1.7). */
export class AiNotCachedError extends CacheError {
  /** The key of the answer. */
  readonly key: string;

  constructor(operation: string, key: string) {
    super(
      `operation ${describeValue(operation)} has no stored answer to this request, and onlyIfCached is set`,
      {
        code: 'CACHE_AI_NOT_CACHED',
        details: { operation, key },
      },
    );
    this.key = key;
  }
}

/** `batch` could not get an answer to every request. Contains what it could get. */
export class AiBatchError extends CacheError {
  /** The results in the order of the requests; undefined where one failed. */
  readonly results: readonly unknown[];
  /** The error of each request that failed, by its position. */
  readonly errors: ReadonlyMap<number, unknown>;

  constructor(operation: string, results: readonly unknown[], errors: ReadonlyMap<number, unknown>) {
    const [first] = errors;
    if (first === undefined) throw new TypeError('an AiBatchError needs the error of a request');
    const [position, cause] = first;
    const why = cause instanceof Error ? withoutCredentials(cause.message) : describeValue(cause);
    super(
      `batch of operation ${describeValue(operation)} failed for ${errors.size} of ${results.length} requests; request ${position}: ${why}`,
      { code: 'CACHE_AI_BATCH', cause, details: { operation, failed: errors.size, total: results.length } },
    );
    this.results = results;
    this.errors = errors;
    // The answers must not reach a log.
    for (const name of ['results', 'errors']) Object.defineProperty(this, name, { enumerable: false });
  }
}

/** A value that cannot be stored. `path` is the place in the value, for example `$.user.callback`. */
export class SerializationError extends TypeError {
  readonly code = 'CACHE_SERIALIZATION' as const;
  readonly details: Readonly<Record<string, unknown>>;
  readonly path: string;

  /** `hint`: what to do, after the place. */
  constructor(message: string, path = '$', options: { cause?: unknown; hint?: string } = {}) {
    const { hint } = options;
    super(
      `${message} (at ${path})${hint === undefined ? '' : `: ${hint}`}`,
      'cause' in options ? { cause: options.cause } : undefined,
    );
    this.name = 'SerializationError';
    this.path = path;
    this.details = { path };
  }

  /**
   * The same error, which names the key of the value.
   *
   * @internal
   */
  under(key: string): this {
    this.message = `${this.message}; key ${describeValue(key)}`;
    return this;
  }
}
Object.defineProperty(SerializationError.prototype, brand, { value: true });
