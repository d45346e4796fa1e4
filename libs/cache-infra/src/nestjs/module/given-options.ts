import { cachesBeside, optionsBeside, type SeveralCaches } from '../../config/several-caches.js';
import { ValidationError } from '../../base/errors.js';
import type { AnswerOptions } from './module-options.js';
import type { Plan } from './plan.js';
import { defaultCacheName } from '../registry/tokens.js';

/** The options of `forRoot()` and its like, not validated yet. */
export interface GivenOptions extends SeveralCaches {
  readonly isGlobal?: boolean | undefined;
}

/** Options of the AI service, not of its cache: `jitter` beside them applies to responses. */
const ofAnswers = [
  'operations',
  'prices',
  'countTokens',
  'maxTtl',
  'jitter',
  'completeFinishReasons',
  'ignored',
  'maxRecordedBytes',
] as const satisfies readonly (keyof AnswerOptions)[];

export function answerOptions(given: AnswerOptions): AnswerOptions {
  return Object.fromEntries(ofAnswers.map((name) => [name, given[name]]));
}

/** @throws ValidationError when the options are not an object */
export function assertOptionsObject(given: unknown): void {
  if (isOptions(given)) return;
  const instead = typeof given === 'function' ? ': pass it to forRootAsync({ useFactory })' : '';
  throw new ValidationError(`options must be an object, got ${kindOf(given)}${instead}`, 'CacheInfraModule');
}

/** @throws ValidationError when a factory returned something other than an options object */
export function assertMadeOptions(given: unknown): void {
  if (isOptions(given)) return;
  const message = `useFactory (or createCacheOptions()) must return an options object, got ${kindOf(given)}`;
  throw new ValidationError(message, 'CacheInfraModule');
}

/** The kind of a value, never the value itself: it may be a URL with a password. */
function kindOf(given: unknown): string {
  if (given === undefined || given === null) return String(given);
  return Array.isArray(given) ? 'a list' : `a ${typeof given}`;
}

function isOptions(given: unknown): boolean {
  return typeof given === 'object' && given !== null && !Array.isArray(given);
}

/**
 * The options of one cache of a module. The first cache has the options of `forRoot()`; its entry in `caches` overrides
 * them for another one.
 *
 * @throws ValidationError when a factory returns a name that the module could not know before
 */
export function cacheOptions(given: GivenOptions, name: string, { way, ...plan }: Plan): object {
  const first = plan.name ?? defaultCacheName;
  if (given.name !== undefined && given.name !== first) {
    throw wrong(
      'name',
      `name '${given.name}' must be set next to useFactory, not in the options that the factory returns`,
    );
  }
  const late = Object.keys(cachesBeside(given)).filter((each) => !plan.caches.includes(each));
  if (late.length > 0) {
    const names = late.map((each) => `'${each}'`).join(', ');
    throw wrong(
      'caches',
      `caches: [${names}] must also be listed next to useFactory: injection tokens are created before the factory runs`,
    );
  }

  const others: readonly string[] = way === 'createAi' ? ['isGlobal', ...ofAnswers] : ['isGlobal'];
  const own = Object.fromEntries(Object.entries(given).filter(([option]) => !others.includes(option)));
  if (name !== first) return optionsBeside(own, name);
  const { caches: _caches, ...options } = own as SeveralCaches;
  return { ...options, name };
}

function wrong(path: string, message: string): ValidationError {
  return new ValidationError([{ path, message }], 'CacheInfraModule');
}
