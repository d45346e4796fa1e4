import { cacheStatus } from './cache-status.js';
import type { Call, Ended } from './call.js';
import type { AiResult } from './result.js';

/** The result of a call, for its caller. */
export function describeResult<T>(
  call: Call,
  { answer, how }: Ended<T>,
  { cache, nowMs }: { readonly cache: string; readonly nowMs: number },
): AiResult<T> {
  const { value, usage, finishReason, status, model, storedAt, ttlMs, bypassed } = answer;
  const ageMs = Math.max(0, nowMs - storedAt);
  const ttlSeconds = ttlMs === 0 ? undefined : Math.max(0, Math.ceil((ttlMs - ageMs) / 1000));
  return {
    value,
    cached: how === 'hit',
    collapsed: how === 'collapsed',
    key: call.key,
    operation: call.operation,
    ...(usage === undefined ? {} : { usage }),
    ...(finishReason === undefined ? {} : { finishReason }),
    ...(status === undefined ? {} : { status }),
    ...(model === undefined ? {} : { model }),
    ...(how === 'hit' ? { ageSeconds: Math.floor(ageMs / 1000) } : {}),
    ...(bypassed === undefined ? {} : { bypassed }),
    cacheStatus: cacheStatus(cache, { outcome: how, ttlSeconds, bypassed }),
  };
}
