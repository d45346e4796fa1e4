import type { CacheStatus } from '../../cache/contract/health.js';
import type { FleetSummary } from '../../fleet/summary.js';
import {
  windowNames,
  type CacheWindow,
  type GroupWindow,
  type WindowName,
} from '../../monitoring/windows/window-report.js';
import { bytes, ms, percent, short } from '../look/numbers.js';
import { sparkline } from '../look/sparkline.js';
import type { Style, StyleName } from '../look/style.js';
import { tableLines, type Cell, type Column } from '../look/table.js';
import { cut, safe, wrapped } from '../look/text.js';
import { figuresOf, groupHitRatio, hitRatios, secondsOf, statusOf, type Figures } from './figures.js';

/** What `top` shows. */
export interface TopState {
  readonly fleet: FleetSummary | undefined;
  readonly window: WindowName;
  /** The server of Redis, without credentials. */
  readonly address: string;
  /** Key prefix; undefined = not known yet. */
  readonly prefix: string | undefined;
  /** Why the numbers are old or missing. */
  readonly problem: string | undefined;
  /** Keys can be pressed. */
  readonly isLive: boolean;
}

/** Characters of the screen. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

const statusStyles: Readonly<Record<CacheStatus, StyleName>> = {
  up: 'green',
  degraded: 'yellow',
  down: 'red',
};

const estimatesNote = '~ estimated: one L1 hit in 128 is counted; - is too few reads to tell';
const noCallsNote = 'No calls in this window yet: instances publish every 5 s by default.';

function hasCalls(caches: readonly CacheWindow[]): boolean {
  return caches.some(({ counts }) => Object.values(counts).some((count) => count > 0));
}

/** The lines of `top`, none wider than `size`, and at most as many as it has rows. */
export function topLines(state: TopState, size: Size, style: Style): string[] {
  const { fleet, problem, isLive } = state;
  const head = [titleOf(state, size, style)];
  if (problem !== undefined)
    head.push(...wrapped(safe(problem), size.columns).map((line) => style.yellow(line)));
  const foot = isLive ? [style.dim(cut('q quit   1 2 3 4 or ← → window', size.columns))] : [];
  if (fleet === undefined || fleet.instances.length === 0) return [...head, ...foot];
  const { caches, groups, topKeys } = fleet.total.windows[state.window];
  const estimates = groups.length + topKeys.length > 0 ? [style.dim(cut(estimatesNote, size.columns))] : [];
  const space = size.rows - head.length - 2 - estimates.length - foot.length;
  const body = [
    summaryOf(state, fleet, size, style),
    hasCalls(caches) ? '' : style.dim(cut(noCallsNote, size.columns)),
    ...sections(state, fleet, { ...size, rows: space }, style),
    ...estimates,
  ];
  return [...head, ...body, ...foot].slice(0, size.rows);
}

function titleOf({ window, address, prefix, fleet }: TopState, { columns }: Size, style: Style): string {
  const names = windowNames.map((name) => (name === window ? `[${name}]` : name)).join(' ');
  const place = `${safe(address)}${prefix === undefined ? '' : `  prefix ${safe(prefix)}`}`;
  const time = fleet === undefined ? '' : `  ${new Date(fleet.at).toISOString().slice(11, 19)} UTC`;
  return style.bold(cut(`cache top  ${place}  window ${names}${time}`, columns));
}

function summaryOf(state: TopState, fleet: FleetSummary, { columns }: Size, style: Style): string {
  const { caches } = fleet.total.windows[state.window];
  const statuses = fleet.instances.map(statusOf);
  const counted = (['up', 'degraded', 'down'] as const)
    .map((status) => ({ status, count: statuses.filter((each) => each === status).length }))
    .filter(({ count }) => count > 0);
  const words = counted.map(({ status, count }) => `${String(count)} ${status}`).join(', ');
  const oldest = Math.min(...fleet.instances.map(({ startedAt }) => startedAt));
  const figures = figuresOf(caches, secondsOf(state.window, fleet.at, oldest));
  const text = `${words}   hits ${percent(figures.hitRatio)}   ${short(figures.opsPerSecond)} ops/s   ${short(figures.loadsPerSecond)} loads/s  `;
  const room = Math.min(60, columns - text.length - 1);
  const worst = counted.at(-1)?.status ?? 'up';
  if (room < 10) return style[statusStyles[worst]](cut(text, columns));
  return style[statusStyles[worst]](text) + style.cyan(sparkline(hitRatios(caches, room)));
}

/** The tables, each with a share of the rows: instances first, then caches, groups and keys. */
function sections(state: TopState, fleet: FleetSummary, size: Size, style: Style): string[] {
  const { window } = state;
  const report = fleet.total.windows[window];
  const hasMemory = size.columns >= 100;
  const memory = hasMemory ? [right('MEMORY', 7)] : [];
  const first = Math.max(12, Math.min(40, size.columns - (hasMemory ? 68 : 59)));
  const wide = Math.max(12, size.columns - 49);
  const instances = fleet.instances.map((instance): Cell[] => {
    const seconds = secondsOf(window, instance.at, instance.startedAt);
    const status = statusOf(instance);
    return [
      ...[safe(instance.name), [status, statusStyles[status]] as const],
      ...figureCells(figuresOf(instance.windows[window].caches, seconds)),
      ...(hasMemory ? [bytes(instance.rssBytes)] : []),
    ];
  });
  const oldest = Math.min(...fleet.instances.map(({ startedAt }) => startedAt));
  const caches = fleet.total.caches.map(({ name, health: { status } }): Cell[] => {
    const own = report.caches.filter(({ cache }) => cache === name);
    const figures = figuresOf(own, secondsOf(window, fleet.at, oldest));
    return [safe(name), [status, statusStyles[status]], ...figureCells(figures)];
  });
  const cacheOf = ({ cache }: GroupWindow): CacheWindow | undefined =>
    report.caches.find((each) => each.cache === cache);
  const groups = report.groups.map((group): Cell[] => [
    ...[safe(group.group), safe(group.cache), short(group.loads), short(group.loadErrors)],
    ...[
      percent(groupHitRatio(group, cacheOf(group))),
      ms(group.loads === 0 ? null : group.loadMs / group.loads),
    ],
  ]);
  const keys = report.topKeys.map((key): Cell[] => [
    ...[
      safe([...key.namespaces, key.key].join(' › ')),
      safe(key.cache),
      short(key.reads),
      percent(key.share),
    ],
  ]);
  const tables = [
    { columns: [{ head: 'INSTANCE', most: first }, ...figureColumns, ...memory], rows: instances },
    { columns: [{ head: 'CACHE', most: first }, ...figureColumns], rows: caches },
    {
      columns: [
        ...[
          { head: 'GROUP, MOST LOADS', most: wide },
          { head: 'CACHE', most: 12 },
        ],
        ...[right('LOADS', 6), right('FAILED', 6), right('~HITS', 7), right('LOAD MS', 7)],
      ],
      rows: groups,
    },
    {
      columns: [
        ...[
          { head: 'KEY, MOST READS', most: wide },
          { head: 'CACHE', most: 12 },
        ],
        ...[right('~READS', 6), right('~OF ALL', 7)],
      ],
      rows: keys,
    },
  ].filter(({ rows }) => rows.length > 0);
  return tables.flatMap(({ columns, rows }, i) => {
    const shown = rows.slice(
      0,
      rowsFor(
        tables.map((table) => table.rows.length),
        size.rows,
      )[i],
    );
    const lines = shown.length === 0 ? [] : tableLines(columns, shown, style);
    return i === 0 || lines.length === 0 ? lines : ['', ...lines];
  });
}

/** Rows of each table: they take turns, until the space is used up. Each table has a head and an empty line above. */
export function rowsFor(lengths: readonly number[], space: number): number[] {
  const rows = lengths.map(() => 0);
  let left = space;
  for (let changed = true; changed;) {
    changed = false;
    for (const [i, length] of lengths.entries()) {
      const has = rows[i] ?? 0;
      const cost = has > 0 ? 1 : i === 0 ? 2 : 3;
      if (has >= length || left < cost) continue;
      rows[i] = has + 1;
      left -= cost;
      changed = true;
    }
  }
  return rows;
}

function figureCells(figures: Figures): Cell[] {
  const { opsPerSecond, hitRatio, l1Ratio, l2Ratio, loadsPerSecond, loadP95Ms } = figures;
  const ratios = [hitRatio, l1Ratio, l2Ratio].map(percent);
  return [short(opsPerSecond), ...ratios, short(loadsPerSecond), ms(loadP95Ms)];
}

function right(head: string, most: number): Column {
  return { head, most, align: 'right' };
}

const figureColumns: readonly Column[] = [
  { head: 'HEALTH', most: 8 },
  ...[right('OPS/S', 5), right('HITS', 6), right('L1', 6), right('L2', 6)],
  ...[right('LOADS/S', 7), right('P95 MS', 6)],
];
