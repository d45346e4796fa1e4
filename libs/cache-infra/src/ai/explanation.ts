import type { RequestPart } from './request-key.js';
import type { TtlDecision } from './ttl-policy.js';
import type { BypassReason } from './result.js';

/** How the cache sees a request. */
export interface AiExplanation {
  readonly operation: string;
  readonly key: string;
  /** Whether the request can be read in the key, or stands in it as a digest. */
  readonly form: 'readable' | 'digest';
  /** SHA-256 of all that is in the key, as base64url. */
  readonly digest: string;
  /** Each field that is in the key, with a digest of its own. */
  readonly parts: readonly RequestPart[];
  /** Fields and headers of this request that are not in the key. */
  readonly ignored: readonly string[];
  /** Its life, as far as it is known before `produce` has its say. */
  readonly ttl: { readonly seconds: number } & Pick<TtlDecision, 'source' | 'capped'> & {
      readonly jitterSeconds: number;
    };
  readonly tags: readonly string[];
  /** Why this call would not use the cache. */
  readonly bypassed?: BypassReason | undefined;
  /** Which answers are never stored, whatever the request. */
  readonly neverStored: Readonly<Record<string, string>>;
}
