import { ValidationError } from './errors.js';

/**
 * A duration: a number of whole seconds, or a string with a unit: `'250ms'`, `'30s'`, `'5m'`, `'2h'`, `'7d'`. For a
 * ttl, 0 = never expires. At most 365 days.
 */
export type Ttl = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const form = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

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
export function durationMs(value: Ttl, path = 'ttl'): number {
  const known = typeof value === 'string' ? parsed.get(value) : undefined;
  if (known !== undefined) return known;
  const problem = durationProblem(value);
  if (problem !== undefined) {
    throw new ValidationError([{ path, message: `${path} ${problem}, got ${describe(value)}` }]);
  }
  if (typeof value === 'number') return value * 1000;
  const ms = textMs(value);
  // Durations are written in code, so there are few; the bound covers computed ones.
  if (parsed.size < 1000) parsed.set(value, ms);
  return ms;
}

/** The same in seconds, with a fraction for a duration such as '250ms'. */
export function durationSeconds(value: Ttl, path?: string): number {
  return durationMs(value, path) / 1000;
}

/** The problem of a value that is no duration, as text to follow the option's name. */
export function durationProblem(value: unknown): string | undefined {
  const isForm = typeof value === 'string' ? form.test(value) : Number.isInteger(value);
  if (!isForm) return 'must be an integer (seconds) or a duration with a unit (ms, s, m, h, d) such as "5m"';
  const ms = typeof value === 'string' ? textMs(value) : (value as number) * 1000;
  if (ms < 0) return 'must be non-negative';
  return ms > maxDurationMs ? 'must not exceed 365 days' : undefined;
}

/** Caps a duration at the longest delay of a timer. */
export function timerMs(ms: number): number {
  return Math.min(ms, maxTimerMs);
}

/** The milliseconds of a text in the form of a duration. */
function textMs(text: string): number {
  const [, count, unit] = form.exec(text) as RegExpExecArray;
  return wholeMs(Number(count) * (units[unit as string] as number));
}

/** Rounds to at least 1: 0 would mean "never expires". */
function wholeMs(ms: number): number {
  return ms === 0 ? 0 : Math.max(1, Math.round(ms));
}

function describe(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
