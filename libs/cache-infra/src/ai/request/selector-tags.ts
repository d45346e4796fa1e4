import { ValidationError } from '../../base/errors.js';
import { digestKey, looksDigested, sha256 } from '../../keys/digest.js';
import { describeValue } from '../../base/redact.js';
import type { AiRequest } from './request.js';
import type { AiSelector } from './selector.js';

/** Maximum number of caller-supplied tags of an answer. */
export const maxOwnTags = 32;
const maxReadableValue = 100;

const dimensions = ['operation', 'model', 'promptVersion', 'tenant'] as const;
type Dimension = (typeof dimensions)[number];
type Values = Partial<Record<Dimension, string>>;

const shortNames: Readonly<Record<Dimension, string>> = {
  operation: 'op',
  model: 'model',
  promptVersion: 'prompt',
  tenant: 'tenant',
};

/**
 * The tags of an answer: one per combination of its operation, model, prompt version and tenant (`ai:op:summarize`,
 * `ai:op:summarize+model:small`, …; 15 at most), and the caller's. So an invalidation by several conditions is one tag,
 * which matches exactly the answers that match all conditions.
 */
export function answerTags(
  prefix: string,
  operation: string,
  request: AiRequest,
  own: readonly string[] = [],
): string[] {
  const { model, promptVersion, tenant } = request;
  const parts = partsOf({ operation, ...named({ model, promptVersion, tenant }) });
  return [
    ...combinations(parts).map((parts) => `${prefix}:${parts.join('+')}`),
    ...checkedOwnTags(prefix, own),
  ];
}

/**
 * The tags to invalidate for a selector.
 *
 * @throws ValidationError without a condition, for an invalid one, and for `tags` combined with others
 */
export function selectorTags(prefix: string, selector: AiSelector): string[] {
  const problems = selectorProblems(selector);
  if (problems.length > 0) {
    throw new ValidationError(problems.map(([path, words]) => ({ path, message: `${path} ${words}` })));
  }
  if (selector.key !== undefined) return [];
  if (selector.tags !== undefined) return [...new Set(checkedOwnTags(prefix, selector.tags, Infinity))];
  return [`${prefix}:${partsOf(named(selector)).join('+')}`];
}

/** @throws ValidationError for a tag that is not a string or begins with the reserved prefix, and for too many tags */
export function checkedOwnTags(
  prefix: string,
  tags: readonly string[],
  max: number = maxOwnTags,
): readonly string[] {
  // A separate boolean, because narrowing by Array.isArray would make the elements `any`.
  const isList: boolean = Array.isArray(tags);
  if (!isList) throw new ValidationError([{ path: 'tags', message: 'tags must be an array of strings' }]);
  const problems = tags.flatMap((tag: unknown, index) => {
    const path = `tags[${index}]`;
    if (typeof tag !== 'string' || tag === '') {
      return [{ path, message: `${path} must be a non-empty string, got ${describeValue(tag)}` }];
    }
    return tag.startsWith(`${prefix}:`)
      ? [{ path, message: `${path} must not begin with '${prefix}:', which the AI cache's own tags do` }]
      : [];
  });
  if (tags.length > max)
    problems.push({ path: 'tags', message: `tags must be at most ${max}, got ${tags.length}` });
  if (problems.length > 0) throw new ValidationError(problems);
  return tags;
}

function selectorProblems(selector: unknown): [path: string, words: string][] {
  if (typeof selector !== 'object' || selector === null) return [['selector', 'must be an object']];
  const given = Object.entries(selector).filter(([, value]) => value !== undefined);
  const names: readonly string[] = [...dimensions, 'tags', 'key'];
  if (given.length === 0) return [['selector', `must name at least one of ${names.join(', ')}`]];
  const problems = given.flatMap(([name, value]): [string, string][] => {
    if (!names.includes(name)) return [[name, `is not a condition (known: ${names.join(', ')})`]];
    if (name === 'tags' || nameable(value) !== undefined) return [];
    return [[name, `must be a non-empty string, got ${describeValue(value)}`]];
  });
  if (given.length > 1 && given.some(([name]) => name === 'key')) {
    problems.push(['key', 'names one answer: it cannot be combined with other conditions']);
  } else if ('tags' in selector && selector.tags !== undefined && given.length > 1) {
    problems.push([
      'tags',
      'cannot be combined with other conditions: put the tenant or the model into the tag itself',
    ]);
  }
  return problems;
}

function named(values: Partial<Record<Dimension, unknown>>): Values {
  const known = dimensions.map((name) => [name, nameable(values[name])] as const);
  return Object.fromEntries(known.filter(([, value]) => value !== undefined));
}

/** The name of a dimension that tags can hold; undefined for any other value. */
export function nameable(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function partsOf(values: Values): string[] {
  return dimensions.flatMap((name) => {
    const value = values[name];
    return value === undefined ? [] : [`${shortNames[name]}:${escaped(value)}`];
  });
}

/** Escapes the separator `+` and digests long values, and addresses, which may hold credentials. */
function escaped(value: string): string {
  if (value.includes('://')) return `sha256:${sha256(value)}`;
  const short = value.length > maxReadableValue || looksDigested(value) ? digestKey(value) : value;
  return short.replaceAll('%', '%25').replaceAll('+', '%2B');
}

/** Every non-empty subset of `parts`, in their order. */
function combinations(parts: readonly string[]): string[][] {
  return parts.reduce<string[][]>(
    (found, part) => [...found, ...found.map((before) => [...before, part]), [part]],
    [],
  );
}
