import { ValidationError } from '../base/errors.js';
import { digestKey, looksDigested } from '../keys/digest.js';
import { describeValue } from '../base/redact.js';
import type { AiRequest } from './request.js';
import type { AiSelector } from './selector.js';

/** Tags of the caller's own that one answer may carry. */
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
 * `ai:op:summarize+model:small`, …; 15 at most), so that an invalidation by several of them is one tag and hits exactly the answers that
 * fulfil all, and then the caller's own.
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
 * The tags whose invalidation hits what a selector means.
 *
 * @throws ValidationError without any condition, for a bad one, and for `tags` beside others
 */
export function selectorTags(prefix: string, selector: AiSelector): string[] {
  const problems = selectorProblems(selector);
  if (problems.length > 0) {
    throw new ValidationError(problems.map(([path, words]) => ({ path, message: `${path} ${words}` })));
  }
  if (selector.tags !== undefined) return [...new Set(checkedOwnTags(prefix, selector.tags, Infinity))];
  return [`${prefix}:${partsOf(named(selector)).join('+')}`];
}

/** @throws ValidationError for a tag that is no text, one that looks like the library's own, and for too many */
export function checkedOwnTags(
  prefix: string,
  tags: readonly string[],
  max: number = maxOwnTags,
): readonly string[] {
  // A boolean, since narrowing by Array.isArray would make the elements `any`.
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
  const names: readonly string[] = [...dimensions, 'tags'];
  if (given.length === 0) return [['selector', `must name at least one of ${names.join(', ')}`]];
  const problems = given.flatMap(([name, value]): [string, string][] => {
    if (!names.includes(name)) return [[name, `is not a condition (known: ${names.join(', ')})`]];
    if (name === 'tags' || nameable(value) !== undefined) return [];
    return [[name, `must be a non-empty string, got ${describeValue(value)}`]];
  });
  if ('tags' in selector && selector.tags !== undefined && given.length > 1) {
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

function nameable(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function partsOf(values: Values): string[] {
  return dimensions.flatMap((name) => {
    const value = values[name];
    return value === undefined ? [] : [`${shortNames[name]}:${escaped(value)}`];
  });
}

/** The plus separates, so it must not occur; long values are digested. */
function escaped(value: string): string {
  const short = value.length > maxReadableValue || looksDigested(value) ? digestKey(value) : value;
  return short.replaceAll('%', '%25').replaceAll('+', '%2B');
}

/** Every non-empty selection, in the order of `parts`. */
function combinations(parts: readonly string[]): string[][] {
  return parts.reduce<string[][]>(
    (found, part) => [...found, ...found.map((before) => [...before, part]), [part]],
    [],
  );
}
