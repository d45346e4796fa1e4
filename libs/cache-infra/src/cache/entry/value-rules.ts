import { CacheTypes } from '../../values/cache-type.js';
import type { Class } from '../../values/class.js';
import { ReviveFailure, SchemaMismatch } from '../../values/revive-failure.js';
import { reviveAs } from '../../values/revive.js';
import { defaultMaxNodes } from '../../values/snapshot.js';
import { ValidationError } from '../../base/errors.js';
import { describeValue } from '../../base/redact.js';
import type { BaseCacheOptions } from '../contract/cache-options.js';
import type { ValueSchema } from '../contract/value-schema.js';
import type { StoreOptions, Ttl } from '../contract/options.js';
import { assertSchema, fits } from './schema-check.js';

/** The rules of a cache for all its values. */
export interface ValueLimits {
  readonly types: CacheTypes;
  readonly maxNodes: number;
}

/** The rule of a call for its value. */
export interface ValueRule {
  /** True = store instances by their plain form. */
  readonly plain: boolean;
  /** The class whose instances callers get; undefined = none. */
  readonly as: Class | undefined;
  /** Makes the caller's value from the stored one; `undefined` = callers get the stored value. */
  readonly revive: ((stored: unknown) => unknown) | undefined;
  /** A stored value that does not fit is a miss; undefined = every value fits. */
  readonly schema: ValueSchema | undefined;
}

/**
 * The value that a caller gets of a stored one. `held`: the object in the tier, of which `stored` may be a copy.
 *
 * @throws SchemaMismatch if the value does not fit the schema, ReviveFailure if `revive` throws
 */
export function revived(stored: unknown, { revive, schema }: ValueRule, held = stored): unknown {
  if (schema !== undefined && !fits(schema, held, stored))
    throw new SchemaMismatch('the stored value does not fit the schema', '$');
  if (revive === undefined) return stored;
  try {
    return revive(stored);
  } catch (cause) {
    throw new ReviveFailure('the stored value cannot be revived as an instance', '$', { cause });
  }
}

/** True if callers get another form of the value than the stored one. */
export function isRevived(options: Ttl | StoreOptions | undefined): options is StoreOptions {
  return (
    typeof options === 'object' &&
    options !== null &&
    (options.as !== undefined || options.revive !== undefined || options.schema !== undefined)
  );
}

const asTheyAre: ValueRule = { plain: false, as: undefined, revive: undefined, schema: undefined };
const byPlainForm: ValueRule = { ...asTheyAre, plain: true };

export function valueLimits({ types, advanced }: BaseCacheOptions): ValueLimits {
  return { types: new CacheTypes(types), maxNodes: advanced?.maxValueNodes ?? defaultMaxNodes };
}

/** The rule for calls without value options. */
export function defaultValueRule({ plain }: BaseCacheOptions): ValueRule {
  return plain === true ? byPlainForm : asTheyAre;
}

/**
 * The rule of a call.
 *
 * @throws ValidationError if an option has the wrong type, or `as` and `revive` are combined
 */
export function valueRule(options: StoreOptions, otherwise: ValueRule): ValueRule {
  const rule = formRule(options, otherwise);
  const { schema } = options;
  if (schema === undefined) return rule;
  assertSchema(schema);
  return { ...rule, schema };
}

function formRule({ as, revive, plain }: StoreOptions, otherwise: ValueRule): ValueRule {
  if (as === undefined && revive === undefined && plain === undefined) return otherwise;
  if (plain !== undefined && typeof plain !== 'boolean') throw wrong('plain', 'true or false', plain);
  if (revive !== undefined && typeof revive !== 'function') throw wrong('revive', 'a function', revive);
  if (as !== undefined && revive !== undefined)
    throw problem('revive', 'revive cannot be combined with as: use one of them');
  if (as !== undefined) return byClass(classOf(as));
  if (revive !== undefined) return { plain: true, as: undefined, revive, schema: undefined };
  return plain === true ? byPlainForm : asTheyAre;
}

const byClasses = new WeakMap<Class, ValueRule>();

function byClass(as: Class): ValueRule {
  let rule = byClasses.get(as);
  if (rule === undefined) {
    rule = { plain: false, as, revive: (stored) => reviveAs(as, stored), schema: undefined };
    byClasses.set(as, rule);
  }
  return rule;
}

/** The class, or the result of the arrow function: for a class that is defined later, or in a circular import. */
function classOf(as: NonNullable<StoreOptions['as']>): Class {
  if (typeof as !== 'function') throw wrong('as', 'a class, or an arrow function that returns one', as);
  if (hasPrototype(as)) return as as Class;
  const given = (as as () => unknown)();
  if (typeof given === 'function' && hasPrototype(given)) return given as Class;
  throw wrong('as', 'a class, or an arrow function that returns one', given);
}

/** True for classes and functions. An arrow function has no prototype. */
function hasPrototype(value: object): boolean {
  return 'prototype' in value && typeof value.prototype === 'object' && value.prototype !== null;
}

function wrong(path: string, wanted: string, got: unknown): ValidationError {
  return problem(path, `${path} must be ${wanted}, got ${describeValue(got)}`);
}

function problem(path: string, message: string): ValidationError {
  return new ValidationError([{ path, message }]);
}
