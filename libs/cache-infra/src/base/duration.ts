import { ValidationError } from './errors.js';

const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Longest delay of a Node timer, in milliseconds (24.8 days); a longer one would fire at once. */
const maxTimerMs = 2 ** 31 - 1;

/** Longest duration accepted: 365 days, in milliseconds. */
export const maxDurationMs = 365 * 86_400_000;

const parsed = new Map<string, number>();

/**
 * Converts a duration to milliseconds: whole seconds, or a string with a unit ('250ms', '30s', '5m', '2h', '7d').
 *
 * @throws ValidationError for any other value, a negative one, or one beyond 365 days
 */
export function durationMs(value: number | string, path = 'ttl'): number {
  if (typeof value === 'number') {
    if (!Number.isInteger(value))
      throw bad(path, value, 'must be an integer (seconds) or a duration such as "250ms"');
    if (value < 0) throw bad(path, value, 'must be non-negative');
    return within(path, value, value * 1000);
  }
  if (typeof value !== 'string')
    throw bad(path, value, 'must be an integer (seconds) or a duration such as "250ms"');
  const known = parsed.get(value);
  if (known !== undefined) return known;
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(value);
  if (match === null) throw bad(path, value, 'must be a duration such as "250ms", "30s", "5m", "2h" or "7d"');
  const ms = within(path, value, wholeMs(Number(match[1]) * (units[match[2] as string] as number)));
  // Durations are written in code, so there are few; the bound covers computed ones.
  if (parsed.size < 1000) parsed.set(value, ms);
  return ms;
}

function within(path: string, value: number | string, ms: number): number {
  if (ms > maxDurationMs) throw bad(path, value, 'must not exceed 365 days');
  return ms;
}

/** Caps a duration at the longest delay of a timer. */
export function timerMs(ms: number): number {
  return Math.min(ms, maxTimerMs);
}

/** Rounds to at least 1: 0 would mean "never expires". */
function wholeMs(ms: number): number {
  return ms === 0 ? 0 : Math.max(1, Math.round(ms));
}

function bad(path: string, value: unknown, rule: string): ValidationError {
  return new ValidationError([{ path, message: `${path} ${rule}, got ${describe(value)}` }]);
}

function describe(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
