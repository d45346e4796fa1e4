import { failureKind } from '../../tiers/redis/errors.js';
import type { CacheOperation } from '../contract/monitor.js';
import type { OnError } from '../contract/options.js';
import type { Counters } from '../observe/counters.js';
import type { CacheEmitter } from '../observe/emitter.js';

/** Result of a call to Redis that failed, where `onError` is `'degrade'`. */
export const failed = Symbol('failed');

/** Result of a change that Redis refuses to this user permanently: it is not journalled. */
export const refused = Symbol('refused');

export interface ErrorPolicyDeps {
  readonly onError: OnError;
  readonly counters: Counters;
  readonly emitter: CacheEmitter;
}

/**
 * Decides the effect of a failed call to Redis. Every failure is counted and emitted as `error`; then `onError`
 * decides:
 *
 * | `onError`   | a read                | a change                                        |
 * | ----------- | --------------------- | ----------------------------------------------- |
 * | `'degrade'` | a miss                | journalled, unless Redis refuses it permanently |
 * | `'throw'`   | `InfrastructureError` | `InfrastructureError`                           |
 */
export class ErrorPolicy {
  readonly #deps: ErrorPolicyDeps;

  constructor(deps: ErrorPolicyDeps) {
    this.#deps = deps;
  }

  /** True if failures reach the caller. */
  get throws(): boolean {
    return this.#deps.onError === 'throw';
  }

  /** The result of `work`, or `failed`. */
  async guarded<T>(operation: CacheOperation, work: Promise<T>): Promise<T | typeof failed> {
    try {
      return await work;
    } catch (error) {
      this.tolerate(operation, error);
      return failed;
    }
  }

  /** As `guarded`, for a change: `refused` when Redis would refuse it again. */
  async attempt<T>(operation: CacheOperation, work: Promise<T>): Promise<T | typeof failed | typeof refused> {
    let isRefused = false;
    const noted = work.catch((error: unknown) => {
      isRefused = failureKind(error) === 'permission';
      throw error;
    });
    const result = await this.guarded(operation, noted);
    return result === failed && isRefused ? refused : result;
  }

  /** Counts and emits a failure, and throws it where `onError` is `'throw'`. */
  tolerate(operation: CacheOperation, error: unknown): void {
    this.report(operation, error);
    if (this.throws) throw error;
  }

  /** Counts and emits a failure. */
  report(operation: CacheOperation, error: unknown): void {
    const { counters, emitter } = this.#deps;
    counters.failedL2();
    emitter.emit('error', { operation, error: error as Error });
  }
}
