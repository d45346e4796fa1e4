import type { Ttl } from '../../cache/contract/options.js';
import { durationMs } from '../../base/duration.js';
import { sha256 } from '../../keys/digest.js';

export interface TtlPolicy {
  readonly defaultTtl: Ttl;
  readonly operationTtls: Readonly<Record<string, Ttl>>;
  /** Undefined = no cap. */
  readonly maxTtl: Ttl | undefined;
  /** Fraction, 0-1. */
  readonly jitter: number;
}

/** The ttl of an answer and its source. */
export interface TtlDecision {
  /** 0 = never expires. */
  readonly ttlMs: number;
  readonly source: 'call' | 'operation' | 'default';
  /** Whether `maxTtl` shortened the ttl. */
  readonly capped: boolean;
  /** Milliseconds subtracted by jitter. */
  readonly jitterMs: number;
}

/**
 * Decides the ttl of an answer, counted from its store; a hit does not extend it. The ttl of the call comes first, then
 * of the operation, then the default; at most `maxTtl`, minus jitter, which depends only on the key and is equal on
 * every instance.
 *
 * @throws ValidationError for an invalid `ttl`
 */
export function decideTtl(
  policy: TtlPolicy,
  operation: string,
  key: string,
  ttl: Ttl | undefined,
): TtlDecision {
  const { source, wantedMs } = wanted(policy, operation, ttl);
  const maxMs = durationMs(policy.maxTtl ?? 0, 'maxTtl');
  const capped = maxMs > 0 && (wantedMs === 0 || wantedMs > maxMs);
  const fullMs = capped ? maxMs : wantedMs;
  const jitterMs = Math.floor(fullMs * policy.jitter * fractionOf(key));
  // A ttl must not be rounded down to 0, which means never.
  const ttlMs = fullMs === 0 ? 0 : Math.max(1, fullMs - jitterMs);
  return { ttlMs, source, capped, jitterMs: fullMs - ttlMs };
}

/** Converts milliseconds to the `ttl` option of a cache. */
export function ttlOption(ttlMs: number): Ttl {
  return ttlMs % 1000 === 0 ? ttlMs / 1000 : `${ttlMs}ms`;
}

function wanted(
  { operationTtls, defaultTtl }: TtlPolicy,
  operation: string,
  ttl: Ttl | undefined,
): { source: TtlDecision['source']; wantedMs: number } {
  if (ttl !== undefined) return { source: 'call', wantedMs: durationMs(ttl) };
  // An operation may be named 'constructor'.
  const ofOperation = Object.hasOwn(operationTtls, operation) ? operationTtls[operation] : undefined;
  if (ofOperation !== undefined) return { source: 'operation', wantedMs: durationMs(ofOperation) };
  return { source: 'default', wantedMs: durationMs(defaultTtl) };
}

/** A pseudo-random number from 0 to 1 (exclusive), derived from the key. */
function fractionOf(key: string): number {
  return Buffer.from(sha256(key), 'base64url').readUIntBE(0, 6) / 2 ** 48;
}
