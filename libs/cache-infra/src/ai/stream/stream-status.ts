import type { AiMatch } from '../call/alike-port.js';
import type { AiResult } from '../call/result.js';

/** What is known of a stream before its first chunk. */
export interface AiStreamStatus {
  /**
   * `hit`: the stored answer is replayed. `collapsed`: the stream of a concurrent equal call is shared. `miss`,
   * `refresh`: `produce` runs, and its answer is to be stored. `bypass`: `produce` runs for this call alone.
   */
  readonly outcome: 'hit' | 'collapsed' | 'miss' | 'refresh' | 'bypass';
  /** Whether the answer was stored before this call. */
  readonly cached: boolean;
  /** How the stored answer was found; only if it was stored for a request that is alike. */
  readonly matched?: AiMatch | undefined;
  readonly key: string;
  readonly operation: string;
  /** Seconds since the answer was stored; only if `cached`. */
  readonly ageSeconds?: number | undefined;
  /** The member for an HTTP `Cache-Status` header (RFC 9211). */
  readonly cacheStatus: string;
}

/** What is known of a stream after its end: the result without its value. */
export type AiStreamEnd = Omit<AiResult<unknown>, 'value'>;
