const savings = {
  calls: 3,
  hits: 1,
  collapsed: 1,
  misses: 1,
  bypassed: 0,
  failures: 0,
  hitRatio: 0.33,
  inputTokensSaved: 44,
  outputTokensSaved: 82,
  costSaved: 0.00093,
  timeSavedMs: 2051,
};
const counters = {
  hits: 12,
  misses: 3,
  sets: 3,
  deletes: 1,
  errors: 0,
  loads: 3,
  coalesced: 2,
  hitRatio: 0.8,
};
const tier = { hits: 12, misses: 3, sets: 3, deletes: 1, errors: 0 };

/** The most used parts of an answer of `GET /cache/stats`. */
export const statsExample = {
  cache: { name: 'default', ...counters, staleHits: 0, evictions: 0, size: 2, l1: tier, l2: tier },
  ai: { totals: savings, groups: [{ name: 'chat', ...savings }] },
  performance: {
    since: '2026-01-31T12:00:00.000Z',
    durationSeconds: 60,
    totals: { operations: 19, ...counters },
    byCache: [{ cache: 'default', instances: 1, size: 2, operations: 19, ...counters }],
  },
};
