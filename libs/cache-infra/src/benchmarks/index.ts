export { BenchmarkConfig, type BenchmarkConfigOptions } from './benchmark-config.js';
