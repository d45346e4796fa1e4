import type { WindowReport } from '../../../../monitoring/windows/window-report.js';
import type { DashboardState } from '../../../state.js';
import { barred, cacheColumn, name, number, plain, ratio, text, time, trouble } from './cells.js';
import { readsOf } from './combine.js';
import { ago, bytes, count, duration, latency, money, none } from './format.js';
import type { Place, Tab } from './place.js';
import { bars, type Row, type Table } from './table.js';
import { groupsTable, keysTable, operationsTable, routesTable, tagsTable } from './window-tables.js';

/** The table of a tab for the chosen window and cache. A page that is read-only offers no invalidation. */
export function tableOf(tab: Tab, state: DashboardState, place: Place): Table {
  const table = wholeTable(tab, state, place);
  if (!state.rights.readOnly) return table;
  const isOffered = ({ action }: Row) => action?.kind !== 'group' && action?.kind !== 'tag';
  return {
    ...table,
    rows: table.rows.map((row) => (isOffered(row) ? row : { id: row.id, cells: row.cells })),
  };
}

function wholeTable(tab: Tab, state: DashboardState, place: Place): Table {
  const report = state.summary.windows[place.window];
  const isShown = (each: { readonly cache: string }) => place.cache === null || each.cache === place.cache;
  const those = { ...report, groups: report.groups.filter(isShown), topKeys: report.topKeys.filter(isShown) };
  switch (tab) {
    case 'caches':
      return cachesTable(state, report);
    case 'groups':
      return groupsTable(those);
    case 'routes':
      return routesTable(report);
    case 'keys':
      return keysTable(those);
    case 'tags':
      return tagsTable({ ...report, topTags: report.topTags.filter(isShown) });
    case 'operations':
      return operationsTable({ ...report, operations: report.operations.filter(isShown) });
    case 'ai':
      return aiTable(state);
    case 'instances':
      return instancesTable(state);
  }
}

function cachesTable({ summary }: DashboardState, report: WindowReport): Table {
  const windows = new Map(report.caches.map((each) => [each.cache, each]));
  const reads = (cache: string) => {
    const window = windows.get(cache);
    return window === undefined ? 0 : readsOf(window.counts);
  };
  const bar = bars(summary.caches.map((each) => reads(each.name)));
  const rows = summary.caches.map((each): Row => {
    const window = windows.get(each.name);
    const l1 = each.health.tiers.l1;
    return {
      id: each.name,
      action: { kind: 'filter', cache: each.name },
      cells: {
        name: text(each.name, each.kind),
        ratio: ratio(window?.hitRatio ?? null),
        reads: barred(reads(each.name), bar(reads(each.name)), 'l1'),
        loads: plain(window?.counts.loads ?? 0),
        loadTime: time(window?.latency.load.p50Ms ?? null),
        size: plain(each.stats.size, l1 === undefined ? none : `${count(l1.size)} of ${count(l1.maxSize)}`),
        bytes: plain(each.stats.bytes, each.stats.bytes === 0 ? none : bytes(each.stats.bytes)),
        evictions: plain(window?.counts.evictions ?? 0),
        errors: trouble((window?.counts.errors ?? 0) + (window?.counts.loadErrors ?? 0)),
      },
    };
  });
  return {
    columns: [
      name('name', 'Cache'),
      number('ratio', 'Hit ratio', 1),
      number('reads', 'Reads', 1),
      number('loads', 'Loads', 2, 'How often a loader ran'),
      number('loadTime', 'Load time', 3, 'Median of the calls that loaded'),
      number('size', 'L1 entries', 3),
      number('bytes', 'L1 bytes', 3, 'Estimated; needs l1MaxBytes or memoryBudget'),
      number('evictions', 'Evictions', 3, 'Entries that left a full L1'),
      number('errors', 'Errors', 2, 'Failed calls to Redis, and failed loads'),
    ],
    rows,
    order: { column: 'reads', descending: true },
    empty: 'There is no cache yet.',
  };
}

function aiTable({ summary }: DashboardState): Table {
  const all = summary.ai.flatMap(({ cache, operations }) => operations.map((each) => ({ cache, ...each })));
  const cost = bars(all.map((each) => each.costSaved));
  return {
    columns: [
      name('name', 'Operation'),
      cacheColumn,
      number('ratio', 'Answered', 1, 'Calls answered without the model'),
      number('calls', 'Calls', 2),
      number('cost', 'Saved', 1, 'In the currency of your price table'),
      number('tokens', 'Tokens', 2, 'Input and output tokens saved'),
      number('time', 'Time', 2, 'Waiting saved'),
      number('failures', 'Failed', 3),
    ],
    rows: all.map((each): Row => ({
      id: `${each.cache}\n${each.name}`,
      cells: {
        name: text(each.name),
        cache: text(each.cache),
        ratio: ratio(each.calls === 0 ? null : (each.hits + each.collapsed) / each.calls),
        calls: plain(each.calls),
        cost: barred(each.costSaved, cost(each.costSaved), 'l1', money(each.costSaved)),
        tokens: plain(each.inputTokensSaved + each.outputTokensSaved),
        time: plain(each.timeSavedMs, latency(each.timeSavedMs)),
        failures: trouble(each.failures),
      },
    })),
    order: { column: 'cost', descending: true },
    empty: 'There is no AI cache. AiCacheService, or CacheInfraModule.forAi(), caches the answers of models.',
  };
}

function instancesTable({ at, instances }: DashboardState): Table {
  const memory = bars(instances.map((each) => each.rssBytes));
  const tones = { up: 'good', degraded: 'warn', down: 'bad' } as const;
  return {
    columns: [
      name('name', 'Instance'),
      { id: 'status', label: 'Status' },
      number('up', 'Up for', 1),
      number('memory', 'Memory', 2, 'Resident memory of the process'),
      { id: 'release', label: 'Release', rank: 3 },
      { id: 'node', label: 'Node', rank: 3 },
      number('seen', 'Reported', 2),
    ],
    rows: instances.map((each): Row => ({
      id: each.id,
      action: { kind: 'instance', id: each.id },
      cells: {
        name: text(each.name),
        status: { value: each.status, text: each.status, tone: tones[each.status] },
        up: plain(at - each.startedAt, duration((at - each.startedAt) / 1000)),
        memory: barred(each.rssBytes, memory(each.rssBytes), 'l1', bytes(each.rssBytes)),
        release: text(each.release),
        node: text(each.node),
        seen: plain(at - each.at, ago(each.at, at)),
      },
    })),
    order: { column: 'up', descending: true },
    empty: 'No instance has reported yet.',
  };
}
