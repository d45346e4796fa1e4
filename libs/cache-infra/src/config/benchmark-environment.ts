import {
  booleanValue,
  fraction,
  nonNegativeInteger,
  oneOf,
  positiveInteger,
  positiveNumber,
  problemsAt,
  type Check,
} from '../base/checks.js';
import type { ValidationProblem } from '../base/errors.js';
import { flagText, numberText } from '../base/text-values.js';
import { misspeltVariables, type Environment, type MisspeltVariable } from './misspelt-variables.js';

export const benchmarkPresetNames = ['development', 'testing', 'ci', 'production'] as const;
export type BenchmarkPresetName = (typeof benchmarkPresetNames)[number];

/** Other names of the presets: short ones, and that of a container of tests. */
const presetAliases: Readonly<Record<string, BenchmarkPresetName>> = {
  dev: 'development',
  test: 'testing',
  docker: 'testing',
  prod: 'production',
};

interface Variable {
  readonly option: string;
  readonly parse: (text: string) => unknown;
  readonly check: Check;
}

const integer = (option: string, check: Check): Variable => ({ option, parse: numberText, check });
const positive = (option: string): Variable => ({ option, parse: numberText, check: positiveNumber });
const onOff = (option: string): Variable => ({ option, parse: flagText, check: booleanValue });

/** Variables that set an option of a `BenchmarkConfig`. */
const optionVariables: Readonly<Record<string, Variable>> = {
  BENCHMARK_ENV: {
    option: 'preset',
    parse: (name) => presetAliases[name.toLowerCase()] ?? name.toLowerCase(),
    check: oneOf(...benchmarkPresetNames),
  },
  BENCHMARK_DEFAULT_ITERATIONS: integer('defaultIterations', positiveInteger),
  BENCHMARK_WARMUP_ITERATIONS: integer('warmupIterations', nonNegativeInteger),
  BENCHMARK_TIMEOUT_SECONDS: integer('timeoutSeconds', positiveInteger),
  BENCHMARK_SEED: integer('seed', nonNegativeInteger),
  BENCHMARK_ENABLE_MEMORY_TRACKING: onOff('enableMemoryTracking'),
  BENCHMARK_ENABLE_COMPRESSION_TESTS: onOff('enableCompressionTests'),
  BENCHMARK_ENABLE_REGRESSION_DETECTION: onOff('enableRegressionDetection'),
};

/** Variables that set one of its thresholds. */
const thresholdVariables: Readonly<Record<string, Variable>> = {
  BENCHMARK_THRESHOLD_AVERAGE_MS: positive('averageMs'),
  BENCHMARK_THRESHOLD_P95_MS: positive('p95Ms'),
  BENCHMARK_THRESHOLD_P99_MS: positive('p99Ms'),
  BENCHMARK_THRESHOLD_MEMORY_MB: positive('memoryMb'),
  BENCHMARK_THRESHOLD_SUCCESS_RATE: { option: 'successRate', parse: numberText, check: fraction },
  BENCHMARK_THRESHOLD_REGRESSION_WARNING_PERCENT: positive('regressionWarningPercent'),
  BENCHMARK_THRESHOLD_REGRESSION_CRITICAL_PERCENT: positive('regressionCriticalPercent'),
};

export const benchmarkVariables = [...Object.keys(optionVariables), ...Object.keys(thresholdVariables)];

/** The benchmark settings of the environment, by the names of the options. */
export interface BenchmarkEnvironmentSettings {
  readonly options: Readonly<Record<string, unknown>>;
  readonly thresholds: Readonly<Record<string, unknown>>;
  /** Each under the name of its variable. */
  readonly problems: readonly ValidationProblem[];
}

/** Reads the `BENCHMARK_*` variables. An empty one counts as not set. */
export function readBenchmarkEnvironment(env: Environment = process.env): BenchmarkEnvironmentSettings {
  const problems: ValidationProblem[] = [];
  const read = (variables: Readonly<Record<string, Variable>>) => {
    const values: Record<string, unknown> = {};
    for (const [name, { option, parse, check }] of Object.entries(variables)) {
      const raw = env[name]?.trim();
      if (raw === undefined || raw === '') continue;
      const value = parse(raw);
      const found = problemsAt(name, value, check);
      problems.push(...found);
      if (found.length === 0) values[option] = value;
    }
    return values;
  };
  return { options: read(optionVariables), thresholds: read(thresholdVariables), problems };
}

/** The variables that look like one of these and are not read. */
export function misspeltBenchmarkVariables(env: Environment = process.env): readonly MisspeltVariable[] {
  return misspeltVariables(env, /^BENCHMARK_/, benchmarkVariables);
}

/** The preset that a name means: `'prod'` is `'production'`. Any other value comes back as it is. */
export function canonicalBenchmarkPreset(name: unknown): unknown {
  return typeof name === 'string' && Object.hasOwn(presetAliases, name) ? presetAliases[name] : name;
}

/** The file that GitHub Actions shows as the summary of a step. */
export function githubStepSummary(env: Environment = process.env): string | undefined {
  const file = env['GITHUB_STEP_SUMMARY']?.trim();
  return file === '' ? undefined : file;
}
