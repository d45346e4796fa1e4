import { durationMs } from '../../base/duration.js';
import { ValidationError, type ValidationProblem } from '../../base/errors.js';
import { describeValue } from '../../base/redact.js';
import type { LockOptions } from '../contract/lock.js';
import type { Ttl } from '../contract/options.js';

/** Shortest lease, milliseconds: a renewal must have the time to reach Redis. */
const minLeaseMs = 100;

/** The arguments of `lock`, checked. */
export interface LockCall {
  readonly name: string;
  readonly leaseMs: number;
  readonly waitMs: number;
  readonly signal: AbortSignal | undefined;
}

/** @throws ValidationError with every invalid argument */
export function lockCall(name: unknown, ttl: unknown, work: unknown, options: unknown): LockCall {
  const problems: ValidationProblem[] = [];
  const refuse = (path: string, problem: string, value: unknown): void => {
    problems.push({ path, message: `${path} ${problem}, got ${describeValue(value)}` });
  };
  if (typeof name !== 'string' || name === '') refuse('name', 'must be a non-empty string', name);
  const leaseMs = checkedMs(ttl, 'ttl', problems);
  if (leaseMs < minLeaseMs) refuse('ttl', `must be at least ${String(minLeaseMs)}ms`, ttl);
  if (typeof work !== 'function') refuse('work', 'must be a function', work);
  const isObject = typeof options === 'object' && options !== null;
  if (options !== undefined && !isObject) refuse('options', 'must be an object', options);
  const { wait, signal, ...others } = (isObject ? options : {}) as LockOptions;
  for (const other of Object.keys(others)) {
    problems.push({ path: other, message: `${other} is no option of lock(): it takes wait and signal` });
  }
  const waitMs = wait === undefined ? leaseMs : checkedMs(wait, 'wait', problems);
  if (signal !== undefined && !(signal instanceof AbortSignal))
    refuse('signal', 'must be an AbortSignal', signal);
  if (problems.length > 0) throw new ValidationError(problems, 'lock()');
  return { name: name as string, leaseMs, waitMs, signal };
}

/** Infinity for a value that is no duration. */
function checkedMs(value: unknown, path: string, problems: ValidationProblem[]): number {
  try {
    return durationMs(value as Ttl, path);
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    problems.push(...error.problems);
    return Infinity;
  }
}
