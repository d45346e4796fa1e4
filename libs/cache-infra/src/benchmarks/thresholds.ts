import { fraction, positiveNumber, type Checks } from '../base/checks.js';
import type { ValidationProblem } from '../base/errors.js';

/** Limits of a benchmark. */
export interface BenchmarkThresholds {
  /** Maximum milliseconds of one sample. */
  readonly averageMs: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** Maximum MiB held by the entries of the memory benchmark. */
  readonly memoryMb: number;
  /** Minimum share of successful samples, 0-1. */
  readonly successRate: number;
  /** Slowdown in percent from which a comparison warns. */
  readonly regressionWarningPercent: number;
  /** Slowdown in percent from which a comparison fails. */
  readonly regressionCriticalPercent: number;
}

export const defaultThresholds: BenchmarkThresholds = {
  averageMs: 50,
  p95Ms: 100,
  p99Ms: 200,
  memoryMb: 50,
  successRate: 0.95,
  regressionWarningPercent: 10,
  regressionCriticalPercent: 25,
};

export const thresholdChecks: Checks = {
  averageMs: positiveNumber,
  p95Ms: positiveNumber,
  p99Ms: positiveNumber,
  memoryMb: positiveNumber,
  successRate: fraction,
  regressionWarningPercent: positiveNumber,
  regressionCriticalPercent: positiveNumber,
};

/** Pairs of thresholds whose second must not be below the first. */
const ascending = [
  ['averageMs', 'p95Ms'],
  ['p95Ms', 'p99Ms'],
  ['regressionWarningPercent', 'regressionCriticalPercent'],
] as const;

/** Contradictions between valid thresholds. */
export function incoherences(thresholds: BenchmarkThresholds): readonly ValidationProblem[] {
  return ascending.flatMap(([lower, higher]) => {
    if (thresholds[higher] >= thresholds[lower]) return [];
    const path = `thresholds.${higher}`;
    const words = `must not be below ${lower}, got ${thresholds[higher]} and ${thresholds[lower]}`;
    return [{ path, message: `${path} ${words}` }];
  });
}
