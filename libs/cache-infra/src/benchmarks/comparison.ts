import {
  medianDifferenceInterval,
  medianInterval,
  type BootstrapOptions,
  type Interval,
} from './bootstrap.js';
import { median } from './statistics.js';
import type { BenchmarkThresholds } from './thresholds.js';

export type Severity = 'none' | 'warning' | 'critical';

/** The change between two sets of durations. Percent; negative = faster. */
export interface DurationChange {
  readonly performanceChangePercent: number;
  readonly confidenceInterval: {
    readonly lowPercent: number;
    readonly highPercent: number;
    readonly level: number;
  };
  /** The whole interval is slower than `regressionWarningPercent`. */
  readonly regressionDetected: boolean;
  /** `critical`: than `regressionCriticalPercent`. */
  readonly severity: Severity;
  /** The whole interval is faster by more than `regressionWarningPercent`. */
  readonly improvementDetected: boolean;
}

export interface JudgeOptions extends BootstrapOptions {
  readonly thresholds: Pick<BenchmarkThresholds, 'regressionWarningPercent' | 'regressionCriticalPercent'>;
  /** Default true; false: nothing counts as a regression. */
  readonly judge?: boolean | undefined;
}

/**
 * Compares durations that were measured in pairs, so that what slows the machine for a while slows both: the median of the ratios, and
 * its interval. Ratios are taken as logarithms: twice as fast and twice as slow are equally far away.
 *
 * @param original milliseconds, above 0
 * @param changed of the same length; `changed[i]` was measured beside `original[i]`
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

/** Compares durations that were measured at different times; drift of the machine is not told from a change. */
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

/** Nothing was measured: anything is possible, nothing is detected. */
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
