import { describe, expect, it } from '@jest/globals';

import { ValidationError } from '../errors.js';
import { BenchmarkConfig } from './benchmark-config.js';

describe('BenchmarkConfig', () => {
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
    expect(new BenchmarkConfig({}, {})).toMatchObject({ defaultIterations: 100, warmupIterations: 10 });
  });

  it('seed S8.105 reads BENCHMARK_DEFAULT_ITERATIONS', () => {
    const env = { BENCHMARK_DEFAULT_ITERATIONS: '9' };
    expect(new BenchmarkConfig({}, env).defaultIterations).toBe(9);
    expect(new BenchmarkConfig({ defaultIterations: 3 }, env).defaultIterations).toBe(3);
    expect(() => new BenchmarkConfig({}, { BENCHMARK_DEFAULT_ITERATIONS: 'many' })).toThrow(ValidationError);
  });
});
