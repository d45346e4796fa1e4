import { plainToInstance } from 'class-transformer';
import type { ValidationError as Invalid } from 'class-validator';
// Not the whole package: its own decorators bring validator and libphonenumber-js, which no rule here needs, and which take long to load.
import { ValidateBy } from 'class-validator/cjs/decorator/common/ValidateBy.js';
import { Validator } from 'class-validator/cjs/validation/Validator.js';
import type { Check, NestedCheck } from '../base/checks.js';
import { problem, problemsAt, unknownOption } from '../base/checks.js';
import type { ValidationProblem } from '../base/errors.js';

const ruleName = 'rule';
const validator = new Validator();

/** Validates a property by one of the checks that the constructors use, so that each rule stands once. */
export function Rule(check: Check | NestedCheck): PropertyDecorator {
  const isFine = (value: unknown) => value === undefined || problemsAt('', value, check).length === 0;
  return ValidateBy(
    { name: ruleName, validator: { validate: isFine, defaultMessage: () => 'is not valid' } },
    { context: { check } },
  );
}

/** An options instance, made from what was given over the class's defaults, and what is wrong with it. */
export interface Checked<T> {
  readonly options: T;
  readonly problems: readonly ValidationProblem[];
}

/** Makes and validates an instance of an options class; `undefined` counts as not given. */
export function check<T extends object>(type: new () => T, given: unknown): Checked<T> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    return { options: new type(), problems: [problem('options', 'must be an object', given)] };
  }
  const options = instance(type, given);
  const invalid = validator.validateSync(options, {
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: false,
  });
  const known = Object.keys(new type());
  return { options, problems: invalid.flatMap((error) => toProblems(error, known)) };
}

/**
 * Numbers, texts and dictionaries go through class-transformer. What belongs to the user (a client, a monitor, a
 * logger, a hook) must not: it would be copied, or made a second time by its constructor.
 */
function instance<T extends object>(type: new () => T, given: object): T {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  const data = Object.fromEntries(entries.filter(([, value]) => isData(value)));
  const references = entries.filter(([, value]) => !isData(value));
  return Object.assign(plainToInstance(type, data), Object.fromEntries(references));
}

function isData(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return typeof value !== 'function';
  return (
    Object.values(value).every((part) => part === null || !['object', 'function'].includes(typeof part)) &&
    [Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null)
  );
}

function toProblems(error: Invalid, known: readonly string[]): readonly ValidationProblem[] {
  const rule = error.contexts?.[ruleName] as { check: Check | NestedCheck } | undefined;
  if (rule === undefined) return [unknownOption('', error.property, known)];
  return problemsAt(error.property, error.value, rule.check);
}
