import type { BenchmarkReport } from '../benchmark-report.js';
import { formatCount } from '../format.js';
import type { BenchmarkResult } from '../results.js';
import { escapeHtml } from './escape.js';
import { htmlStyle } from './html-style.js';
import { barPlot, distributionPlot, trendPlot } from './plot.js';
import { machineLine, tablesOf, type Table } from './tables.js';

export interface HtmlReportOptions {
  /** Earlier runs for the trends. Default none. */
  readonly history?: readonly BenchmarkReport[] | undefined;
}

/** A self-contained page with tables and plots. */
export function htmlReport(report: BenchmarkReport, { history = [] }: HtmlReportOptions = {}): string {
  const title = escapeHtml(report.suiteName);
  const verdict = report.passed
    ? '<span class="passed">passed</span>'
    : '<span class="failed">not passed</span>';
  const [main, ...rest] = tablesOf(report);
  const runs = [...history, report].sort((one, other) => one.startedAt.localeCompare(other.startedAt));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${htmlStyle}</style>
</head>
<body>
<h1>${title}: ${verdict}</h1>
<p>${escapeHtml(report.startedAt)} · ${escapeHtml(machineLine(report))}</p>
${findings(report)}
${main === undefined ? '' : table(main)}
${section('Throughput', 'Operations per second, by cache and benchmark.', throughput(report.results))}
${section('Latencies', 'How often each duration of a sample occurred; both axes are compressed: durations by logarithm, counts by root.', distributions(report.results))}
${section('Trends', 'Medians over the stored runs, the band reaches to p95.', trends(report.results, runs))}
${rest.map(table).join('\n')}
</body>
</html>
`;
}

function findings({ findings: all }: BenchmarkReport): string {
  if (all.length === 0) return '';
  const items = all.map(({ level, message }) => `<li class="${level}">${level}: ${escapeHtml(message)}</li>`);
  return `<ul>${items.join('')}</ul>`;
}

function table({ title, head, rows, labels }: Table): string {
  const cell = (tag: 'td' | 'th', text: string, column: number) =>
    `<${tag}${column < labels ? ' class="label"' : ''}>${escapeHtml(text)}</${tag}>`;
  const row = (tag: 'td' | 'th', cells: readonly string[]) =>
    `<tr>${cells.map((text, column) => cell(tag, text, column)).join('')}</tr>`;
  const body = rows.map((cells) => row('td', cells)).join('');
  return `<h2>${escapeHtml(title)}</h2>
<div class="scroll"><table><thead>${row('th', head)}</thead><tbody>${body}</tbody></table></div>`;
}

function section(title: string, words: string, plots: readonly string[]): string {
  if (plots.length === 0) return '';
  return `<h2>${title}</h2><p>${words}</p><div class="plots">${plots.join('')}</div>`;
}

function figure(caption: string, plot: string): string[] {
  return plot === '' ? [] : [`<figure><figcaption>${escapeHtml(caption)}</figcaption>${plot}</figure>`];
}

function throughput(results: readonly BenchmarkResult[]): string[] {
  const caches = [...new Set(results.map(({ cache }) => cache))];
  return caches.flatMap((cache) => {
    const bars = results
      .filter((result) => result.cache === cache)
      .map(({ name, operationsPerSecond: value }) => ({
        label: name,
        value,
        words: `${formatCount(value)}/s`,
      }));
    return figure(cache, barPlot(`Throughput of ${cache}`, bars));
  });
}

function distributions(results: readonly BenchmarkResult[]): string[] {
  return results.flatMap((result) => {
    const caption = `${result.cache}: ${result.name}`;
    const marks = [
      ['median', result.medianDurationMs],
      ['p95', result.p95DurationMs],
      ['p99', result.p99DurationMs],
    ] as const;
    return figure(caption, distributionPlot(`Latencies of ${caption}`, result.histogram, marks));
  });
}

function trends(results: readonly BenchmarkResult[], runs: readonly BenchmarkReport[]): string[] {
  return results.flatMap(({ cache, name }) => {
    const points = runs.flatMap(({ startedAt, results: all }) =>
      all
        .filter((result) => result.cache === cache && result.name === name)
        .map(({ medianDurationMs, p95DurationMs }) => ({
          startedAt,
          medianMs: medianDurationMs,
          p95Ms: p95DurationMs,
        })),
    );
    return figure(`${cache}: ${name}`, trendPlot(`Trend of ${cache}: ${name}`, points));
  });
}
