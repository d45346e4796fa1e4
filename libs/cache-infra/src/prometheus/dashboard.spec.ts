import { readFileSync } from 'node:fs';
import { parseQuery, type Query } from '../../../../test/support/promql.js';
import { aiMetrics } from '../metrics/ai-metrics.js';
import { cacheMetrics } from '../metrics/cache-metrics.js';
import { latencyMetric } from './latency-histogram.js';

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly description?: string;
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
}

const file = new URL('../../grafana/dashboard.json', import.meta.url);
const dashboard = JSON.parse(readFileSync(file, 'utf8')) as { readonly panels: readonly Panel[] };
const panels = dashboard.panels.filter(({ type }) => type !== 'row');

/** Labels by the names of the series; `instance` is Prometheus' own. */
const exposed = new Map<string, readonly string[]>([
  ...cacheMetrics.map(({ name, labels }) => [name, ['cache', ...labels, 'instance']] as const),
  ...aiMetrics.map(({ name, labels }) => [name, ['cache', 'operation', ...labels, 'instance']] as const),
  ...['_sum', '_count', '_bucket'].map(
    (suffix) => [latencyMetric + suffix, ['cache', 'operation', 'tier', 'le', 'instance']] as const,
  ),
]);
const queries = panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr, legendFormat }) => [`${title}: ${expr}`, expr, legendFormat] as const),
);

describe('the Grafana dashboard', () => {
  it.each(queries)('%s asks for metrics and labels that exist', (_title, expr, legend) => {
    const { metrics, grouping }: Query = parseQuery(expr);
    const shown = Array.from(legend.matchAll(/{{(\w+)}}/g), ([, label = '']) => label);

    expect(metrics.length).toBeGreaterThan(0);
    for (const { name, labels } of metrics) {
      expect(exposed.has(name)).toBe(true);
      expect(exposed.get(name)).toEqual(expect.arrayContaining([...labels, ...grouping]));
      expect(labels).toEqual(expect.arrayContaining(['cache', 'instance']));
    }
    expect(grouping).toEqual(expect.arrayContaining(shown));
  });

  it('shows every metric', () => {
    const asked = new Set(queries.flatMap(([, expr]) => parseQuery(expr).metrics.map(({ name }) => name)));
    const shown = [...exposed.keys()].filter((name) => !asked.has(name));

    // Shown by the changes that were dropped, and by the size.
    expect(shown).toEqual(['cache_journal_bytes']);
  });

  it('rates counters, and never a gauge', () => {
    const gauges = cacheMetrics.filter(({ type }) => type === 'gauge').map(({ name }) => name);
    const counters = [...exposed.keys()].filter((name) => !gauges.includes(name));
    for (const [, expr] of queries) {
      for (const { name } of parseQuery(expr).metrics) {
        const isRated = new RegExp(`(rate|increase)\\(${name}{`).test(expr);
        expect([name, isRated]).toEqual([name, counters.includes(name)]);
      }
    }
  });

  it('has panels with a description and a place of their own', () => {
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    const taken = new Set<string>();
    for (const { description, gridPos } of panels) {
      expect(description).toMatch(/\.$/);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        expect(x).toBeLessThan(24);
        expect(taken.has(`${x} ${gridPos.y}`)).toBe(false);
        taken.add(`${x} ${gridPos.y}`);
      }
    }
  });
});

describe('parseQuery', () => {
  it.each([
    'sum(rate(a[5m])',
    'sum by (b (a)',
    'a{b=1}',
    'a b',
    'a / ',
    'a{b="c"',
    'foo(a)',
    'rate(a[5q])',
    '',
  ])('refuses %p', (text) => {
    expect(() => parseQuery(text)).toThrow();
  });
});
