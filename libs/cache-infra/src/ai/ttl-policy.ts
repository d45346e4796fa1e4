import type { Ttl } from '../cache/contract/options.js';
import { durationMs } from '../base/duration.js';
import { sha256 } from '../keys/digest.js';

export interface TtlPolicy {
  /** Seconds. */
  readonly defaultTtl: number;
  readonly operationTtls: Readonly<Record<string, number>>;
  /** Seconds; undefined = no cap. */
  readonly maxTtl: number | undefined;
  /** Fraction, 0-1. */
  readonly jitter: number;
}

/** How long an answer lives, and why. */
export interface TtlDecision {
  /** 0 = never expires. */
  readonly ttlMs: number;
  readonly source: 'call' | 'operation' | 'default';
  /** Whether `maxTtl` shortened it. */
  readonly capped: boolean;
  /** What jitter took off. */
  readonly jitterMs: number;
}

/**
 * The life of an answer, counted from when it was stored: a hit does not prolong it. It is the call's, else the
 * operation's, else the default; at most `maxTtl`; less a part that the key decides, the same on every instance.
 *
 * @throws ValidationError for a bad `ttl`
 */
export function decideTtl(
  policy: TtlPolicy,
  operation: string,
  key: string,
  ttl: Ttl | undefined,
): TtlDecision {
  const { source, wantedMs } = wanted(policy, operation, ttl);
  const maxMs = (policy.maxTtl ?? 0) * 1000;
  const capped = maxMs > 0 && (wantedMs === 0 || wantedMs > maxMs);
  const fullMs = capped ? maxMs : wantedMs;
  const jitterMs = Math.floor(fullMs * policy.jitter * fractionOf(key));
  // What expires must not come down to 0, which means never.
  const ttlMs = fullMs === 0 ? 0 : Math.max(1, fullMs - jitterMs);
  return { ttlMs, source, capped, jitterMs: fullMs - ttlMs };
}

/** Milliseconds as the option of a cache. */
export function ttlOption(ttlMs: number): Ttl {
  return ttlMs % 1000 === 0 ? ttlMs / 1000 : `${ttlMs}ms`;
}

function wanted(
  { operationTtls, defaultTtl }: TtlPolicy,
  operation: string,
  ttl: Ttl | undefined,
): { source: TtlDecision['source']; wantedMs: number } {
  if (ttl !== undefined) return { source: 'call', wantedMs: durationMs(ttl) };
  // An operation may be called 'constructor'.
  const seconds = Object.hasOwn(operationTtls, operation) ? operationTtls[operation] : undefined;
  if (seconds !== undefined) return { source: 'operation', wantedMs: seconds * 1000 };
  return { source: 'default', wantedMs: defaultTtl * 1000 };
}

/** A number from 0 to 1 (exclusive) that looks random and is the same for the same key. */
function fractionOf(key: string): number {
  return Buffer.from(sha256(key), 'base64url').readUIntBE(0, 6) / 2 ** 48;
}
