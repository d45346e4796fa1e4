import { nearestOf } from '../base/checks.js';

/** `process.env`, or a test's own. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A variable that the library does not read, and the one that was probably meant. */
export interface MisspeltVariable {
  readonly name: string;
  readonly meant: string;
}

/** Names of other libraries, and names that are easily guessed. */
const otherNames: Readonly<Record<string, string>> = {
  CACHE_DEFAULT_TTL: 'CACHE_TTL',
  CACHE_TTL_SECONDS: 'CACHE_TTL',
  CACHE_MAX: 'CACHE_SIZE',
  CACHE_MAX_SIZE: 'CACHE_SIZE',
  CACHE_MAX_ENTRIES: 'CACHE_SIZE',
  CACHE_MAX_ITEMS: 'CACHE_SIZE',
  CACHE_L1_SIZE: 'CACHE_SIZE',
  CACHE_L1_CACHE_SIZE: 'CACHE_SIZE',
  CACHE_MEMORY_SIZE: 'CACHE_SIZE',
  CACHE_L1: 'CACHE_L1_ENABLED',
  CACHE_ENABLE_L1: 'CACHE_L1_ENABLED',
  CACHE_PREFIX: 'CACHE_KEY_PREFIX',
  REDIS_KEY_PREFIX: 'CACHE_KEY_PREFIX',
  REDIS_PREFIX: 'CACHE_KEY_PREFIX',
  CACHE_COMPRESSION: 'ENABLE_CACHE_COMPRESSION',
  CACHE_COMPRESSION_ENABLED: 'ENABLE_CACHE_COMPRESSION',
  CACHE_ENABLE_COMPRESSION: 'ENABLE_CACHE_COMPRESSION',
  CACHE_CONNECT_TIMEOUT: 'REDIS_CONNECTION_TIMEOUT',
  CACHE_CONNECTION_TIMEOUT: 'REDIS_CONNECTION_TIMEOUT',
  REDIS_CONNECT_TIMEOUT: 'REDIS_CONNECTION_TIMEOUT',
  CACHE_TIMEOUT: 'CACHE_COMMAND_TIMEOUT',
  REDIS_TIMEOUT: 'CACHE_COMMAND_TIMEOUT',
  REDIS_COMMAND_TIMEOUT: 'CACHE_COMMAND_TIMEOUT',
  CACHE_MONITORING: 'CACHE_MONITORING_ENABLED',
  CACHE_ENABLE_MONITORING: 'CACHE_MONITORING_ENABLED',
  CACHE_ENCRYPTION: 'CACHE_ENCRYPTION_KEYS',
  CACHE_REDIS_URL: 'REDIS_URL',
  REDIS_HOST: 'REDIS_URL',
  REDIS_URI: 'REDIS_URL',
  REDIS_DSN: 'REDIS_URL',
  REDIS_CONNECTION_STRING: 'REDIS_URL',
  BENCHMARK_ITERATIONS: 'BENCHMARK_DEFAULT_ITERATIONS',
  BENCHMARK_WARMUP: 'BENCHMARK_WARMUP_ITERATIONS',
  BENCHMARK_TIMEOUT: 'BENCHMARK_TIMEOUT_SECONDS',
  BENCHMARK_PRESET: 'BENCHMARK_ENV',
};

/**
 * The variables of `env` that match `prefix`, are not `known`, and are close to the name of a known one that is not
 * set: typing mistakes, and names of other libraries. Values are not looked at.
 */
export function misspeltVariables(
  env: Environment,
  prefix: RegExp,
  known: readonly string[],
): readonly MisspeltVariable[] {
  const isSet = (name: string): boolean => (env[name]?.trim() ?? '') !== '';
  return Object.keys(env).flatMap((name) => {
    if (!prefix.test(name) || known.includes(name) || !isSet(name)) return [];
    const other = otherNames[name];
    const meant =
      other !== undefined && known.includes(other) ? other : nearestOf(name, known, mostTypos(name));
    return meant === undefined || isSet(meant) ? [] : [{ name, meant }];
  });
}

/** Letters too many, too few or wrong. Short names with a prefix in common are near each other already. */
function mostTypos(name: string): number {
  return name.length > 12 ? 2 : 1;
}

/** For a log: the names alone, never a value. */
export function misspeltWords({ name, meant }: MisspeltVariable): string {
  return `The environment variable ${name} is not read: did you mean ${meant}?`;
}
