import type { NotStoredReason } from './cacheability.js';
import type { AiUsage } from './output.js';
import type { AiSavings } from './savings.js';

/** `requested`: the caller said so. `skipped`: `produce` said so. The others: why the answer was not stored. */
export type BypassReason = NotStoredReason | 'requested' | 'skipped';

/** An answer, and where it came from. */
export interface AiResult<T> {
  readonly value: T;
  /** True when it was stored before this call. */
  readonly cached: boolean;
  /** True when an equal call was under way, and this one shared its answer. */
  readonly collapsed: boolean;
  readonly key: string;
  readonly operation: string;
  /** Tokens that producing it took, then or now. */
  readonly usage?: AiUsage | undefined;
  readonly finishReason?: string | undefined;
  readonly status?: number | undefined;
  /** The model that answered. */
  readonly model?: string | undefined;
  /** How long ago it was stored; only when `cached`. */
  readonly ageSeconds?: number | undefined;
  /** What this call did not cost; only when it produced nothing itself. */
  readonly savings?: AiSavings | undefined;
  /** Why this answer is not in the cache. */
  readonly bypassed?: BypassReason | undefined;
  /** The member for an HTTP `Cache-Status` header (RFC 9211): `default; hit; ttl=3540`. */
  readonly cacheStatus: string;
}
