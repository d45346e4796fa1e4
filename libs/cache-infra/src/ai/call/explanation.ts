import type { RequestPart } from '../request/request-key.js';
import type { TtlDecision } from './ttl-policy.js';
import type { BypassReason } from '../answer/cacheability.js';

/** Key, ttl and cacheability of a request. */
export interface AiExplanation {
  readonly operation: string;
  readonly key: string;
  /** Whether the key contains the request in readable form or as a digest. */
  readonly form: 'readable' | 'digest';
  /** SHA-256 of the canonical request, as base64url. */
  readonly digest: string;
  /** Each field in the key, with its own digest. */
  readonly parts: readonly RequestPart[];
  /** Fields and headers of the request that are not in the key. */
  readonly ignored: readonly string[];
  /** Fields whose values differ between the two requests; empty = both have one answer. Only with `other`. */
  readonly differs?: readonly string[] | undefined;
  /** The ttl, unless `produce` sets another. */
  readonly ttl: { readonly seconds: number } & Pick<TtlDecision, 'source' | 'capped'> & {
      readonly jitterSeconds: number;
    };
  readonly tags: readonly string[];
  /** Why the call would bypass the cache. */
  readonly bypassed?: BypassReason | undefined;
  /** Reasons for never storing an answer, with descriptions. */
  readonly neverStored: Readonly<Record<string, string>>;
}
