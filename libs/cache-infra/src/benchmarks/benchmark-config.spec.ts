import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { ValidationError } from '../base/errors.js';
import { BenchmarkConfig } from './benchmark-config.js';
import type { BenchmarkConfigOptions } from './benchmark-config-options.js';
import { loadBenchmarkConfig } from './config-file.js';
import { ConfigPresets } from './config-presets.js';

function problemsOf(make: () => unknown): readonly string[] {
  try {
    make();
  } catch (error) {
    if (error instanceof ValidationError) return error.problems.map(({ message }) => message);
    throw error;
  }
  return [];
}

describe('seed S1.3 the configuration of benchmarks', () => {
  it('seed S2.25 a benchmark configuration', () => {
    const options = {
      defaultIterations: 25,
      warmupIterations: 3,
      timeoutSeconds: 30,
      enableMemoryTracking: true,
      enableCompressionTests: false,
    };
    expect(new BenchmarkConfig(options)).toMatchObject(options);
    expect(() => new BenchmarkConfig({ defaultIterations: 0, warmupIterations: -1 })).toThrow(
      /defaultIterations .*warmupIterations/,
    );
  });

  it('has defaults', () => {
    expect(new BenchmarkConfig({}, {})).toMatchObject({
      ...{ preset: undefined, defaultIterations: 100, warmupIterations: 10, timeoutSeconds: 60, seed: 1 },
      enableRegressionDetection: true,
      thresholds: { averageMs: 50, p95Ms: 100, p99Ms: 200, memoryMb: 50 },
    });
  });

  it('seed S8.105 reads BENCHMARK_DEFAULT_ITERATIONS', () => {
    const env = { BENCHMARK_DEFAULT_ITERATIONS: '9' };
    expect(new BenchmarkConfig({}, env).defaultIterations).toBe(9);
    expect(new BenchmarkConfig({ defaultIterations: 3 }, env).defaultIterations).toBe(3);
    expect(() => new BenchmarkConfig({}, { BENCHMARK_DEFAULT_ITERATIONS: 'many' })).toThrow(ValidationError);
  });

  it.each([
    ['development', ConfigPresets.developmentConfig, 50, 5, 120],
    ['testing', ConfigPresets.testingConfig, 100, 10, 300],
    ['ci', ConfigPresets.ciConfig, 200, 10, 400],
    ['production', ConfigPresets.productionConfig, 500, 20, 600],
  ] as const)(
    'seed S5.59 has the preset %s',
    (preset, make, defaultIterations, warmupIterations, timeoutSeconds) => {
      const values = { preset, defaultIterations, warmupIterations, timeoutSeconds };
      expect(make({}, {})).toMatchObject(values);
      expect(make({}, {})).toBeInstanceOf(BenchmarkConfig);
      expect(new BenchmarkConfig({}, { BENCHMARK_ENV: preset })).toMatchObject(values);
    },
  );

  it('a preset keeps its values beside overrides', () => {
    const config = ConfigPresets.ciConfig({ defaultIterations: 7, thresholds: { p99Ms: 300 } }, {});
    expect(config).toMatchObject({ defaultIterations: 7, timeoutSeconds: 400 });
    expect(config.thresholds).toMatchObject({ p99Ms: 300, successRate: 0.99 });
  });

  it.each([
    ['docker', 'testing'],
    ['DEV', 'development'],
    ['prod', 'production'],
  ])('BENCHMARK_ENV=%s means %s', (name, preset) => {
    expect(new BenchmarkConfig({}, { BENCHMARK_ENV: name }).preset).toBe(preset);
  });

  it('accepts the short names in code as well', () => {
    expect(new BenchmarkConfig({ preset: 'prod' as 'production' }, {}).defaultIterations).toBe(500);
  });

  it('reads every variable', () => {
    const env = {
      BENCHMARK_WARMUP_ITERATIONS: '0',
      BENCHMARK_TIMEOUT_SECONDS: '17',
      BENCHMARK_SEED: '99',
      BENCHMARK_ENABLE_MEMORY_TRACKING: 'no',
      BENCHMARK_ENABLE_COMPRESSION_TESTS: 'off',
      BENCHMARK_ENABLE_REGRESSION_DETECTION: 'false',
      BENCHMARK_THRESHOLD_AVERAGE_MS: '1.5',
      BENCHMARK_THRESHOLD_P95_MS: '2',
      BENCHMARK_THRESHOLD_P99_MS: '3',
      BENCHMARK_THRESHOLD_MEMORY_MB: '4',
      BENCHMARK_THRESHOLD_SUCCESS_RATE: '0.5',
      BENCHMARK_THRESHOLD_REGRESSION_WARNING_PERCENT: '6',
      BENCHMARK_THRESHOLD_REGRESSION_CRITICAL_PERCENT: '7',
    };
    expect(new BenchmarkConfig({}, env)).toMatchObject({
      ...{ warmupIterations: 0, timeoutSeconds: 17, seed: 99 },
      ...{ enableMemoryTracking: false, enableCompressionTests: false, enableRegressionDetection: false },
      thresholds: {
        ...{ averageMs: 1.5, p95Ms: 2, p99Ms: 3, memoryMb: 4, successRate: 0.5 },
        ...{ regressionWarningPercent: 6, regressionCriticalPercent: 7 },
      },
    });
  });

  it('an empty variable counts as not set', () => {
    expect(new BenchmarkConfig({}, { BENCHMARK_ENV: ' ', BENCHMARK_SEED: '' }).seed).toBe(1);
  });

  it('lists every problem of options, variables and thresholds', () => {
    const options = { timeoutSeconds: 0, warmUpIterations: 3, thresholds: { p95Ms: -1 } };
    const env = { BENCHMARK_ENV: 'moon', BENCHMARK_SEED: '-1' };
    const problems = problemsOf(() => new BenchmarkConfig(options, env));
    expect(problems).toEqual([
      'timeoutSeconds must be a positive integer, got 0',
      "warmUpIterations is not a known option (did you mean 'warmupIterations'?)",
      'thresholds.p95Ms must be a number above 0, got -1',
      expect.stringContaining("BENCHMARK_ENV must be one of 'development', 'testing', 'ci', 'production'"),
      'BENCHMARK_SEED must be a non-negative integer, got -1',
    ]);
  });

  it('seed S1.13 refuses all thresholds that contradict each other', () => {
    const thresholds = {
      ...{ averageMs: 50, p95Ms: 40, p99Ms: 30 },
      ...{ regressionWarningPercent: 20, regressionCriticalPercent: 10 },
    };
    expect(problemsOf(() => new BenchmarkConfig({ thresholds }, {}))).toEqual([
      'thresholds.p95Ms must not be below averageMs, got 40 and 50',
      'thresholds.p99Ms must not be below p95Ms, got 30 and 40',
      'thresholds.regressionCriticalPercent must not be below regressionWarningPercent, got 10 and 20',
    ]);
    // Also where only one of them is given.
    expect(problemsOf(() => new BenchmarkConfig({ thresholds: { averageMs: 101 } }, {}))).toHaveLength(1);
  });

  it.each([[null], ['ci'], [[]]])('refuses %j', (options) => {
    expect(problemsOf(() => new BenchmarkConfig(options as BenchmarkConfigOptions, {}))).toEqual([
      expect.stringContaining('options must be an object'),
    ]);
  });
});

describe('a configuration from a file', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'benchmark-config-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  const file = async (name: string, text: string) => {
    await writeFile(join(directory, name), text);
    return join(directory, name);
  };

  it('of JSON', async () => {
    const path = await file('a.json', '{ "preset": "ci", "warmupIterations": 4 }');
    expect(await loadBenchmarkConfig(path, {}, {})).toMatchObject({
      defaultIterations: 200,
      warmupIterations: 4,
    });
  });

  it.each(['a.yaml', 'a.yml'])('of YAML: %s', async (name) => {
    const path = await file(name, 'defaultIterations: 12\nthresholds:\n  averageMs: 5 # ms\n');
    const config = await loadBenchmarkConfig(path, {}, {});
    expect(config.defaultIterations).toBe(12);
    expect(config.thresholds.averageMs).toBe(5);
  });

  it('may be empty', async () => {
    expect(await loadBenchmarkConfig(await file('empty.yaml', ''), {}, {})).toMatchObject({ seed: 1 });
  });

  it('code wins over environment, environment over file, file over preset', async () => {
    const path = await file(
      'all.json',
      JSON.stringify({ preset: 'ci', seed: 2, warmupIterations: 2, timeoutSeconds: 2, defaultIterations: 2 }),
    );
    const env = { BENCHMARK_SEED: '3', BENCHMARK_WARMUP_ITERATIONS: '3', BENCHMARK_ENV: 'production' };
    expect(await loadBenchmarkConfig(path, { seed: 4 }, env)).toMatchObject({
      ...{ seed: 4, warmupIterations: 3, timeoutSeconds: 2, defaultIterations: 2, preset: 'production' },
    });
  });

  it.each([
    ['absent.json', undefined, 'absent.json cannot be read'],
    ['bad.json', '{', 'bad.json cannot be parsed'],
    ['bad.yaml', 'a: [', 'bad.yaml cannot be parsed'],
    ['config.toml', '', 'config.toml must be a .json, .yaml or .yml file'],
    ['wrong.json', '{ "seed": "one" }', 'seed must be a non-negative integer'],
    ['list.yaml', '- 1', 'options must be an object'],
  ])('%s: says what is wrong', async (name, text, words) => {
    const path = text === undefined ? join(directory, name) : await file(name, text);
    await expect(loadBenchmarkConfig(path, {}, {})).rejects.toThrow(words);
    await expect(loadBenchmarkConfig(path, {}, {})).rejects.toThrow(ValidationError);
  });
});
