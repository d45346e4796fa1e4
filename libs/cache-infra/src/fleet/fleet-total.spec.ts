import { instanceSample, windowReport } from '../../../../test/support/fleet-samples.js';
import type { CacheHealth } from '../cache/contract/health.js';
import { fleetOf } from './read-fleet.js';
import { fleetTotal } from './fleet-total.js';
import type { InstanceSummary } from './summary.js';
import { windowTotal } from './window-total.js';

const second = 1000;

describe('the sum of windows', () => {
  it('adds the counts of caches of one name, and lists the others', () => {
    const total = windowTotal(
      '1m',
      [
        windowReport('1m', { caches: [{ cache: 'shop', l1Hits: 6, misses: 2 }, { cache: 'ai' }] }),
        windowReport('1m', { caches: [{ cache: 'shop', l2Hits: 3, misses: 1, loads: 1 }] }),
      ],
      0,
    );
    expect(total.caches.map(({ cache }) => cache)).toEqual(['shop', 'ai']);
    expect(total.caches[0]).toMatchObject({
      counts: { l1Hits: 6, l2Hits: 3, misses: 3, loads: 1 },
      hitRatio: 0.75,
    });
    expect(total.caches[0]?.series.misses.at(-1)).toBe(3);
    expect(total.caches[1]?.hitRatio).toBeNull();
  });

  it('ends where the oldest report ends, and adds the steps of the same moment', () => {
    const older = windowReport('1m', { endsAt: 100 * second, caches: [{ cache: 'shop', l1Hits: 1 }] });
    const newer = windowReport('1m', { endsAt: 104 * second + 200, caches: [{ cache: 'shop', l1Hits: 10 }] });
    const [cache] = newer.caches;
    const hits = cache!.series.l1Hits.map((_, step) => step);
    const rising = { ...newer, caches: [{ ...cache!, series: { ...cache!.series, l1Hits: hits } }] };
    const total = windowTotal('1m', [rising, older], 0);

    expect(total.endsAt).toBe(100 * second);
    const { l1Hits } = total.caches[0]!.series;
    expect(l1Hits).toHaveLength(60);
    // The newer report does not reach back to the first four steps.
    expect(l1Hits.slice(0, 6)).toEqual([0, 0, 0, 0, 0, 1]);
    expect(l1Hits.at(-1)).toBe(55 + 1);
  });

  it('weights percentiles by their counts, and medians by the calls of their step', () => {
    const total = windowTotal(
      '1m',
      [
        windowReport('1m', { caches: [{ cache: 'shop', l1Hits: 3, p50Ms: 1 }] }),
        windowReport('1m', { caches: [{ cache: 'shop', l1Hits: 1, p50Ms: 5 }] }),
        windowReport('1m', { caches: [{ cache: 'shop', l1Hits: 100 }] }),
      ],
      0,
    );
    const [cache] = total.caches;
    expect(cache?.latency.l1).toEqual({ p50Ms: 2, p95Ms: 2, p99Ms: 2, count: 104 });
    expect(cache?.p50Series.l1.at(-1)).toBe(2);
    expect(cache?.p50Series.l1[0]).toBeNull();
    // No call was answered by a load: all medians count alike.
    expect(cache?.p50Series.load.at(-1)).toBe(3);
  });

  it('merges operations, groups, routes, keys and tags, and sorts them anew', () => {
    const group = { cache: 'shop', hits: 1, misses: 1, loadErrors: 0, loadMs: 5, hitRatio: 0.5 };
    const route = { requests: 1, hits: 1, misses: 0, loads: 0, loadMs: 0, hitRatio: 1 };
    const timed = { p50Ms: 1, p95Ms: 2, p99Ms: 3, count: 1, calls: 2, failures: 1 };
    const one = windowReport('1m', {
      caches: [{ cache: 'shop', l1Hits: 30, misses: 10 }],
      operations: [{ cache: 'shop', operation: 'get', ...timed }],
      groups: [
        { ...group, group: 'user:*', loads: 5 },
        { ...group, group: 'order:*', loads: 4 },
      ],
      routes: [{ route: 'GET /a', ...route }],
      topKeys: [
        { cache: 'shop', namespaces: [], key: 'a', reads: 5, share: 0.1 },
        { cache: 'shop', namespaces: [], key: 'b', reads: 4, share: 0.1 },
      ],
      topTags: [{ cache: 'shop', tag: 't', invalidations: 1 }],
    });
    const other = windowReport('1m', {
      operations: [{ cache: 'shop', operation: 'get', ...timed, p95Ms: 4 }],
      groups: [{ ...group, group: 'order:*', loads: 3 }],
      routes: [
        { route: 'GET /a', ...route },
        { route: 'GET /b', ...route, requests: 9 },
      ],
      topKeys: [
        { cache: 'shop', namespaces: [], key: 'b', reads: 4, share: 0.1 },
        { cache: 'shop', namespaces: ['eu'], key: 'b', reads: 2, share: 0.1 },
      ],
      topTags: [{ cache: 'shop', tag: 't', invalidations: 2 }],
    });
    const total = windowTotal('1m', [one, other], 0);

    expect(total.operations).toEqual([
      { cache: 'shop', operation: 'get', p50Ms: 1, p95Ms: 3, p99Ms: 3, count: 2, calls: 4, failures: 2 },
    ]);
    expect(total.groups.map(({ group: name, loads }) => [name, loads])).toEqual([
      ['order:*', 7],
      ['user:*', 5],
    ]);
    expect(total.routes.map(({ route: name, requests }) => [name, requests])).toEqual([
      ['GET /b', 9],
      ['GET /a', 2],
    ]);
    expect(total.topKeys).toEqual([
      { cache: 'shop', namespaces: [], key: 'b', reads: 8, share: 0.2 },
      { cache: 'shop', namespaces: [], key: 'a', reads: 5, share: 0.125 },
      { cache: 'shop', namespaces: ['eu'], key: 'b', reads: 2, share: 0.05 },
    ]);
    expect(total.topTags).toEqual([{ cache: 'shop', tag: 't', invalidations: 3 }]);
  });

  it('is empty without a report', () => {
    expect(windowTotal('5m', [], 77)).toMatchObject({ window: '5m', stepSeconds: 5, endsAt: 77, caches: [] });
  });
});

describe('the sum of instances', () => {
  const inRedis = (l2: NonNullable<CacheHealth['tiers']['l2']>, l1Size: number): CacheHealth => ({
    status: l2.status === 'ready' ? 'up' : 'degraded',
    tiers: { l1: { size: l1Size, maxSize: 100, unheardMs: 60_000 }, l2 },
  });
  const fine = {
    status: 'ready',
    latencyMs: 1,
    breaker: 'closed',
    coherence: 'armed',
    journalSize: 0,
  } as const;
  const away = {
    status: 'away',
    lastError: 'Redis does not answer',
    breaker: 'open',
    coherence: 'lost',
    journalSize: 3,
  } as const;

  async function instance(health: CacheHealth, given: Partial<InstanceSummary>): Promise<InstanceSummary> {
    const summary = await instanceSample({ caches: [{ cache: 'shop' }] }, given);
    return { ...summary, caches: summary.caches.map((cache) => ({ ...cache, health })) };
  }

  it('has the worst health, and adds sizes and journals', async () => {
    const total = fleetTotal(
      [await instance(inRedis(fine, 10), { id: 'a' }), await instance(inRedis(away, 20), { id: 'b' })],
      0,
    );
    expect(total.caches[0]?.health).toEqual({
      status: 'degraded',
      tiers: {
        l1: { size: 30, maxSize: 200, unheardMs: 60_000 },
        l2: { ...away, latencyMs: 1 },
      },
    });
  });

  it('adds the counters since the start, and keeps the 20 latest changes', async () => {
    const one = await instance(inRedis(fine, 0), {});
    const [cache] = one.caches;
    const stats = {
      ...cache!.stats,
      hits: 3,
      misses: 1,
      truth: { ...cache!.stats.truth, verified: 4, untrue: 1 },
    };
    const events = Array.from({ length: 15 }, (_, i) => ({ at: 100 - i, event: 'degraded' as const }));
    const busy = { ...one, caches: [{ ...cache!, stats, events }] };
    const [total] = fleetTotal([busy, busy], 0).caches;

    expect(total?.stats).toMatchObject({ name: 'shop', hits: 6, misses: 2, hitRatio: 0.75 });
    expect(total?.stats.truth).toMatchObject({ verified: 8, untrue: 2, rate: 0.75 });
    expect(total?.health.truth?.verified).toBe(8);
    expect(total?.events).toHaveLength(20);
    expect(total?.events.slice(0, 3).map(({ at }) => at)).toEqual([100, 100, 99]);
  });

  it('adds what AI answers saved', async () => {
    const summary = await instanceSample({});
    const counters = { calls: 4, hits: 2, collapsed: 1, misses: 1, bypassed: 0, failures: 0, notStored: 0 };
    const saved = { inputTokensSaved: 10, outputTokensSaved: 5, costSaved: 0.5, timeSavedMs: 100 };
    const all = { ...counters, ...saved, notAccepted: 0, unpriced: 0, unmetered: 0, hitRatio: 0.5 };
    const one = { ...summary, ai: [{ cache: 'ai', totals: all, operations: [{ name: 'sum', ...all }] }] };
    const [ai] = fleetTotal([one, one], 0).ai;

    expect(ai?.totals).toMatchObject({ calls: 8, hits: 4, hitRatio: 0.5, costSaved: 1, timeSavedMs: 200 });
    expect(ai?.operations).toEqual([{ name: 'sum', ...ai?.totals }]);
  });

  it('lists the oldest instance first', async () => {
    const young = await instance(inRedis(fine, 0), { id: 'young', startedAt: 9 });
    const old = await instance(inRedis(fine, 0), { id: 'old', startedAt: 1 });
    expect(fleetOf([young, old], 10).instances.map(({ id }) => id)).toEqual(['old', 'young']);
  });
});
