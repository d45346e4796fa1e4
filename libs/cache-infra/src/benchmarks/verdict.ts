import type { BaselineChange, BenchmarkFinding, BenchmarkReport } from './benchmark-report.js';
import type { CacheComparison } from './cache-comparison.js';
import type { DurationChange } from './comparison.js';
import { formatMs, formatPercent } from './format.js';
import type { BenchmarkResult } from './results.js';
import type { BenchmarkThresholds } from './thresholds.js';

/** Adds the findings by the thresholds to a report. */
export function judge(report: Omit<BenchmarkReport, 'findings' | 'passed'>): BenchmarkReport {
  const { thresholds } = report.config;
  const findings = [
    ...report.results.flatMap((result) => resultFindings(result, thresholds)),
    ...report.comparisons.flatMap((comparison) => comparisonFindings(comparison, thresholds)),
    ...(report.baseline?.changes ?? []).flatMap(changeFindings),
  ];
  return { ...report, findings, passed: !findings.some(({ level }) => level === 'failure') };
}

function resultFindings(result: BenchmarkResult, thresholds: BenchmarkThresholds): BenchmarkFinding[] {
  const where = `${result.cache}: ${result.name}`;
  const found: BenchmarkFinding[] = [];
  const fail = (message: string) => found.push({ level: 'failure', message: `${where}: ${message}` });
  const limit = (what: string, ms: number, limitMs: number) => {
    if (ms > limitMs) fail(`${what} ${formatMs(ms)} is over the limit of ${formatMs(limitMs)}`);
  };
  if (result.timedOut) fail('exceeded its time limit');
  limit('average', result.avgDurationMs, thresholds.averageMs);
  limit('p95', result.p95DurationMs, thresholds.p95Ms);
  limit('p99', result.p99DurationMs, thresholds.p99Ms);
  fellShort(result.successRate, thresholds, fail);
  if (result.retainedMb !== undefined && result.retainedMb > thresholds.memoryMb) {
    fail(`its entries hold ${result.retainedMb.toFixed(1)} MB, the limit is ${thresholds.memoryMb} MB`);
  }
  return found;
}

function comparisonFindings(
  comparison: CacheComparison,
  thresholds: BenchmarkThresholds,
): BenchmarkFinding[] {
  const found: BenchmarkFinding[] = [];
  const where = comparison.testSuiteName;
  const fail = (message: string) => found.push({ level: 'failure', message: `${where}: ${message}` });
  if (comparison.timedOut) fail('exceeded its time limit');
  fellShort(comparison.successRate, thresholds, fail);
  return [...found, ...regressionFindings(where, comparison)];
}

function fellShort(
  successRate: number,
  thresholds: BenchmarkThresholds,
  fail: (message: string) => unknown,
): void {
  if (successRate >= thresholds.successRate) return;
  const [rate, limit] = [successRate, thresholds.successRate].map((share) => `${(share * 100).toFixed(1)} %`);
  fail(`${rate} succeeded, the limit is ${limit}`);
}

function changeFindings(change: BaselineChange): BenchmarkFinding[] {
  return regressionFindings(`${change.cache}: ${change.name}, against the baseline`, change);
}

function regressionFindings(where: string, change: DurationChange): BenchmarkFinding[] {
  if (!change.regressionDetected) return [];
  const { lowPercent, highPercent } = change.confidenceInterval;
  const range = `${formatPercent(lowPercent)} to ${formatPercent(highPercent)}`;
  const message = `${where}: slower by ${formatPercent(change.performanceChangePercent)} (${range})`;
  return [{ level: change.severity === 'critical' ? 'failure' : 'warning', message }];
}
