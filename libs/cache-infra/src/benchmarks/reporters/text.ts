import type { BenchmarkReport } from '../benchmark-report.js';
import { escapeTerminal } from './escape.js';
import { machineLine, tablesOf, type Table } from './tables.js';

/** A report for a terminal. */
export function textReport(report: BenchmarkReport): string {
  const lines = [
    `${report.suiteName}, ${report.startedAt}`,
    machineLine(report),
    ...tablesOf(report).flatMap((table) => ['', table.title, ...drawn(table)]),
    '',
    ...report.findings.map(({ level, message }) => `${level.toUpperCase()}: ${message}`),
    report.passed ? 'Passed.' : 'Not passed: see above.',
  ];
  return `${lines.map(escapeTerminal).join('\n')}\n`;
}

function drawn({ head, rows, labels }: Table): string[] {
  const widths = head.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  return [head, ...rows].map((row) =>
    row
      .map((cell, column) =>
        column < labels ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}
