/** The environment variables that this library and its test helpers read. */
export const cacheVariables = [
  'REDIS_URL',
  'CACHE_TTL',
  'CACHE_SIZE',
  'CACHE_MAX_BYTES',
  'CACHE_MEMORY_BUDGET',
  'CACHE_REPLICA_LAG',
  'ENABLE_CACHE_COMPRESSION',
  'CACHE_COMPRESSION_ALGORITHM',
  'CACHE_MONITORING_ENABLED',
  'CACHE_FLEET',
  'BENCHMARK_DEFAULT_ITERATIONS',
  'CACHE_ENV',
  'CACHE_PRESET',
  'REDIS_TEST_DB',
  'REDIS_CONNECTION_TIMEOUT',
  'CACHE_L1_ENABLED',
  'CACHE_KEY_PREFIX',
  'CACHE_COMPRESSION_THRESHOLD',
  'CACHE_COMMAND_TIMEOUT',
  'CACHE_FAIL_ON_CONNECTION_ERROR',
  'CACHE_ENCRYPTION_KEYS',
  'BENCHMARK_ENV',
  'BENCHMARK_WARMUP_ITERATIONS',
  'BENCHMARK_TIMEOUT_SECONDS',
  'BENCHMARK_SEED',
  'BENCHMARK_ENABLE_MEMORY_TRACKING',
  'BENCHMARK_ENABLE_COMPRESSION_TESTS',
  'BENCHMARK_ENABLE_REGRESSION_DETECTION',
  'BENCHMARK_THRESHOLD_AVERAGE_MS',
  'BENCHMARK_THRESHOLD_P95_MS',
  'BENCHMARK_THRESHOLD_P99_MS',
  'BENCHMARK_THRESHOLD_MEMORY_MB',
  'BENCHMARK_THRESHOLD_SUCCESS_RATE',
  'BENCHMARK_THRESHOLD_REGRESSION_WARNING_PERCENT',
  'BENCHMARK_THRESHOLD_REGRESSION_CRITICAL_PERCENT',
] as const;

export type CacheVariable = (typeof cacheVariables)[number];
export type CacheVariables = Partial<Record<CacheVariable, string | undefined>>;

/**
 * Clears the library's environment variables and sets those given. Disposing restores the previous values.
 *
 * ```ts
 * using _ = cleanEnvironment({ CACHE_TTL: '60' });
 * ```
 */
export function cleanEnvironment(variables: CacheVariables = {}): Disposable {
  const before = new Map(cacheVariables.map((name) => [name, process.env[name]]));
  for (const name of cacheVariables) assign(name, variables[name]);
  return {
    [Symbol.dispose]() {
      for (const [name, value] of before) assign(name, value);
    },
  };
}

/** Runs `work` in a clean environment, which is restored whether `work` succeeds or not. */
export async function withEnvironment<T>(variables: CacheVariables, work: () => T | Promise<T>): Promise<T> {
  const environment = cleanEnvironment(variables);
  try {
    return await work();
  } finally {
    environment[Symbol.dispose]();
  }
}

/** The hooks that Jest, Vitest, Mocha and `node:test` have in common. */
export interface TestHooks {
  beforeEach(hook: () => void): unknown;
  afterEach(hook: () => void): unknown;
}

/**
 * Gives every test of a suite a clean environment with the given variables, restored after each test, also a failed
 * one. Call it in a `describe`, with the hooks of your test runner:
 *
 * ```ts
 * useCleanEnvironment({ beforeEach, afterEach }, { CACHE_TTL: '60' });
 * ```
 */
export function useCleanEnvironment(hooks: TestHooks, variables: CacheVariables = {}): void {
  let environment: Disposable | undefined;
  hooks.beforeEach(() => {
    environment = cleanEnvironment(variables);
  });
  hooks.afterEach(() => {
    environment?.[Symbol.dispose]();
    environment = undefined;
  });
}

function assign(name: CacheVariable, value: string | undefined): void {
  if (value === undefined) Reflect.deleteProperty(process.env, name);
  else process.env[name] = value;
}
