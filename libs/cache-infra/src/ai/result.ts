import type { NotStoredReason } from './cacheability.js';
import type { AiUsage } from './output.js';
import type { AiSavings } from './savings.js';

/**
 * `requested`: the caller passed `bypass`. `skipped`: `produce` called `skipStore()`. Others: why the answer was not
 * stored.
 */
export type BypassReason = NotStoredReason | 'requested' | 'skipped';

/** An answer and its origin. */
export interface AiResult<T> {
  readonly value: T;
  /** Whether the answer was stored before this call. */
  readonly cached: boolean;
  /** Whether this call shared the answer of a concurrent equal call. */
  readonly collapsed: boolean;
  readonly key: string;
  readonly operation: string;
  /** Token usage when the answer was produced. */
  readonly usage?: AiUsage | undefined;
  readonly finishReason?: string | undefined;
  readonly status?: number | undefined;
  /** The model that answered. */
  readonly model?: string | undefined;
  /** Seconds since the answer was stored; only if `cached`. */
  readonly ageSeconds?: number | undefined;
  /** Savings of this call; only if it did not run `produce`. */
  readonly savings?: AiSavings | undefined;
  /** Why the answer is not in the cache. */
  readonly bypassed?: BypassReason | undefined;
  /** The member for an HTTP `Cache-Status` header (RFC 9211): `default; hit; ttl=3540`. */
  readonly cacheStatus: string;
}
