import { ValidationError, type ValidationProblem } from '../errors.js';
import type { AnswerOptions } from './module-options.js';
import type { Plan } from './module-definition.js';
import { defaultCacheName } from './tokens.js';

/** What is given to `forRoot()` and its like, before anything has looked at it. */
export interface GivenOptions {
  readonly name?: string | undefined;
  readonly isGlobal?: boolean | undefined;
  readonly caches?: Readonly<Record<string, object>> | undefined;
  readonly keyPrefix?: string | undefined;
}

/** Of the answers, not of the cache: a `jitter` beside them is theirs. */
const ofAnswers: readonly string[] = [
  'prices',
  'maxTtl',
  'jitter',
  'completeFinishReasons',
] satisfies (keyof AnswerOptions)[];

/** Of the module, not of a cache. */
const ofModule: readonly string[] = ['isGlobal', 'caches'];

export function answerOptions({ prices, maxTtl, jitter, completeFinishReasons }: AnswerOptions): AnswerOptions {
  return { prices, maxTtl, jitter, completeFinishReasons };
}

/**
 * The caches beside the first.
 *
 * @throws ValidationError unless they are a dictionary of options
 */
export function cachesOf({ caches = {} }: GivenOptions): Readonly<Record<string, object>> {
  const isDictionary = isOptions(caches) && Object.values(caches).every(isOptions);
  if (!isDictionary) throw wrong('caches', "caches must be a dictionary: { sessions: { defaultTtl: 900 } }");
  return caches;
}

/**
 * The options of one of the caches of a module: of the first those of `forRoot()`, of another what `caches` says over them.
 *
 * @throws ValidationError when names are given that the module cannot know of any more
 */
export function cacheOptions(given: GivenOptions, name: string, { way, ...plan }: Plan): object {
  const first = plan.name ?? defaultCacheName;
  if (given.name !== undefined && given.name !== first) {
    throw wrong('name', `name '${given.name}' has to stand beside useFactory, not in what it returns`);
  }
  const caches = cachesOf(given);
  const late = Object.keys(caches).filter((each) => !plan.caches.includes(each));
  if (late.length > 0) {
    const names = late.map((each) => `'${each}'`).join(', ');
    throw wrong('caches', `caches: [${names}] has to stand beside useFactory, too: tokens are made before it runs`);
  }

  const others = way === 'createAi' ? [...ofModule, ...ofAnswers] : ofModule;
  const shared = Object.fromEntries(Object.entries(given).filter(([option]) => !others.includes(option)));
  if (name === first) return { ...shared, name };
  // Two caches of one prefix would have each other's keys.
  const keyPrefix = given.keyPrefix === undefined ? {} : { keyPrefix: `${given.keyPrefix}.${name}` };
  return { ...shared, ...keyPrefix, ...caches[name], name };
}

function isOptions(value: unknown): value is Readonly<Record<string, object>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrong(path: string, message: string): ValidationError {
  const problem: ValidationProblem = { path, message };
  return new ValidationError([problem], 'CacheInfraModule');
}
