// Made-up reports of windows, for the preview of the dashboard: the same numbers for the same moment.

const steps = { '1m': [60, 1], '5m': [60, 5], '1h': [60, 60], '24h': [96, 900] };
const countNames = ['l1Hits', 'l2Hits', 'misses', 'staleHits', 'loads', 'loadErrors', 'coalesced', 'sets'];
const allCounts = [...countNames, 'deletes', 'evictions', 'errors'];

/** 0-1, the same for the same numbers. */
export function noise(...seeds) {
  const x = Math.sin(seeds.reduce((sum, seed, i) => sum + seed * (i * 78.233 + 12.9898), 0)) * 43758.5453;
  return x - Math.floor(x);
}

/**
 * @param {{ now: number, caches: readonly object[], startedAt?: number, rows?: object }} scenario `caches`: name, reads
 *   per second, shares of the tiers at a moment
 */
export function windowsOf({ now, caches, startedAt = 0, rows = {} }) {
  return Object.fromEntries(
    Object.keys(steps).map((name) => [name, report(name, { now, caches, startedAt, rows })]),
  );
}

function report(window, { now, caches, startedAt, rows }) {
  const [count, seconds] = steps[window];
  const endsAt = Math.floor(now / (seconds * 1000)) * seconds * 1000;
  const ends = { window, stepSeconds: seconds, endsAt };
  const moments = Array.from({ length: count }, (_, i) => endsAt - (count - i) * seconds * 1000);
  const watched = caches.map((cache, place) => cacheWindow(cache, place, { moments, seconds, startedAt }));
  const scale = (count * seconds) / 300;
  return {
    ...ends,
    caches: watched,
    operations: (rows.operations ?? []).map((row) => scaled(row, ['calls', 'failures', 'count'], scale)),
    groups: (rows.groups ?? []).map((row) =>
      scaled(row, ['hits', 'misses', 'loads', 'loadErrors', 'loadMs'], scale),
    ),
    routes: (rows.routes ?? []).map((row) =>
      scaled(row, ['requests', 'hits', 'misses', 'loads', 'loadMs'], scale),
    ),
    topKeys: (rows.topKeys ?? []).map((row) => scaled(row, ['reads'], scale)),
    topTags: (rows.topTags ?? []).map((row) => scaled(row, ['invalidations'], scale)),
  };
}

function scaled(row, names, scale) {
  return { ...row, ...Object.fromEntries(names.map((name) => [name, Math.round((row[name] ?? 0) * scale)])) };
}

function cacheWindow(cache, place, { moments, seconds, startedAt }) {
  const series = Object.fromEntries(allCounts.map((name) => [name, []]));
  const p50Series = { l1: [], l2: [], load: [] };
  for (const at of moments) {
    const isUp = at >= startedAt;
    const wave =
      1 + 0.35 * Math.sin(at / 97_000 + place) + 0.25 * Math.sin(at / 11_000) + 0.2 * noise(at / 1000, place);
    const reads = isUp ? Math.round(cache.rate(at) * wave * seconds) : 0;
    const { l1, l2, stale = 0 } = cache.shares(at, noise(at / 1000, place, 7));
    const counts = {
      l1Hits: Math.round(reads * l1),
      l2Hits: Math.round(reads * l2),
      staleHits: Math.round(reads * stale),
    };
    counts.misses = reads - counts.l1Hits - counts.l2Hits;
    counts.coalesced = Math.round((counts.misses - counts.staleHits) * 0.4);
    counts.loads = counts.misses - counts.staleHits - counts.coalesced;
    counts.loadErrors = Math.round(counts.loads * (cache.failing ?? 0));
    counts.sets = counts.loads;
    counts.evictions = Math.round(counts.loads * 0.3);
    for (const name of allCounts) series[name].push(counts[name] ?? 0);
    const jitter = 0.8 + 0.4 * noise(at / 1000, place, 3);
    p50Series.l1.push(counts.l1Hits > 0 ? 0.004 * jitter : null);
    p50Series.l2.push(counts.l2Hits > 0 ? 0.45 * jitter : null);
    p50Series.load.push(counts.loads > 0 ? (cache.loadMs ?? 42) * jitter : null);
  }
  const counts = Object.fromEntries(allCounts.map((name) => [name, series[name].reduce((a, b) => a + b, 0)]));
  const hits = counts.l1Hits + counts.l2Hits;
  return {
    cache: cache.name,
    counts,
    hitRatio: hits + counts.misses === 0 ? null : hits / (hits + counts.misses),
    series,
    p50Series,
    latency: {
      l1: latency(0.004, counts.l1Hits),
      l2: latency(0.45, counts.l2Hits),
      load: latency(cache.loadMs ?? 42, counts.misses),
    },
  };
}

function latency(ms, count) {
  return count === 0
    ? { p50Ms: null, p95Ms: null, p99Ms: null, count }
    : { p50Ms: ms, p95Ms: ms * 2.4, p99Ms: ms * 5.5, count };
}
