import type { WindowReport } from '../../../../monitoring/windows/window-report.js';
import { barred, cacheColumn, name, number, perLoad, plain, ratio, text, time, trouble } from './cells.js';
import { latency, none, percent } from './format.js';
import { bars, type Row, type Table } from './table.js';

/** Key groups: where a better hit ratio pays most. */
export function groupsTable({ groups }: Pick<WindowReport, 'groups'>): Table {
  const reads = bars(groups.map(({ hits, misses }) => hits + misses));
  const loading = bars(groups.map(({ loadMs }) => loadMs));
  return {
    columns: [
      name('name', 'Keys'),
      cacheColumn,
      number('ratio', 'Hit ratio', 1),
      number('reads', 'Reads', 2),
      number('loads', 'Loads', 2),
      number('each', 'Per load', 3, 'Mean duration of a load'),
      number('time', 'Loading', 1, 'Total time in loaders: where a better hit ratio pays most'),
      number('errors', 'Failed', 3, 'Failed loads'),
    ],
    rows: groups.map((each): Row => ({
      id: `${each.cache}\n${each.group}`,
      ...(each.group !== '(other)' && { action: { kind: 'group', cache: each.cache, group: each.group } }),
      cells: {
        name: text(each.group),
        cache: text(each.cache),
        ratio: ratio(each.hitRatio),
        reads: barred(each.hits + each.misses, reads(each.hits + each.misses), 'l1'),
        loads: plain(each.loads),
        each: perLoad(each),
        time: barred(
          each.loadMs,
          loading(each.loadMs),
          'load',
          each.loadMs === 0 ? none : latency(each.loadMs),
        ),
        errors: trouble(each.loadErrors),
      },
    })),
    order: { column: 'time', descending: true },
    empty:
      'No key was read in this window. Keys are grouped by their template: user:1 and user:2 are user:*.',
  };
}

/** Routes that the interceptors watched. */
export function routesTable({ routes }: WindowReport): Table {
  const requests = bars(routes.map((each) => each.requests));
  const loading = bars(routes.map((each) => each.loadMs));
  return {
    columns: [
      name('name', 'Route'),
      number('ratio', 'Hit ratio', 1),
      number('requests', 'Requests', 1),
      number('reads', 'Reads', 3),
      number('loads', 'Loads', 2),
      number('time', 'Loading', 2, 'Total time that its requests spent in loaders'),
    ],
    rows: routes.map((each): Row => ({
      id: each.route,
      cells: {
        name: text(each.route),
        ratio: ratio(each.hitRatio),
        requests: barred(each.requests, requests(each.requests), 'l1'),
        reads: plain(each.hits + each.misses),
        loads: plain(each.loads),
        time: barred(
          each.loadMs,
          loading(each.loadMs),
          'load',
          each.loadMs === 0 ? none : latency(each.loadMs),
        ),
      },
    })),
    order: { column: 'requests', descending: true },
    empty: 'No request was watched in this window. Register CacheMonitoringInterceptor to see routes here.',
  };
}

/** The keys that are asked for most. */
export function keysTable({ topKeys }: Pick<WindowReport, 'topKeys'>): Table {
  const reads = bars(topKeys.map((each) => each.reads));
  return {
    columns: [
      name('name', 'Key'),
      cacheColumn,
      number('reads', 'Reads', 1, 'Estimated'),
      number('share', 'Share', 2, 'Of all reads of the cache'),
    ],
    rows: topKeys.map((each): Row => ({
      id: [each.cache, ...each.namespaces, each.key].join('\n'),
      action: { kind: 'look', cache: each.cache, namespaces: each.namespaces, key: each.key },
      cells: {
        name: text([...each.namespaces, each.key].join(' › ')),
        cache: text(each.cache),
        reads: barred(each.reads, reads(each.reads), 'l1'),
        share: plain(each.share, percent(each.share)),
      },
    })),
    order: { column: 'reads', descending: true },
    empty: 'No key was read in this window.',
  };
}

/** The tags that are invalidated most. */
export function tagsTable({ topTags }: Pick<WindowReport, 'topTags'>): Table {
  const most = bars(topTags.map((each) => each.invalidations));
  return {
    columns: [name('name', 'Tag'), cacheColumn, number('invalidations', 'Invalidations', 1)],
    rows: topTags.map((each): Row => ({
      id: `${each.cache}\n${each.tag}`,
      action: { kind: 'tag', cache: each.cache, tag: each.tag },
      cells: {
        name: text(each.tag),
        cache: text(each.cache),
        invalidations: barred(each.invalidations, most(each.invalidations), 'load'),
      },
    })),
    order: { column: 'invalidations', descending: true },
    empty: 'No tag was invalidated in this window. cache.invalidateTags(…) and @CacheEvict({ tags }) do so.',
  };
}

/** How fast the methods of the caches are. */
export function operationsTable({ operations }: Pick<WindowReport, 'operations'>): Table {
  const calls = bars(operations.map((each) => each.calls));
  return {
    columns: [
      name('name', 'Operation'),
      cacheColumn,
      number('calls', 'Calls', 1, 'Estimated where hits in the L1 are sampled'),
      number('p50', 'p50', 1, 'Half of the calls were faster'),
      number('p95', 'p95', 2),
      number('p99', 'p99', 1),
      number('failures', 'Failed', 2),
    ],
    rows: operations.map((each): Row => ({
      id: `${each.cache}\n${each.operation}`,
      cells: {
        name: text(each.operation),
        cache: text(each.cache),
        calls: barred(each.calls, calls(each.calls), 'l1'),
        p50: time(each.p50Ms),
        p95: time(each.p95Ms),
        p99: time(each.p99Ms),
        failures: trouble(each.failures),
      },
    })),
    order: { column: 'calls', descending: true },
    empty: 'No operation was timed in this window.',
  };
}
