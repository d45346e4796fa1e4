import { inspect } from 'node:util';

import { optionProblems, problem } from '../base/checks.js';
import type { ValidationProblem } from '../base/errors.js';
import { advancedInEffect } from '../cache/contract/advanced-options.js';
import { checksOf } from '../cache/contract/option-kinds.js';
import type { CommonCacheOptions, OptionSet } from './options.js';
import { withoutSecrets } from './redact.js';

/** The options that were given over the defaults of their set, and what is wrong with them. */
export interface Checked<T> {
  readonly options: T;
  readonly problems: readonly ValidationProblem[];
}

/** Checks options against the option table. `undefined` counts as not given. Unknown names come first. */
export function checkOptions<T extends CommonCacheOptions>(set: OptionSet<T>, given: unknown): Checked<T> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    return { options: withDefaults(set, {}), problems: [problem('options', 'must be an object', given)] };
  }
  const isKnown = ([name]: [string, unknown]): boolean => Object.hasOwn(set.table, name);
  const [unknown, known] = [
    entriesOf(given).filter((each) => !isKnown(each)),
    entriesOf(given).filter(isKnown),
  ];
  return {
    options: withDefaults(set, Object.fromEntries(known)),
    problems: optionProblems(Object.fromEntries([...unknown, ...known]), checksOf(set.table)),
  };
}

function entriesOf(given: object): [name: string, value: unknown][] {
  return Object.entries(given).filter(([, value]) => value !== undefined);
}

/** `inspect` and JSON show no secret. On the prototype, not in the type: options stay plain object literals. */
const shownWithoutSecrets = {
  configurable: true,
  value(this: object): object {
    return withoutSecrets(this);
  },
};
const prototype: object = Object.defineProperties(
  {},
  { [inspect.custom]: shownWithoutSecrets, toJSON: shownWithoutSecrets },
);

function withDefaults<T extends CommonCacheOptions>(set: OptionSet<T>, given: CommonCacheOptions): T {
  const advanced = advancedInEffect(given.advanced);
  const values: Record<string, unknown> = { ...set.defaults, ...given, advanced };
  const options = Object.create(prototype) as T;
  for (const [name, value] of Object.entries(values)) Object.assign(options, { [name]: copyOfData(value) });
  return options;
}

/** Copies dictionaries of numbers and texts. A client, a monitor, a logger or a clock stays the user's own object. */
function copyOfData(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const isPlain = [Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null);
  const isFlat = Object.values(value).every(
    (part) => part === null || !['object', 'function'].includes(typeof part),
  );
  return isPlain && isFlat ? { ...value } : value;
}
