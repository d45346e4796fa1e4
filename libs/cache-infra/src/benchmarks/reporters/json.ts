import type { BenchmarkReport } from '../benchmark-report.js';

/** A report for programs and as the baseline of later runs; `parseReport` reads it. */
export function jsonReport(report: BenchmarkReport): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}
