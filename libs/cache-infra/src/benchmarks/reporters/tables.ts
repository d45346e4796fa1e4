import type { BenchmarkReport } from '../benchmark-report.js';
import type { DurationChange } from '../comparison.js';
import { formatCount, formatMs, formatPercent, formatShare } from '../format.js';
import type { DurationSummary } from '../statistics.js';

/** A table for any reporter. The first `labels` columns are text, the others numbers. */
export interface Table {
  readonly title: string;
  readonly labels: number;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const durationHead = ['median', 'average', 'p95', 'p99', 'min', 'max', 'std dev'];

function durations(summary: DurationSummary): string[] {
  return [
    summary.medianDurationMs,
    summary.avgDurationMs,
    summary.p95DurationMs,
    summary.p99DurationMs,
    summary.minDurationMs,
    summary.maxDurationMs,
    summary.standardDeviationMs,
  ].map(formatMs);
}

/** The non-empty tables of a report. */
export function tablesOf(report: BenchmarkReport): Table[] {
  return [results(report), parts(report), memory(report), comparisons(report), baseline(report)].filter(
    ({ rows }) => rows.length > 0,
  );
}

function results({ results }: BenchmarkReport): Table {
  return {
    title: 'Benchmarks',
    labels: 2,
    head: ['cache', 'benchmark', ...durationHead, 'ops/s', 'success', 'hits', 'compressed to'],
    rows: results.map((result) => [
      result.cache,
      result.timedOut ? `${result.name} (timed out)` : result.name,
      ...durations(result),
      formatCount(result.operationsPerSecond),
      formatShare(result.successRate),
      hitsOf(result),
      formatShare(result.compressionRatio),
    ]),
  };
}

/** Omits the hit ratio of stampedes: their callers share a load of a cold key. */
function hitsOf({ name, hitRatio }: BenchmarkReport['results'][number]): string {
  return name === 'stampede' ? '-' : formatShare(hitRatio);
}

function parts({ results }: BenchmarkReport): Table {
  return {
    title: 'By operation',
    labels: 3,
    head: ['cache', 'benchmark', 'operation', ...durationHead, 'ops/s'],
    rows: results.flatMap(({ cache, name, parts: all }) =>
      Object.entries(all).map(([part, result]) => [
        cache,
        name,
        part,
        ...durations(result),
        result.operationsPerSecond === undefined ? '-' : formatCount(result.operationsPerSecond),
      ]),
    ),
  };
}

function memory({ results }: BenchmarkReport): Table {
  const mb = (value: number | undefined) => (value === undefined ? '-' : `${value.toFixed(2)} MB`);
  const count = (value: number | undefined) => (value === undefined ? '-' : formatCount(value));
  return {
    title: 'Memory',
    labels: 2,
    head: [
      'cache',
      'benchmark',
      'heap',
      'external',
      'RSS',
      'held by entries',
      'bytes per entry',
      'bytes per value',
    ],
    rows: results.flatMap(({ cache, name, memory: used, retainedMb, details }) =>
      used === undefined && retainedMb === undefined
        ? []
        : [
            [
              cache,
              name,
              mb(used?.heapMb),
              mb(used?.externalMb),
              mb(used?.rssMb),
              mb(retainedMb),
              count(details['bytesPerEntry']),
              count(details['bytesPerValue']),
            ],
          ],
    ),
  };
}

function comparisons(report: BenchmarkReport): Table {
  return {
    title: 'Comparisons',
    labels: 1,
    head: ['comparison', 'original', 'new', 'hits', 'change', 'interval', 'verdict'],
    rows: report.comparisons.map((comparison) => [
      comparison.timedOut ? `${comparison.testSuiteName} (timed out)` : comparison.testSuiteName,
      formatMs(comparison.original.medianDurationMs),
      formatMs(comparison.changed.medianDurationMs),
      `${formatShare(comparison.original.hitRatio)} → ${formatShare(comparison.changed.hitRatio)}`,
      ...change(comparison),
    ]),
  };
}

function baseline(report: BenchmarkReport): Table {
  const since = report.baseline === undefined ? '' : ` of ${report.baseline.baselineStartedAt}`;
  return {
    title: `Against the baseline${since}`,
    labels: 2,
    head: ['cache', 'benchmark', 'baseline', 'now', 'change', 'interval', 'verdict'],
    rows: (report.baseline?.changes ?? []).map((each) => [
      each.cache,
      each.name,
      formatMs(each.baselineMedianMs),
      formatMs(each.medianMs),
      ...change(each),
    ]),
  };
}

function change(value: DurationChange): string[] {
  const { lowPercent, highPercent } = value.confidenceInterval;
  return [
    formatPercent(value.performanceChangePercent),
    `${formatPercent(lowPercent)} to ${formatPercent(highPercent)}`,
    verdict(value),
  ];
}

function verdict({ regressionDetected, severity, improvementDetected }: DurationChange): string {
  if (regressionDetected) return severity === 'critical' ? 'slower, critical' : 'slower';
  return improvementDetected ? 'faster' : 'no regression';
}

/** The machine of the measurement, in one line. */
export function machineLine({ environment: at, config }: BenchmarkReport): string {
  const preset = config.preset === undefined ? '' : `preset ${config.preset}, `;
  return [
    `${preset}${config.defaultIterations} iterations`,
    `Node ${at.node.replace('v', '')}`,
    `${at.platform} ${at.arch}`,
    `${at.cpu}, ${at.cores} cores`,
    `clock ${at.clockNs} ns`,
  ].join(' · ');
}
