// The scenes of the preview: each gives the state of a dashboard at a moment.
import { ai, cache, goodTruth, instance } from './caches.mjs';
import { noise, windowsOf } from './windows.mjs';

const fleet = (now, changes = {}) => [
  instance('web-1', now),
  instance('web-2', now, { startedAt: now - 26 * 3_600_000, mb: 161, ...changes }),
  instance('web-3', now, { startedAt: now - 41 * 60_000, mb: 118 }),
];

const warm = (l1, l2) => (at, random) => {
  const dip = Math.max(0, Math.sin(at / 61_000)) ** 12 * 0.25;
  const jitter = (random - 0.5) * 0.03;
  return { l1: Math.max(0, l1 - dip + jitter), l2: l2 + dip * 0.6 - jitter };
};

const products = { name: 'products', rate: () => 820, shares: warm(0.9, 0.085), loadMs: 42 };
const sessions = { name: 'sessions', rate: () => 410, shares: warm(0.72, 0.25), loadMs: 8 };
const reports = { name: 'reports', rate: () => 6, shares: warm(0.55, 0.2), loadMs: 1400 };

const group = (cache, name, hits, misses, loads, ms) => ({
  ...{
    cache,
    group: name,
    hits,
    misses,
    loads,
    loadErrors: 0,
    loadMs: loads * ms,
    hitRatio: hits / (hits + misses),
  },
});
const route = (name, requests, hits, misses, loads, ms) => ({
  ...{ route: name, requests, hits, misses, loads, loadMs: loads * ms, hitRatio: hits / (hits + misses) },
});
const operation = (cache, name, calls, ms, failures = 0) => ({
  ...{ cache, operation: name, calls, failures, count: calls, p50Ms: ms, p95Ms: ms * 3, p99Ms: ms * 9 },
});

const rows = {
  groups: [
    group('products', 'ProductsService.find(*)', 198_400, 2100, 1204, 42),
    group('products', 'ProductsService.search(*)', 31_200, 1890, 1130, 180),
    group('products', 'price:*', 22_110, 402, 240, 6),
    group('sessions', 'session:*', 119_800, 3210, 3002, 8),
    group('reports', 'report:*:monthly', 1380, 310, 190, 2400),
    group('reports', 'report:*:daily', 210, 44, 40, 810),
    group('products', '(other)', 810, 90, 70, 12),
  ],
  routes: [
    route('GET /products/:id', 88_200, 176_000, 1800, 1010, 42),
    route('GET /products', 12_400, 31_000, 1800, 1090, 180),
    route('GET /cart', 9100, 27_300, 900, 700, 8),
    route('GET /reports/:month', 1690, 1380, 310, 190, 2400),
    route('POST /login', 2210, 2200, 2100, 2100, 8),
  ],
  topKeys: ['product:4711', 'product:1', 'price:4711', 'product:88', 'session:anonymous', 'product:12'].map(
    (key, i) => ({
      cache: key.startsWith('session') ? 'sessions' : 'products',
      key,
      reads: Math.round(21_000 / (i + 1)),
      share: 0.083 / (i + 1),
    }),
  ),
  topTags: [
    { cache: 'products', tag: 'prices', invalidations: 41 },
    { cache: 'products', tag: 'product:4711', invalidations: 12 },
    { cache: 'reports', tag: 'sales', invalidations: 8 },
  ],
  operations: [
    operation('products', 'getOrSet', 251_000, 0.005),
    operation('products', 'invalidateTags', 53, 0.6),
    operation('sessions', 'get', 121_000, 0.006),
    operation('sessions', 'set', 3002, 0.5, 4),
    operation('reports', 'getOrSet', 1690, 0.02),
  ],
};

const long = 'tenant:4f0c2d1e-88aa-4b7e-9f6c-2f1f3a7d9c51:user:';
const hostile = [
  '<img src=x onerror=alert(1)>',
  '"><script>alert(document.cookie)</script>',
  'مرحبا:بالعالم:١٢٣',
  `${long.repeat(5)}profile`,
  '‮evil‬:override',
  'a\tb\nc\u0000d',
  '🧊:❄️:👩‍👩‍👧‍👦',
];

/** Name → state at a moment. `started`: when the preview was started, which is when Redis went away. */
export const scenarios = {
  healthy: (now, { started }) => ({
    instances: fleet(now),
    caches: [
      cache('products', {
        truth: goodTruth,
        events: [
          { at: started - 70_000, event: 'recovered' },
          { at: started - 130_000, event: 'breakerOpen' },
          { at: started - 131_000, event: 'degraded' },
        ],
      }),
      cache('sessions', { l1: { size: 9400 } }),
      cache('reports', { l2: null, l1: { size: 212, maxSize: 500 } }),
    ],
    ai: [
      ai('ai', [
        ['summarize', 4100, 3010, 31.2, 2_410_000, 9200],
        ['classify', 21_000, 19_900, 8.71, 1_120_000, 8100],
      ]),
    ],
    windows: windowsOf({ now, caches: [products, sessions, reports], rows }),
  }),
  away: (now, { started }) => {
    const gone = started - 12_000;
    const events = [
      { at: gone + 900, event: 'coherenceLost' },
      { at: gone + 400, event: 'breakerOpen' },
      { at: gone, event: 'degraded' },
    ];
    const l2 = {
      status: 'away',
      latencyMs: undefined,
      breaker: 'open',
      coherence: 'lost',
      journalSize: 7,
      lastError: 'connect ECONNREFUSED 10.0.4.12:6379',
    };
    const cut = (shares) => (at, random) => {
      const found = shares(at, random);
      return at < gone ? found : { l1: found.l1 * 0.8, l2: 0, stale: 0.04 };
    };
    return {
      instances: fleet(now).map((each) => ({ ...each, status: 'degraded' })),
      caches: ['products', 'sessions'].map((name) => cache(name, { l2, status: 'degraded', events })),
      ai: [],
      windows: windowsOf({
        now,
        caches: [products, sessions].map((each) => ({ ...each, shares: cut(each.shares) })),
        rows,
      }),
    };
  },
  one: (now) => ({
    readOnly: true,
    instances: [instance('laptop:4121', now, { startedAt: now - 95_000 })],
    caches: [cache('default', { l2: null, l1: { size: 14 }, stats: { bytes: 0, evictions: 0 } })],
    ai: [],
    windows: windowsOf({
      now,
      startedAt: now - 95_000,
      caches: [
        {
          ...{ name: 'default', rate: (at) => (noise(at) > 0.6 ? 0.8 : 0), loadMs: 310 },
          shares: (at) => ({ l1: noise(at, 2) > 0.4 ? 1 : 0, l2: 0 }),
        },
      ],
      rows: { groups: [group('default', 'CatsService.find(*)', 20, 12, 12, 310)] },
    }),
  }),
  'no-traffic': (now) => ({
    instances: [instance('laptop:4121', now, { startedAt: now - 9000 })],
    caches: [cache('default', { l2: null, l1: { size: 0 }, stats: { hits: 0, misses: 0, bytes: 0 } })],
    ai: [],
    windows: windowsOf({ now, caches: [] }),
  }),
  'no-cache': (now) => ({
    instances: [instance('laptop:4121', now, { startedAt: now - 9000 })],
    ...{ caches: [], ai: [], windows: windowsOf({ now, caches: [] }) },
  }),
  'no-instance': (now) => ({
    source: 'redis',
    ...{ instances: [], caches: [], ai: [], windows: windowsOf({ now, caches: [] }) },
  }),
  ai: (now) => ({
    instances: fleet(now),
    caches: [cache('ai', { l1: { size: 881 }, truth: undefined })],
    ai: [
      ai('ai', [
        ['chat', 184_000, 121_000, 18_412.5, 1_841_000_000, 610_000],
        ['embed', 912_000, 890_000, 210.2, 4_120_000_000, 81_000],
        ['moderate', 21_000, 400, 0, 12_000, 80],
      ]),
    ],
    windows: windowsOf({
      now,
      caches: [{ name: 'ai', rate: () => 12, shares: warm(0.41, 0.3), loadMs: 2300 }],
      rows: {},
    }),
  }),
  hostile: (now, { started }) => ({
    instances: hostile.slice(0, 3).map((name) => instance(name, now)),
    caches: hostile.slice(0, 4).map((name) =>
      cache(name, {
        status: 'degraded',
        l2: { lastError: hostile[0] },
        events: [{ at: started, event: 'degraded' }],
      }),
    ),
    ai: [],
    windows: windowsOf({
      now,
      caches: hostile.slice(0, 4).map((name) => ({ ...products, name })),
      rows: {
        groups: hostile.map((name) => group(name, name, 100, 3, 2, 12)),
        topKeys: hostile.map((key) => ({ cache: hostile[0], key, reads: 400, share: 0.1 })),
        topTags: hostile.map((tag) => ({ cache: hostile[0], tag, invalidations: 3 })),
        routes: hostile.map((name) => route(`GET /${name}`, 4, 3, 1, 1, 1)),
      },
    }),
  }),
  many: (now, { started }) => ({
    instances: Array.from({ length: 24 }, (_, i) =>
      instance(`web-${String(i + 1)}`, now, { mb: 100 + 90 * noise(i), status: i === 6 ? 'degraded' : 'up' }),
    ),
    caches: Array.from({ length: 14 }, (_, i) =>
      cache(`cache-${String(i + 1)}`, {
        l1: { size: Math.round(9000 * noise(i)) },
        events: i < 7 ? [{ at: started - i * 700_000, event: 'recovered' }] : [],
      }),
    ),
    ai: [],
    windows: windowsOf({
      now,
      caches: Array.from({ length: 14 }, (_, i) => ({
        ...products,
        name: `cache-${String(i + 1)}`,
        rate: () => 4000 * noise(i),
      })),
      rows: {
        groups: Array.from({ length: 200 }, (_, i) => {
          const misses = Math.round(900 * noise(i, 1));
          return group(
            `cache-${String(1 + (i % 14))}`,
            `entity-${String(i)}:*`,
            Math.round(9000 * noise(i)),
            misses,
            misses,
            40 * noise(i, 2),
          );
        }),
      },
    }),
  }),
};

/** A whole `DashboardState`. */
export function stateOf(name, { started, shown }) {
  const now = Date.now();
  const {
    instances,
    source = 'application',
    readOnly = false,
    ...summary
  } = scenarios[name](now, { started });
  return {
    at: now,
    source,
    rights: { readOnly: readOnly || source === 'redis', showsValues: true },
    instances,
    shown: instances.some(({ id }) => id === shown) ? shown : null,
    summary,
  };
}
