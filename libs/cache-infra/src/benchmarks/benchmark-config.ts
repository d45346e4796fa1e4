import {
  booleanValue,
  nested,
  nonNegativeInteger,
  oneOf,
  optionProblems,
  positiveInteger,
  type Checks,
} from '../base/checks.js';
import {
  benchmarkPresetNames,
  canonicalBenchmarkPreset,
  readBenchmarkEnvironment,
  type BenchmarkPresetName,
} from '../config/benchmark-environment.js';
import type { Environment } from '../config/environment.js';
import { ValidationError } from '../base/errors.js';
import type { BenchmarkConfigOptions } from './benchmark-config-options.js';
import { presetValues } from './preset-values.js';
import { defaultThresholds, incoherences, thresholdChecks, type BenchmarkThresholds } from './thresholds.js';

const checks: Checks = {
  preset: oneOf(...benchmarkPresetNames),
  defaultIterations: positiveInteger,
  warmupIterations: nonNegativeInteger,
  timeoutSeconds: positiveInteger,
  enableMemoryTracking: booleanValue,
  enableCompressionTests: booleanValue,
  enableRegressionDetection: booleanValue,
  seed: nonNegativeInteger,
  thresholds: nested(thresholdChecks),
};

const defaults = {
  defaultIterations: 100,
  warmupIterations: 10,
  timeoutSeconds: 60,
  enableMemoryTracking: true,
  enableCompressionTests: true,
  enableRegressionDetection: true,
  seed: 1,
} as const;

/**
 * Options and thresholds of benchmarks. Each option and threshold is taken from `options`, else the environment
 * (`BENCHMARK_*`), else `file`, else the preset, else the default.
 *
 * @throws ValidationError that lists every invalid option and variable, and contradictory thresholds
 */
export class BenchmarkConfig {
  readonly preset: BenchmarkPresetName | undefined;
  readonly defaultIterations: number;
  readonly warmupIterations: number;
  /** Seconds. */
  readonly timeoutSeconds: number;
  readonly enableMemoryTracking: boolean;
  readonly enableCompressionTests: boolean;
  readonly enableRegressionDetection: boolean;
  readonly seed: number;
  readonly thresholds: BenchmarkThresholds;

  constructor(options: BenchmarkConfigOptions = {}, env?: Environment, file: BenchmarkConfigOptions = {}) {
    const environment = readBenchmarkEnvironment(env);
    const own = layer(options);
    const fromFile = layer(file);
    const named = own.values.preset ?? environment.options['preset'] ?? fromFile.values.preset;
    const preset = benchmarkPresetNames.find((name) => name === named);
    const base = layer(preset === undefined ? {} : presetValues[preset]);

    const values = { ...defaults, ...base.values, ...fromFile.values, ...environment.options, ...own.values };
    const thresholds = {
      ...defaultThresholds,
      ...base.thresholds,
      ...fromFile.thresholds,
      ...environment.thresholds,
      ...own.thresholds,
    };
    const problems = [...own.problems, ...environment.problems, ...fromFile.problems];
    // Invalid thresholds are reported already.
    const judged = problems.some(({ path }) => path.startsWith('thresholds')) ? [] : incoherences(thresholds);
    if (problems.length + judged.length > 0) {
      throw new ValidationError([...problems, ...judged], 'BenchmarkConfig');
    }

    this.preset = preset;
    this.defaultIterations = values.defaultIterations;
    this.warmupIterations = values.warmupIterations;
    this.timeoutSeconds = values.timeoutSeconds;
    this.enableMemoryTracking = values.enableMemoryTracking;
    this.enableCompressionTests = values.enableCompressionTests;
    this.enableRegressionDetection = values.enableRegressionDetection;
    this.seed = values.seed;
    this.thresholds = thresholds;
  }
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** The defined options of one source, and their problems. */
function layer(options: BenchmarkConfigOptions) {
  const problems = optionProblems(canonical(options), checks);
  const given = problems.some(({ path }) => path === 'options') ? {} : withoutUndefined(canonical(options));
  const { thresholds, ...values } = given;
  const isFine = typeof thresholds === 'object' && thresholds !== null;
  return {
    values: values as Given<Omit<BenchmarkConfigOptions, 'thresholds'>>,
    thresholds: (isFine ? withoutUndefined(thresholds) : {}) as Given<BenchmarkThresholds>,
    problems,
  };
}

function canonical(options: BenchmarkConfigOptions): BenchmarkConfigOptions {
  if (typeof options !== 'object' || options?.preset === undefined) return options;
  return { ...options, preset: canonicalBenchmarkPreset(options.preset) as BenchmarkPresetName };
}

function withoutUndefined<T extends object>(given: T): Given<T> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Given<T>;
}
