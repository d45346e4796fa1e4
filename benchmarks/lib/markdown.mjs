/** A Markdown table. Pipes in cells are escaped, line breaks become spaces. */
export function table(headings, rows) {
  const line = (cells) => `| ${cells.map((cell) => clean(String(cell))).join(' | ')} |`;
  for (const row of rows) {
    if (row.length !== headings.length)
      throw new Error(`a row of ${row.length} cells in a table of ${headings.length}: ${row.join(', ')}`);
  }
  return [line(headings), line(headings.map(() => '---')), ...rows.map(line)].join('\n');
}

function clean(cell) {
  return cell.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ');
}

/** Three significant digits, without an exponent: `0.0123`, `1.23`, `12.3`, `123`, `12,300`. */
export function figure(number) {
  if (!Number.isFinite(number)) return '-';
  if (number === 0) return '0';
  const digits = Math.max(0, Math.min(6, 2 - Math.floor(Math.log10(Math.abs(number)))));
  const rounded = Math.abs(number) >= 1000 ? Number(number.toPrecision(3)) : number;
  return rounded.toLocaleString('en-US', { minimumFractionDigits: 0, maximumFractionDigits: digits });
}

/** Median and interquartile range. */
export function spread({ median, q1, q3 }) {
  return `${figure(median)} (${figure(q1)}-${figure(q3)})`;
}

export function percent(share) {
  return `${(share * 100).toFixed(1)} %`;
}
