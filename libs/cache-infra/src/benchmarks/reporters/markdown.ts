import type { BenchmarkReport } from '../benchmark-report.js';
import { escapeMarkdown } from './escape.js';
import { machineLine, tablesOf, type Table } from './tables.js';

/** A report for documents, pull requests and step summaries of GitHub Actions. */
export function markdownReport(report: BenchmarkReport): string {
  const lines = [
    `# ${escapeMarkdown(report.suiteName)}: ${report.passed ? 'passed' : 'not passed'}`,
    '',
    `${escapeMarkdown(report.startedAt)} · ${escapeMarkdown(machineLine(report))}`,
    ...report.findings.flatMap(({ level, message }) => ['', `- **${level}**: ${escapeMarkdown(message)}`]),
    ...tablesOf(report).flatMap((table) => ['', `## ${escapeMarkdown(table.title)}`, '', ...drawn(table)]),
  ];
  return `${lines.join('\n')}\n`;
}

function drawn({ head, rows, labels }: Table): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map(escapeMarkdown).join(' | ')} |`;
  const rule = `| ${head.map((_, column) => (column < labels ? '---' : '---:')).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)];
}
