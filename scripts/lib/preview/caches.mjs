// Made-up summaries of caches, AI savings and instances, for the preview of the dashboard.

export const noTruth = {
  ...{ verified: 0, untrue: 0, rate: 1, interval: [0, 1], oldestMs: 0, inconclusive: 0, skipped: 0 },
  causes: { ttl: 0, tag: 0, key: 0, writer: 0 },
};

export const goodTruth = {
  ...{ verified: 4812, untrue: 9, rate: 0.99813, interval: [0.99645, 0.99902], oldestMs: 41_000 },
  ...{ inconclusive: 3, skipped: 120 },
  causes: { ttl: 9, tag: 0, key: 0, writer: 0 },
};

const tier = { hits: 0, misses: 0, sets: 0, deletes: 0, errors: 0 };

/** A cache: `l2` null = in memory. */
export function cache(name, { l1 = {}, l2 = {}, truth, stats = {}, status = 'up', events = [], kind } = {}) {
  const size = l1?.size ?? 6120;
  const journal = {
    size: l2?.journalSize ?? 0,
    bytes: (l2?.journalSize ?? 0) * 310,
    recorded: 212,
    replayed: 198,
  };
  return {
    name,
    kind: kind ?? (l2 === null ? 'memory' : 'redis'),
    keyPrefix: `${name}:`,
    health: {
      status,
      tiers: {
        ...(l1 !== null && { l1: { size, maxSize: 10_000, ...l1 } }),
        ...(l2 !== null && {
          l2: {
            status: 'ready',
            latencyMs: 0.38,
            breaker: 'closed',
            coherence: 'armed',
            journalSize: 0,
            ...l2,
          },
        }),
      },
      ...(truth !== undefined && { truth }),
    },
    stats: {
      ...{ name, hits: 2_412_880, misses: 31_204, sets: 30_800, deletes: 812, errors: 4, loads: 18_204 },
      ...{
        loadErrors: 12,
        notStored: 0,
        schemaMisses: 0,
        otherVersion: 0,
        notModified: 0,
        lagging: 0,
        staleHits: 40,
      },
      ...{ refreshes: 80, coalesced: 9021, evictions: 2210, tooLarge: 0, corrupt: 0, hitRatio: 0.987 },
      ...{ size, bytes: size * 812, truth: truth ?? noTruth },
      compression: { count: 0, bytesIn: 0, bytesOut: 0 },
      journal: { ...journal, superseded: 2, dropped: 0, expired: 0 },
      ...{ l1: tier, l2: tier, ...stats },
    },
    events,
  };
}

export function ai(name, operations) {
  const all = operations.map(([operation, calls, hits, cost, tokens, seconds]) => ({
    ...{
      name: operation,
      calls,
      hits,
      collapsed: Math.round(hits * 0.04),
      misses: calls - hits,
      bypassed: 0,
    },
    ...{ failures: Math.round(calls * 0.004), notStored: 0, notAccepted: 0, hitRatio: hits / calls },
    ...{ inputTokensSaved: Math.round(tokens * 0.8), outputTokensSaved: Math.round(tokens * 0.2) },
    ...{ costSaved: cost, unpriced: 0, unmetered: 0, timeSavedMs: seconds * 1000 },
  }));
  const sum = (field) => all.reduce((total, each) => total + each[field], 0);
  const totals = Object.fromEntries(
    Object.keys(all[0])
      .filter((field) => field !== 'name')
      .map((field) => [field, sum(field)]),
  );
  return { cache: name, totals: { ...totals, hitRatio: totals.hits / totals.calls }, operations: all };
}

export function instance(name, now, { startedAt, status = 'up', at = now, mb = 142 } = {}) {
  return {
    ...{ id: `id-${name}`, name, startedAt: startedAt ?? now - 3 * 86_400_000 - 4 * 3_600_000, at, status },
    ...{ node: 'v22.17.0', release: '0.2.0', rssBytes: mb * 1e6 },
  };
}
