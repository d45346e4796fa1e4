import { readFile } from 'node:fs/promises';

import { ValidationError } from '../base/errors.js';
import {
  reportSchemaVersion,
  reportTool,
  type BaselineChange,
  type BaselineComparison,
  type BenchmarkReport,
} from './benchmark-report.js';
import { comparePaired, compareUnpaired } from './comparison.js';
import type { BenchmarkResult } from './results.js';
import { median } from './statistics.js';
import { judge } from './verdict.js';
import { messageOf } from './message-of.js';

/**
 * Reads a stored JSON report.
 *
 * @throws ValidationError when the file is not a report that this release can read
 */
export async function readReport(file: string): Promise<BenchmarkReport> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new ValidationError(`${file} cannot be read: ${messageOf(error)}`);
  }
  return parseReport(text, file);
}

/** @throws ValidationError, like `readReport` */
export function parseReport(text: string, where = 'the report'): BenchmarkReport {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ValidationError(`${where} is not JSON`);
  }
  if (!isObject(value) || value['tool'] !== reportTool) {
    throw new ValidationError(
      `${where} is not a report of this benchmark suite (no "tool": "${reportTool}")`,
    );
  }
  if (value['schemaVersion'] !== reportSchemaVersion) {
    const version = JSON.stringify(value['schemaVersion']);
    throw new ValidationError(
      `${where} has schema version ${version}, this release reads ${reportSchemaVersion}: create a new baseline with --save`,
    );
  }
  if (!isComplete(value))
    throw new ValidationError(`${where} is a report, but parts of it are missing or damaged`);
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNumbers(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'number');
}

/** The parts of a report that comparisons and trends read. */
function isComplete(report: Record<string, unknown>): report is Record<string, unknown> & BenchmarkReport {
  const { startedAt, referenceMs, results } = report;
  return (
    typeof startedAt === 'string' &&
    isNumbers(referenceMs) &&
    Array.isArray(results) &&
    results.every(
      (result) =>
        isObject(result) &&
        typeof result['name'] === 'string' &&
        typeof result['cache'] === 'string' &&
        typeof result['medianDurationMs'] === 'number' &&
        typeof result['p95DurationMs'] === 'number' &&
        typeof result['operationsPerSecond'] === 'number' &&
        isNumbers(result['blockMediansMs']),
    )
  );
}

/**
 * Compares a report with a stored baseline, measured at another time and possibly on another machine. Durations are
 * divided by the duration of the reference work in the same report. The confidence interval comes from the blocks of
 * each benchmark, paired with those of the baseline.
 */
export function withBaseline(report: BenchmarkReport, baseline: BenchmarkReport): BenchmarkReport {
  const machineRatio = ratioOf(report.referenceMs, baseline.referenceMs);
  const idOf = ({ cache, name }: { cache: string; name: string }) => `${cache}: ${name}`;
  const before = new Map(baseline.results.map((result) => [idOf(result), result]));
  const now = new Set(report.results.map(idOf));
  const changes = report.results.flatMap((result): BaselineChange[] => {
    const old = before.get(idOf(result));
    if (old === undefined) return [];
    const [then, today] = [inProportion(old, baseline), inProportion(result, report)];
    // Pair blocks by index: early blocks are slower, until the code is compiled.
    const compare = then.length === today.length ? comparePaired : compareUnpaired;
    return [
      {
        name: result.name,
        cache: result.cache,
        baselineMedianMs: old.medianDurationMs,
        medianMs: result.medianDurationMs,
        ...compare(then, today, {
          seed: report.config.seed,
          thresholds: report.config.thresholds,
          judge: report.config.enableRegressionDetection,
        }),
      },
    ];
  });
  const comparison: BaselineComparison = {
    baselineStartedAt: baseline.startedAt,
    machineRatio,
    changes,
    unmatched: [
      ...[...now].filter((id) => !before.has(id)),
      ...[...before.keys()].filter((id) => !now.has(id)),
    ],
  };
  return judge({ ...report, baseline: comparison });
}

/** Duration of each block, divided by the duration of the reference work before it. */
function inProportion(
  { blockMediansMs }: Pick<BenchmarkResult, 'blockMediansMs'>,
  { referenceMs }: Pick<BenchmarkReport, 'referenceMs'>,
): number[] {
  const typical = positive(median(referenceMs)) ?? 1;
  const isAlike = blockMediansMs.length === referenceMs.length;
  return blockMediansMs.map((ms, share) => {
    const unit = isAlike ? positive(referenceMs[share]) : undefined;
    return ms / (unit ?? typical);
  });
}

function positive(ms: number | undefined): number | undefined {
  return ms !== undefined && ms > 0 ? ms : undefined;
}

function ratioOf(nowMs: readonly number[], beforeMs: readonly number[]): number {
  const [now, before] = [median(nowMs), median(beforeMs)];
  return now > 0 && before > 0 ? now / before : 1;
}
