import type { AiSavings } from '../savings/savings.js';
import { cacheStatus } from './cache-status.js';
import type { Call, Ended } from './call.js';
import type { AiResult } from './result.js';

type Writable<T> = { -readonly [Name in keyof T]: T[Name] };

/** The result of a call, for its caller. Built field by field: spreads would cost more than the look-up. */
export function describeResult<T>(
  call: Call,
  { answer, how }: Ended<T>,
  { cache, nowMs, savings }: { cache: string; nowMs: number; savings?: AiSavings | undefined },
): AiResult<T> {
  const { evidence, usage, finishReason, status, model, storedAt, ttlMs, bypassed, matched } = answer;
  const ageMs = Math.max(0, nowMs - storedAt);
  const ttlSeconds = ttlMs === 0 ? undefined : Math.max(0, Math.ceil((ttlMs - ageMs) / 1000));
  const result: Writable<AiResult<T>> = {
    value: answer.value,
    cached: how === 'hit',
    collapsed: how === 'collapsed',
    key: call.key,
    operation: call.operation,
    cacheStatus: cacheStatus(cache, { outcome: how, ttlSeconds, bypassed, matched }),
  };
  if (evidence !== undefined) result.evidence = evidence;
  if (usage !== undefined) result.usage = usage;
  if (finishReason !== undefined) result.finishReason = finishReason;
  if (status !== undefined) result.status = status;
  if (model !== undefined) result.model = model;
  if (bypassed !== undefined) result.bypassed = bypassed;
  if (savings !== undefined) result.savings = savings;
  if (how !== 'hit') return result;
  if (matched !== undefined) result.matched = matched;
  result.ageSeconds = Math.floor(ageMs / 1000);
  return result;
}
