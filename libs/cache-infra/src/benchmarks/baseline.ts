import { readFile } from 'node:fs/promises';

import { ValidationError } from '../errors.js';
import {
  reportSchemaVersion,
  reportTool,
  type BaselineChange,
  type BaselineComparison,
  type BenchmarkReport,
} from './benchmark-report.js';
import { compareUnpaired } from './comparison.js';
import { median } from './statistics.js';
import { judge } from './verdict.js';
import { messageOf } from './message-of.js';

/**
 * Reads a stored JSON report.
 *
 * @throws ValidationError that says what the file is instead
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

/** @throws ValidationError, as `readReport` does */
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
      `${where} has schema version ${version}, this release reads ${reportSchemaVersion}: make a new one with --save`,
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

/** What comparisons and trends read. */
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
 * The report, compared with a stored one. That was measured at another time, and maybe on another machine: durations are set in proportion to
 * the fixed piece of work that both reports timed, and the interval comes from the shares that each benchmark was run in.
 */
export function withBaseline(report: BenchmarkReport, baseline: BenchmarkReport): BenchmarkReport {
  const machineRatio = ratioOf(report.referenceMs, baseline.referenceMs);
  const idOf = ({ cache, name }: { cache: string; name: string }) => `${cache}: ${name}`;
  const before = new Map(baseline.results.map((result) => [idOf(result), result]));
  const now = new Set(report.results.map(idOf));
  const changes = report.results.flatMap((result): BaselineChange[] => {
    const old = before.get(idOf(result));
    if (old === undefined) return [];
    const adjusted = result.blockMediansMs.map((ms) => ms / machineRatio);
    return [
      {
        name: result.name,
        cache: result.cache,
        baselineMedianMs: old.medianDurationMs,
        medianMs: result.medianDurationMs,
        ...compareUnpaired(old.blockMediansMs, adjusted, {
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

function ratioOf(nowMs: readonly number[], beforeMs: readonly number[]): number {
  const [now, before] = [median(nowMs), median(beforeMs)];
  return now > 0 && before > 0 ? now / before : 1;
}
