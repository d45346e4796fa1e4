import { registerDecorator } from 'class-validator';

import { optionProblems } from '../base/checks.js';
import type { ValidationProblem } from '../base/errors.js';
import { contradictions } from '../cache/contract/contradictions.js';
import { checksOf } from '../cache/contract/option-kinds.js';
import { readEnvironment, variableNames } from './environment.js';
import { configOptions, type CacheConfig } from './options.js';

/**
 * The options of `CacheInfraModule.forRoot()` as a class, for an application that validates its own configuration by
 * `class-validator`. The rules are those of the module.
 *
 * ```ts
 * class AppConfig {
 *   @ValidateNested()
 *   @Type(() => CacheSettings)
 *   cache!: CacheSettings;
 * }
 * ```
 */
export const CacheSettings: new () => CacheConfig = optionClass(
  'CacheSettings',
  Object.keys(configOptions),
  settingProblems,
);
export type CacheSettings = CacheConfig;

/** The environment variables that the library reads, each a text or not set. */
export type CacheEnvironment = Record<string, unknown>;

/**
 * The environment variables that the library reads as a class, for the `validate` of `ConfigModule`. Empty counts as
 * not set.
 *
 * ```ts
 * class Environment extends CacheEnvironment {
 *   @IsInt()
 *   PORT!: number;
 * }
 * ```
 */
export const CacheEnvironment: new () => CacheEnvironment = optionClass(
  'CacheEnvironment',
  variableNames,
  variableProblems,
);

type Problems = (name: string, value: unknown, all: object) => readonly ValidationProblem[];

/** A class with a validator on each property. A property that is not set is valid. */
function optionClass<T extends object>(
  name: string,
  properties: readonly string[],
  problemsOf: Problems,
): new () => T {
  // Its properties are known at run time only.
  const made: new () => object = class extends Object {};
  Object.defineProperty(made, 'name', { value: name });
  for (const propertyName of properties) {
    registerDecorator({
      name: 'isCacheOption',
      target: made,
      propertyName,
      validator: {
        validate: (value: unknown, at) =>
          value === undefined || problemsOf(propertyName, value, at?.object ?? {}).length === 0,
        defaultMessage: (at) =>
          problemsOf(propertyName, at?.value, at?.object ?? {})
            .map(({ message }) => message)
            .join('; '),
      },
    });
  }
  return made as new () => T;
}

const settingChecks = checksOf(configOptions);

function settingProblems(name: string, value: unknown, all: object): readonly ValidationProblem[] {
  const ofThis = contradictions(all).filter(({ path }) => path === name || path.startsWith(`${name}.`));
  return [...optionProblems({ [name]: value }, settingChecks), ...ofThis];
}

function variableProblems(name: string, value: unknown): readonly ValidationProblem[] {
  // `enableImplicitConversion` may have turned a text into a number or a boolean.
  return readEnvironment({ [name]: String(value) }).problems;
}
