import type { BypassReason } from '../answer/cacheability.js';
import type { AiMatch } from './alike-port.js';
import type { AiUsage } from '../answer/output.js';
import type { AiSavings } from '../savings/savings.js';

/** An answer and its origin. */
export interface AiResult<T> {
  readonly value: T;
  /** Whether the answer was stored before this call. */
  readonly cached: boolean;
  /**
   * How the stored answer was found: by the equal request, or by one whose text has the same gist or meaning. Only if
   * `cached`.
   */
  readonly matched?: AiMatch | undefined;
  /** Whether this call shared the answer of a concurrent equal call. */
  readonly collapsed: boolean;
  readonly key: string;
  readonly operation: string;
  /** Token usage when the answer was produced. */
  readonly usage?: AiUsage | undefined;
  /** What the producer passed to `ctx.evidence()`. */
  readonly evidence?: unknown;
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
