/**
 * The environment, and the one place that reads it. Precedence, for every option by itself:
 *
 * 1. the option given in code,
 * 2. the environment variable below,
 * 3. the preset (`preset` in code, else `CACHE_PRESET`, else `CACHE_ENV`; `createCacheFromConfig` and the Nest module only),
 * 4. the default of the options class.
 *
 * Where the cache lives follows the same order: `useMemoryCache: true` in code beats `REDIS_URL`, and `REDIS_URL`
 * beats a preset that says memory. An empty variable counts as not set.
 */
import type { EncryptionOptions } from '../cache/contract/cache-options.js';
import { redisChecks } from '../cache/contract/option-checks.js';
import type { Check, Checks, NestedCheck } from '../base/checks.js';
import { booleanValue, nonNegativeInteger, oneOf, problemsAt } from '../base/checks.js';
import { encryptionOptions } from '../codec/encryption.js';
import type { ValidationProblem } from '../base/errors.js';
import { flag, number, text } from './environment-values.js';
import { misspeltVariables, type MisspeltVariable } from './misspelt-variables.js';
import type { CommonCacheOptions } from './options.js';
import type { PresetName } from './presets.js';
import { canonicalPresetName, presetNames } from './presets.js';

/** `process.env`, or a test's own. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What the environment says. */
export interface EnvironmentSettings {
  /** Options, as if they were given in code. */
  readonly options: Partial<CommonCacheOptions>;
  /** `CACHE_PRESET`, else `CACHE_ENV`. */
  readonly preset: PresetName | undefined;
  /** `CACHE_MONITORING_ENABLED`: false = caches do not report to the factory's monitor. */
  readonly monitoring: boolean;
  /** `REDIS_TEST_DB`: the database number of test caches. */
  readonly testDb: number | undefined;
}

interface Variable {
  readonly parse: (text: string) => unknown;
  readonly check: Check | NestedCheck;
}

/** `undefined` when an item is not `id:key`. Base64 has neither commas nor colons, an id may have colons. */
const keyList = (value: string): EncryptionOptions | undefined => {
  const items = value.split(',').map((item) => /^(.+):(.*)$/s.exec(item.trim()));
  const keys = items.flatMap((item) => (item === null ? [] : [{ id: item[1] ?? '', key: item[2] ?? '' }]));
  return keys.length === items.length ? { keys } : undefined;
};
const keyListCheck: NestedCheck = {
  problems(path, value) {
    if (value !== undefined) return encryptionOptions.problems(path, value);
    return [{ path, message: `${path} must be of the form id:key,id2:key2, each key 32 bytes as base64` }];
  },
};

/** Variables that stand for an option. */
const optionVariables = {
  /** `redis://[user:password@]host[:port][/db]` or `rediss://…` */
  REDIS_URL: { option: 'redisUrl', parse: text },
  /** Seconds. */
  CACHE_TTL: { option: 'defaultTtl', parse: number },
  /** Entries in memory. */
  CACHE_SIZE: { option: 'l1CacheSize', parse: number },
  CACHE_L1_ENABLED: { option: 'enableL1Cache', parse: flag },
  CACHE_KEY_PREFIX: { option: 'keyPrefix', parse: text },
  ENABLE_CACHE_COMPRESSION: { option: 'enableCompression', parse: flag },
  /** Bytes. */
  CACHE_COMPRESSION_THRESHOLD: { option: 'compressionThreshold', parse: number },
  /** Whole seconds, or a duration such as `500ms`. */
  REDIS_CONNECTION_TIMEOUT: { option: 'connectTimeout', parse: number },
  /** Whole seconds, or a duration such as `250ms`. */
  CACHE_COMMAND_TIMEOUT: { option: 'commandTimeout', parse: number },
  CACHE_FAIL_ON_CONNECTION_ERROR: { option: 'failOnConnectionError', parse: flag },
  /** `id:key,id2:key2`: the first encrypts, all decrypt; each key 32 bytes as base64. Never shown. */
  CACHE_ENCRYPTION_KEYS: { option: 'encryption', parse: keyList },
} as const;

const checks = {
  ...redisChecks,
  failOnConnectionError: booleanValue,
  encryption: keyListCheck,
} satisfies Checks;

/** The variable behind an option, by the option's name. */
export const variableOf: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(optionVariables).map(([name, { option }]) => [option, name]),
);

/** Every variable that is read here. */
const variables = [
  ...Object.keys(optionVariables),
  ...['CACHE_PRESET', 'CACHE_ENV', 'CACHE_MONITORING_ENABLED', 'REDIS_TEST_DB'],
];

/** The variables that look like one of these and are not read. */
export function misspeltHere(env: Environment = process.env): readonly MisspeltVariable[] {
  return misspeltVariables(env, /^(CACHE|REDIS|ENABLE_CACHE)_/, variables);
}

const presetCheck: Check = oneOf(...presetNames);
const presetVariable: Variable = {
  parse: (value) => canonicalPresetName(value.toLowerCase()),
  check: presetCheck,
};
const monitoringVariable: Variable = { parse: flag, check: booleanValue };
const testDbVariable: Variable = { parse: number, check: nonNegativeInteger };

/** Reads the variables above; what is wrong with any of them comes back under its name. */
export function readEnvironment(env: Environment = process.env): {
  readonly settings: EnvironmentSettings;
  readonly problems: readonly ValidationProblem[];
} {
  const problems: ValidationProblem[] = [];
  const read = (name: string, { parse, check }: Variable): unknown => {
    const raw = env[name]?.trim();
    if (raw === undefined || raw === '') return undefined;
    const value = parse(raw);
    const found = problemsAt(name, value, check);
    problems.push(...found);
    return found.length === 0 ? value : undefined;
  };

  const options: Record<string, unknown> = {};
  for (const [name, { option, parse }] of Object.entries(optionVariables)) {
    options[option] = read(name, { parse, check: checks[option] });
  }
  const preset = read('CACHE_PRESET', presetVariable);
  const kind = read('CACHE_ENV', presetVariable);
  return {
    settings: {
      options: options,
      preset: (preset ?? kind) as PresetName | undefined,
      monitoring: (read('CACHE_MONITORING_ENABLED', monitoringVariable) ?? true) as boolean,
      testDb: read('REDIS_TEST_DB', testDbVariable) as number | undefined,
    },
    problems,
  };
}
