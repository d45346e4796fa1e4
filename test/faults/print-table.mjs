// Puts together the rows that the files of the fault suite left in this run, and prints them at its end.
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { root } from '../../scripts/lib/process.mjs';

const folder = join(root, 'test-results', 'faults');
const columns = [
  'fault',
  'longest call ms',
  'failed calls',
  'time to recover ms',
  'lost updates',
  'stale reads',
];

export default async function printTable() {
  const rows = [];
  for (const name of (await readdir(folder).catch(() => [])).filter((each) => each.endsWith('.json'))) {
    const file = join(folder, name);
    if ((await stat(file)).mtimeMs > performance.timeOrigin)
      rows.push(...JSON.parse(await readFile(file, 'utf8')));
  }
  if (rows.length > 0) process.stdout.write(`\n${table(rows)}\n`);
}

/** A Markdown table. Exported for its own use: `node test/faults/print-table.mjs` prints the rows of the last run. */
export function table(rows) {
  const cells = rows.map((row) => [
    row.fault,
    Math.round(row.longest),
    `${row.failed} of ${row.calls}`,
    Math.round(row.recovery),
    row.lost.length,
    row.stale.length + row.ownStale.length,
  ]);
  const lines = [columns, ...cells].map((line) => line.map(String));
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  const format = (line) =>
    `| ${line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`;
  const rule = `| ${widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [format(lines[0]), rule, ...lines.slice(1).map(format)].join('\n');
}
