import type { BenchmarkReport } from '../benchmark-report.js';
import { escapeCommand } from './escape.js';

/** Workflow commands of GitHub Actions, one per finding; print them to stdout. */
export function ciAnnotations(report: BenchmarkReport): string {
  return report.findings
    .map(
      ({ level, message }) =>
        `::${level === 'failure' ? 'error' : 'warning'} title=Benchmarks::${escapeCommand(message)}\n`,
    )
    .join('');
}
