import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { InMemoryCache } from '../../cache/in-memory-cache.js';
import { withBaseline } from '../baseline.js';
import type { BenchmarkReport } from '../benchmark-report.js';
import { CacheBenchmarkRunner } from '../benchmark-runner.js';
import { ConfigPresets } from '../config-presets.js';
import { formatCount, formatMs, formatPercent, formatShare } from '../format.js';
import { terminalProgress } from '../progress.js';
import { escapeCommand, escapeHtml, escapeMarkdown, escapeTerminal } from './escape.js';
import { ciAnnotations, htmlReport, jsonReport, markdownReport, textReport } from './index.js';
import { barPlot, distributionPlot, trendPlot } from './plot.js';

const evil = '<img src=x onerror=alert(1)> | `a` \u001b[31m "q"';
const cache = new InMemoryCache({ name: evil });
let plain: BenchmarkReport;
let full: BenchmarkReport;

beforeAll(async () => {
  const config = ConfigPresets.ciConfig(
    { defaultIterations: 2, warmupIterations: 0, enableMemoryTracking: false },
    {},
  );
  let ms = 0;
  const runner = new CacheBenchmarkRunner(config, { now: () => (ms += 0.01) });
  const comparisons = [
    { originalCache: cache, newCache: cache, testSuiteName: 'itself', testData: { a: 1 } },
  ];
  plain = await runner.runSuite({ cache, suiteName: 'my suite', comparisons });
  const slowed = plain.results.map((result) => ({
    ...result,
    memory: { heapMb: 1.5, externalMb: 0, rssMb: 2 },
    blockMediansMs: result.blockMediansMs.map((value) => value * (result.name === 'bulk set' ? 2 : 1.2)),
    timedOut: result.name === 'stampede',
  }));
  full = withBaseline({ ...plain, results: slowed }, plain);
});
afterAll(() => cache.close());

describe('reporters', () => {
  it('text: tables, findings and the verdict', () => {
    const text = textReport(full);
    for (const words of [
      'my suite',
      'preset ci, 2 iterations',
      'Benchmarks',
      'By operation',
      'Memory',
      'Comparisons',
    ]) {
      expect(text).toContain(words);
    }
    expect(text).toContain(`Against the baseline of ${plain.startedAt}`);
    expect(text).toMatch(/bulk set +\S+ .*slower, critical/);
    expect(text).toMatch(/basic operations .*\+20\.0 % +\+20\.0 % to \+20\.0 % +slower\n/);
    expect(text).toContain('stampede (timed out)');
    expect(text).toMatch(/FAILURE: .*stampede: exceeded its time limit/);
    expect(text).toMatch(/Not passed: see above\.\n$/);
    expect(textReport(plain)).toMatch(/Passed\.\n$/);
    expect(text).not.toContain('\u001b');
  });

  it('json: everything, with a schema version', () => {
    const parsed = JSON.parse(jsonReport(full)) as BenchmarkReport;
    expect(parsed).toMatchObject({ schemaVersion: 1, suiteName: 'my suite', passed: false });
    expect(parsed.results).toHaveLength(full.results.length);
  });

  it('markdown: tables that GitHub shows, and no markup from the data', () => {
    const markdown = markdownReport(full);
    expect(markdown).toMatch(/^# my suite: not passed\n/);
    expect(markdown).toContain('## Benchmarks\n\n| cache | benchmark | median |');
    expect(markdown).toContain('- **failure**: ');
    expect(markdown).not.toMatch(/(?<!\\)<img/);
    const rows = markdown.split('\n').filter((line) => line.startsWith('|') && line.includes('bulk set'));
    const cells = (line: string) => line.replaceAll(/\\./g, '').split('|').length;
    expect(cells(rows[0] ?? '')).toBe(cells('| c | b | m | a | 5 | 9 | i | x | d | o | s | h | c |'));
    expect(markdownReport(plain)).toContain('# my suite: passed');
  });

  it('ci: an annotation for each finding', () => {
    const lines = ciAnnotations(full).trimEnd().split('\n');
    expect(lines).toHaveLength(full.findings.length);
    expect(lines.filter((line) => line.startsWith('::error title=Benchmarks::'))).not.toEqual([]);
    expect(lines.filter((line) => line.startsWith('::warning title=Benchmarks::'))).not.toEqual([]);
    expect(ciAnnotations(plain)).toBe('');
  });

  it('html: one page with tables and plots, without network requests', () => {
    const earlier = { ...plain, startedAt: '2020-01-01T00:00:00.000Z' };
    const html = htmlReport(full, { history: [earlier] });
    expect(html).toMatch(/^<!doctype html>/);
    for (const heading of ['Throughput', 'Latencies', 'Trends', 'Benchmarks', 'Memory', 'Comparisons']) {
      expect(html).toContain(`<h2>${heading}</h2>`);
    }
    expect(html).not.toMatch(/\b(src|href)="|url\(|<script|@import|https?:/);
    expect(html).not.toContain('\u001b');
    expect(html).toContain("default-src 'none'");
    expect(html).toContain('prefers-color-scheme: dark');
    expect(html).toContain('<li class="failure">');
    expect(html).not.toContain('<img');
    expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;');
  });

  it('html: no trends without a history', () => {
    expect(htmlReport(plain)).not.toContain('<h2>Trends</h2>');
    expect(htmlReport({ ...plain, results: [], comparisons: [] })).not.toContain('<table>');
  });
});

describe('plots', () => {
  it('a distribution has a bar for each count and a mark for each percentile', () => {
    const bars = [
      { fromMs: 1, toMs: 2, count: 4 },
      { fromMs: 2, toMs: 4, count: 0 },
      { fromMs: 4, toMs: 8, count: 1 },
    ];
    const svg = distributionPlot('a & b', bars, [
      ['median', 1.5],
      ['p99', 7],
      ['beyond', 99],
    ]);
    expect(svg.match(/<rect/g)).toHaveLength(2);
    expect(svg).toContain('1.00 ms to 2.00 ms: 4');
    expect(svg).toContain('median 1.50 ms');
    expect(svg).toContain('p99 7.00 ms');
    expect(svg).not.toContain('beyond');
    expect(svg).toContain('aria-label="a &amp; b"');
    expect(svg).not.toContain('NaN');
  });

  it('of one duration, and of none, can be drawn', () => {
    expect(distributionPlot('one', [{ fromMs: 1, toMs: 1, count: 4 }], [])).not.toMatch(/NaN|Infinity/);
    expect(distributionPlot('none', [], [])).toBe('');
    expect(barPlot('none', [])).not.toMatch(/NaN|Infinity/);
    expect(barPlot('zero', [{ label: 'a', value: 0, words: '0/s' }])).not.toMatch(/NaN|Infinity/);
    const point = { startedAt: '2026-01-01T00:00:00Z', medianMs: 0, p95Ms: 0 };
    expect(trendPlot('one', [point])).toBe('');
    expect(trendPlot('zeros', [point, point])).not.toMatch(/NaN|Infinity/);
  });

  it('a trend has a dot for each run', () => {
    const points = [1, 2, 3].map((medianMs) => ({
      ...{ startedAt: `2026-01-0${medianMs}T00:00:00Z`, medianMs, p95Ms: medianMs * 2 },
    }));
    const svg = trendPlot('trend', points);
    expect(svg.match(/<circle/g)).toHaveLength(3);
    expect(svg).toContain('2026-01-03 00:00');
    expect(svg).toContain('2026-01-01T00:00:00Z: median 1.00 ms, p95 2.00 ms');
  });
});

describe('formats', () => {
  it.each([
    [0, '0'],
    [0.000_812, '812 ns'],
    [0.004_312, '4.31 µs'],
    [0.25, '250 µs'],
    [12.54, '12.5 ms'],
    [1200, '1.20 s'],
  ])('%d ms is %s', (ms, text) => {
    expect(formatMs(ms)).toBe(text);
  });

  it('has percents, counts and shares', () => {
    expect([
      formatPercent(4.21),
      formatPercent(-31),
      formatPercent(250),
      formatPercent(Number.MAX_VALUE),
    ]).toEqual([...['+4.2 %', '-31.0 %', '+250 %', 'any']]);
    expect(formatCount(1_234_567.4)).toBe('1,234,567');
    expect([formatShare(undefined), formatShare(0.995)]).toEqual(['-', '99.5 %']);
  });

  it('escapes for each place', () => {
    expect(escapeHtml(`<a href="x">'&'</a>`)).toBe('&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;');
    expect(escapeMarkdown('a|b\n<c> *d*')).toBe('a\\|b \\<c\\> \\*d\\*');
    expect(escapeCommand('50 %\r\nnext')).toBe('50 %25%0D%0Anext');
    expect(escapeTerminal('a\u001b[2J\u007fb')).toBe('a\\u001b[2J\\u007fb');
  });
});

describe('terminalProgress', () => {
  const written = (isTTY: boolean, columns?: number) => {
    const parts: string[] = [];
    const progress = terminalProgress({ isTTY, columns, write: (text) => parts.push(text) });
    progress({ label: 'memory: bulk set', done: 1, total: 4 });
    progress({ label: 'done', done: 4, total: 4 });
    return parts;
  };

  it('draws a bar in a terminal, and removes it at the end', () => {
    const [bar, end] = written(true);
    expect(bar).toContain('██████░░░░░░░░░░░░░░░░░░  25 %  memory: bulk set');
    expect(end).toBe('\r\u001b[2K');
  });

  it('never wraps', () => {
    expect(written(true, 20)[0]?.replace('\r\u001b[2K', '')).toHaveLength(19);
  });

  it('prints nothing without a terminal', () => {
    expect(written(false)).toEqual([]);
    expect(typeof terminalProgress()).toBe('function');
  });
});
