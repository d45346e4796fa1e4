import { cacheOf, instanceOf, now, stateOf, windowOf } from '../testing/states.js';
import { startPlace, tabs, type Tab } from './place.js';
import { tableOf } from './tables.js';

const state = stateOf([cacheOf('a'), cacheOf('b', { l2: null })], {
  rights: { readOnly: false, showsValues: false },
  instances: [
    instanceOf('web-1'),
    instanceOf('web-2', { rssBytes: 5e7, at: now - 9000, status: 'degraded' }),
  ],
  report: {
    caches: [windowOf('a', 9, 1)],
    groups: [
      {
        cache: 'a',
        group: 'user:*',
        hits: 90,
        misses: 10,
        loads: 4,
        loadErrors: 1,
        loadMs: 200,
        hitRatio: 0.9,
      },
      {
        cache: 'b',
        group: '(other)',
        hits: 0,
        misses: 0,
        loads: 0,
        loadErrors: 0,
        loadMs: 0,
        hitRatio: null,
      },
    ],
    routes: [{ route: 'GET /a', requests: 5, hits: 4, misses: 1, loads: 1, loadMs: 10, hitRatio: 0.8 }],
    topKeys: [{ cache: 'a', namespaces: ['eu', 'http'], key: 'user:1', reads: 40, share: 0.4 }],
    topTags: [{ cache: 'b', tag: 'users', invalidations: 2 }],
    operations: [
      { cache: 'a', operation: 'get', calls: 9, failures: 2, count: 9, p50Ms: 0.02, p95Ms: 1, p99Ms: 2 },
    ],
  },
});

const texts = (tab: Tab, cache: string | null = null) =>
  tableOf(tab, state, { ...startPlace, cache }).rows.map(({ cells }) =>
    Object.fromEntries(Object.entries(cells).map(([column, { text }]) => [column, text])),
  );

describe('the tables', () => {
  it.each(tabs)('of %s have a cell for each column, an order by one of them, and words for no row', (tab) => {
    const { columns, rows, order, empty } = tableOf(tab, state, startPlace);
    const ids = columns.map(({ id }) => id);
    expect(ids).toContain(order.column);
    expect(empty).toMatch(/\.$/);
    for (const row of rows) expect(Object.keys(row.cells).sort()).toEqual([...ids].sort());
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
  });

  it('show each cache, also one without reads', () => {
    expect(texts('caches')).toMatchObject([
      { name: 'a', ratio: '90.0 %', reads: '600', loads: '60', loadTime: '42 ms', size: '250 of 1,000' },
      { name: 'b', ratio: '–', reads: '0', loadTime: '–' },
    ]);
  });

  it('show what loading costs by group', () => {
    expect(texts('groups')).toMatchObject([
      { name: 'user:*', reads: '100', loads: '4', each: '50 ms', time: '200 ms', errors: '1' },
      { name: '(other)', ratio: '–', each: '–', time: '–' },
    ]);
    const [known, other] = tableOf('groups', state, startPlace).rows;
    expect(known?.action).toEqual({ kind: 'group', cache: 'a', group: 'user:*' });
    expect(other?.action).toBeUndefined();
  });

  it('show one cache alone when it is chosen', () => {
    expect(texts('groups', 'a')).toHaveLength(1);
    expect(
      [texts('keys', 'b'), texts('tags', 'b'), texts('operations', 'b')].map((rows) => rows.length),
    ).toEqual([0, 1, 0]);
  });

  it('lead from a key to its look-up, and from a tag to its invalidation', () => {
    expect(tableOf('keys', state, startPlace).rows[0]?.action).toEqual({
      kind: 'look',
      cache: 'a',
      namespaces: ['eu', 'http'],
      key: 'user:1',
    });
    expect(tableOf('tags', state, startPlace).rows[0]?.action).toEqual({
      kind: 'tag',
      cache: 'b',
      tag: 'users',
    });
  });

  it('lead to no invalidation on a page that is read-only', () => {
    const readOnly = { ...state, rights: { readOnly: true, showsValues: false } };
    const kinds = tabs.flatMap((tab) =>
      tableOf(tab, readOnly, startPlace).rows.map(({ action }) => action?.kind),
    );
    expect(new Set(kinds)).toEqual(new Set(['filter', 'look', 'instance', undefined]));
  });

  it('show instances with bars of their memory', () => {
    expect(texts('instances')).toMatchObject([
      { name: 'web-1', status: 'up', up: '1 h', memory: '100 MB', seen: 'just now' },
      { name: 'web-2', status: 'degraded', memory: '50 MB', seen: '9 s ago' },
    ]);
    expect(tableOf('instances', state, startPlace).rows.map(({ cells }) => cells['memory']?.bar)).toEqual([
      1, 0.5,
    ]);
  });

  it('show the savings of each AI operation', () => {
    const counters = {
      ...{
        calls: 10,
        hits: 4,
        collapsed: 1,
        misses: 5,
        bypassed: 0,
        failures: 0,
        notStored: 0,
        notAccepted: 0,
      },
      ...{
        hitRatio: 0.4,
        inputTokensSaved: 80,
        outputTokensSaved: 20,
        costSaved: 1.5,
        unpriced: 0,
        unmetered: 0,
      },
      timeSavedMs: 90_000,
    };
    const ai = [{ cache: 'ai', totals: counters, operations: [{ ...counters, name: 'chat' }] }];
    const [row] = tableOf('ai', { ...state, summary: { ...state.summary, ai } }, startPlace).rows;
    expect(row?.cells).toMatchObject({
      ...{
        name: { text: 'chat' },
        ratio: { text: '50.0 %' },
        cost: { text: '1.50' },
        tokens: { text: '100' },
      },
      time: { text: '1 min 30 s' },
    });
  });
});
