import {
  medianDifferenceInterval,
  medianInterval,
  type BootstrapOptions,
  type Interval,
} from './bootstrap.js';
import { median } from './statistics.js';
import type { BenchmarkThresholds } from './thresholds.js';

export type Severity = 'none' | 'warning' | 'critical';

/** The change between two sets of durations, in percent; negative = faster. */
export interface DurationChange {
  readonly performanceChangePercent: number;
  readonly confidenceInterval: {
    readonly lowPercent: number;
    readonly highPercent: number;
    readonly level: number;
  };
  /** True if the whole interval exceeds `regressionWarningPercent`. */
  readonly regressionDetected: boolean;
  /** `critical` if the whole interval exceeds `regressionCriticalPercent`. */
  readonly severity: Severity;
  /** True if the whole interval is faster by more than `regressionWarningPercent`. */
  readonly improvementDetected: boolean;
}

export interface JudgeOptions extends BootstrapOptions {
  readonly thresholds: Pick<BenchmarkThresholds, 'regressionWarningPercent' | 'regressionCriticalPercent'>;
  /** Whether to detect regressions. Default true. */
  readonly judge?: boolean | undefined;
}

/**
 * Compares durations measured in pairs, which cancels slow phases of the machine: the median of the ratios and its
 * confidence interval. The logarithm of ratios is used, so that twice as fast and twice as slow are equally far from 1.
 *
 * @param original milliseconds, above 0
 * @param changed of the same length; `changed[i]` is measured next to `original[i]`
 */
export function comparePaired(
  original: readonly number[],
  changed: readonly number[],
  options: JudgeOptions,
): DurationChange {
  const logRatios = original.flatMap((ms, index) => {
    const other = changed[index] ?? 0;
    return ms > 0 && other > 0 ? [Math.log(other / ms)] : [];
  });
  if (logRatios.length === 0) return unknown(options);
  return judged(median(logRatios), medianInterval(logRatios, options), options);
}

/** Compares durations measured at different times. Cannot distinguish a drift of the machine from a change. */
export function compareUnpaired(
  original: readonly number[],
  changed: readonly number[],
  options: JudgeOptions,
): DurationChange {
  const [before, after] = [logarithms(original), logarithms(changed)];
  if (before.length === 0 || after.length === 0) return unknown(options);
  const interval = medianDifferenceInterval(before, after, options);
  return judged(median(after) - median(before), interval, options);
}

function logarithms(durationsMs: readonly number[]): number[] {
  return durationsMs.filter((ms) => ms > 0).map(Math.log);
}

/** The result without measurements: an infinite interval, no detection. */
function unknown({ level = 0.99 }: JudgeOptions): DurationChange {
  return {
    performanceChangePercent: 0,
    confidenceInterval: { lowPercent: -100, highPercent: Number.MAX_VALUE, level },
    regressionDetected: false,
    severity: 'none',
    improvementDetected: false,
  };
}

function judged(
  logRatio: number,
  { low, high, level }: Interval,
  { thresholds, judge = true }: JudgeOptions,
): DurationChange {
  const [lowPercent, highPercent] = [percent(low), percent(high)];
  const { regressionWarningPercent: warning, regressionCriticalPercent: critical } = thresholds;
  const regressionDetected = judge && lowPercent > warning;
  return {
    performanceChangePercent: percent(logRatio),
    confidenceInterval: { lowPercent, highPercent, level },
    regressionDetected,
    severity: !regressionDetected ? 'none' : lowPercent > critical ? 'critical' : 'warning',
    improvementDetected: judge && highPercent < -warning,
  };
}

function percent(logRatio: number): number {
  return Math.expm1(logRatio) * 100;
}
