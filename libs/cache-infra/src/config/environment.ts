/**
 * The environment, and the one place that reads it. Precedence, for every option by itself:
 *
 * 1. the option given in code,
 * 2. the environment variable: that of the option's entry in the option table,
 * 3. the preset: `preset` in code, else `CACHE_PRESET`, else `CACHE_ENV` (configuration and Nest module only),
 * 4. the default.
 *
 * The place of the cache follows the same order: `useMemoryCache: true` in code beats `REDIS_URL`, and `REDIS_URL`
 * beats a preset that says memory. An empty variable counts as not set.
 */
import { booleanValue, nonNegativeInteger, oneOf, problemsAt, type Check } from '../base/checks.js';
import type { ValidationProblem } from '../base/errors.js';
import { flagText, numberText } from '../base/text-values.js';
import type { Kind } from '../cache/contract/option-kinds.js';
import { misspeltVariables, type Environment, type MisspeltVariable } from './misspelt-variables.js';
import { configOptions, type CommonCacheOptions } from './options.js';
import { canonicalPresetName, presetNames, type PresetName } from './preset-names.js';

export type { Environment };

/** The settings that the environment gives. */
export interface EnvironmentSettings {
  /** Options, as if they were given in code. */
  readonly options: Partial<CommonCacheOptions>;
  /** `CACHE_PRESET`, else `CACHE_ENV`. */
  readonly preset: PresetName | undefined;
  /** `CACHE_MONITORING_ENABLED`: false = caches do not report to the factory's monitor. */
  readonly monitoring: boolean;
  /** `CACHE_FLEET`: false = an application does not publish its instances. */
  readonly fleet: boolean;
  /** `REDIS_TEST_DB`: the database number of test caches. */
  readonly testDb: number | undefined;
}

/** A variable, and the option that it sets. */
interface OptionVariable {
  readonly name: string;
  readonly option: string;
  readonly kind: Kind;
}

type Variable = Pick<Kind, 'check' | 'fromText' | 'textForm'>;

const optionVariables: readonly OptionVariable[] = Object.entries(configOptions).flatMap(([option, kind]) =>
  kind.variable === undefined ? [] : [{ name: kind.variable, option, kind }],
);

const presetCheck: Check = oneOf(...presetNames);
const presetVariable: Variable = {
  fromText: (name) => canonicalPresetName(name.toLowerCase()),
  check: presetCheck,
};

/** Variables beside those of the option table. */
export const otherVariables = {
  /** Sets `preset`. */
  CACHE_PRESET: presetVariable,
  /** Sets `preset`, where `CACHE_PRESET` is not set. */
  CACHE_ENV: presetVariable,
  /** `false`: caches do not report to the monitor of the factory. */
  CACHE_MONITORING_ENABLED: { fromText: flagText, check: booleanValue },
  /** `false`: applications do not publish their instances in Redis (`fleet` of `CacheInfraModule`). */
  CACHE_FLEET: { fromText: flagText, check: booleanValue },
  /**
   * Database number of test caches (`forTesting`, preset `testing`), unless the code names one. Without it
   * `CacheInfraModule.forTesting()` ignores `REDIS_URL`.
   */
  REDIS_TEST_DB: { fromText: numberText, check: nonNegativeInteger },
} as const satisfies Readonly<Record<string, Variable>>;

/** The variable of an option, by the option's name. */
export const variableOf: Readonly<Record<string, string>> = Object.fromEntries(
  optionVariables.map(({ name, option }) => [option, name]),
);

/** Every variable that is read here. */
export const variableNames: readonly string[] = [
  ...optionVariables.map(({ name }) => name),
  ...Object.keys(otherVariables),
];

/** The variables that look like one of these and are not read. */
export function misspeltHere(env: Environment = process.env): readonly MisspeltVariable[] {
  return misspeltVariables(env, /^(CACHE|REDIS|ENABLE_CACHE)_/, variableNames);
}

/** Reads every variable. The problems of one stand under its name. An empty variable counts as not set. */
export function readEnvironment(env: Environment = process.env): {
  readonly settings: EnvironmentSettings;
  readonly problems: readonly ValidationProblem[];
} {
  const problems: ValidationProblem[] = [];
  const read = (name: string, variable: Variable): unknown => {
    const raw = env[name]?.trim();
    if (raw === undefined || raw === '') return undefined;
    const value = variable.fromText(raw);
    const found = problemsOf(name, value, variable);
    problems.push(...found);
    return found.length === 0 ? value : undefined;
  };
  const other = (name: keyof typeof otherVariables): unknown => read(name, otherVariables[name]);

  const options = Object.fromEntries(
    optionVariables.map(({ name, option, kind }) => [option, read(name, kind)]),
  );
  const preset = other('CACHE_PRESET');
  const kind = other('CACHE_ENV');
  return {
    settings: {
      options,
      preset: (preset ?? kind) as PresetName | undefined,
      monitoring: (other('CACHE_MONITORING_ENABLED') ?? true) as boolean,
      fleet: (other('CACHE_FLEET') ?? true) as boolean,
      testDb: other('REDIS_TEST_DB') as number | undefined,
    },
    problems,
  };
}

function problemsOf(
  name: string,
  value: unknown,
  { check, textForm }: Variable,
): readonly ValidationProblem[] {
  // The text may hold a secret: the problem does not repeat it.
  if (textForm !== undefined && typeof value === 'string')
    return [{ path: name, message: `${name} must be of the form ${textForm}` }];
  return problemsAt(name, value, check);
}
