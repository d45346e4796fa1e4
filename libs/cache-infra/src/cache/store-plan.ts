import { durationMs } from '../duration.js';
import { ValidationError, type ValidationProblem } from '../errors.js';
import { describeValue } from '../redact.js';
import type { LoadOptions, StoreOptions, Ttl } from './options.js';

/** How one entry will be stored: the caller's options, checked and resolved. */
export interface StorePlan {
  /** 0 = never expires. */
  readonly ttlMs: number;
  /** No duplicates; empty = no tags. */
  readonly tags: readonly string[];
}

const noTags: readonly string[] = [];
const storeOptionNames: ReadonlySet<string> = new Set(['ttl', 'tags']);
const loadOptionNames: ReadonlySet<string> = new Set([...storeOptionNames, 'forceRefresh', 'signal']);

/** @throws ValidationError for a bad ttl, bad tags or an unknown option */
export function storePlan(options: Ttl | StoreOptions | undefined, defaultTtlMs: number): StorePlan {
  return plan(options, defaultTtlMs, storeOptionNames);
}

/** @throws ValidationError for a bad ttl, bad tags, a bad signal or an unknown option */
export function loadPlan(options: Ttl | LoadOptions | undefined, defaultTtlMs: number): StorePlan {
  const signal: unknown = typeof options === 'object' ? (options as LoadOptions | null)?.signal : undefined;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw problem('signal', `signal must be an AbortSignal, got ${describeValue(signal)}`);
  }
  return plan(options, defaultTtlMs, loadOptionNames);
}

/** @throws ValidationError unless every tag is a non-empty string */
export function checkedTags(tags: readonly string[]): readonly string[] {
  if (!Array.isArray(tags)) throw problem('tags', `tags must be an array of strings, got ${describeValue(tags)}`);
  const problems: ValidationProblem[] = [];
  tags.forEach((tag: unknown, i) => {
    if (typeof tag === 'string' && tag !== '') return;
    const path = `tags[${String(i)}]`;
    problems.push({ path, message: `${path} must be a non-empty string, got ${describeValue(tag)}` });
  });
  if (problems.length > 0) throw new ValidationError(problems);
  // A copy: the caller may go on changing its array.
  return [...new Set(tags)];
}

function plan(
  options: Ttl | StoreOptions | undefined,
  defaultTtlMs: number,
  known: ReadonlySet<string>,
): StorePlan {
  if (options === undefined) return { ttlMs: defaultTtlMs, tags: noTags };
  if (typeof options === 'number' || typeof options === 'string') {
    return { ttlMs: durationMs(options), tags: noTags };
  }
  if (typeof options !== 'object' || options === null) {
    throw problem('options', `options must be a ttl or an object, got ${describeValue(options)}`);
  }
  for (const name of Object.keys(options)) {
    if (!known.has(name)) {
      throw problem(name, `${name} is not an option here (known: ${[...known].join(', ')})`);
    }
  }
  return {
    ttlMs: options.ttl === undefined ? defaultTtlMs : durationMs(options.ttl),
    tags: options.tags === undefined ? noTags : checkedTags(options.tags),
  };
}

function problem(path: string, message: string): ValidationError {
  return new ValidationError([{ path, message }]);
}
