import { fraction, positiveNumber, type Checks } from '../base/checks.js';
import type { ValidationProblem } from '../base/errors.js';

/** What a benchmark may come to before it counts as failed. */
export interface BenchmarkThresholds {
  /** Milliseconds of one sample. */
  readonly averageMs: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** MiB that the entries of the memory benchmark may hold. */
  readonly memoryMb: number;
  /** 0-1; fewer successful samples fail. */
  readonly successRate: number;
  /** Percent slower from which a comparison warns. */
  readonly regressionWarningPercent: number;
  /** Percent slower from which a comparison fails. */
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

/** Pairs of which the second may not be below the first. */
const ascending = [
  ['averageMs', 'p95Ms'],
  ['p95Ms', 'p99Ms'],
  ['regressionWarningPercent', 'regressionCriticalPercent'],
] as const;

/** What of thresholds that are fine by themselves does not go together. */
export function incoherences(thresholds: BenchmarkThresholds): readonly ValidationProblem[] {
  return ascending.flatMap(([lower, higher]) => {
    if (thresholds[higher] >= thresholds[lower]) return [];
    const path = `thresholds.${higher}`;
    const words = `must not be below ${lower}, got ${thresholds[higher]} and ${thresholds[lower]}`;
    return [{ path, message: `${path} ${words}` }];
  });
}
