import { countNames, type CacheWindow } from '../../../../monitoring/windows/window-report.js';
import { aiBenefit, originLoad, readTimes, shares } from './benefit.js';
import { combine, readsOf, weighted } from './combine.js';

type Counts = Partial<Record<(typeof countNames)[number], readonly number[]>>;

/** A window of a cache from its series; the medians are the same in each step. */
function windowOf(series: Counts, medians: Partial<Record<'l1' | 'l2' | 'load', number>> = {}): CacheWindow {
  const steps = Object.values(series)[0]?.length ?? 1;
  const whole = Object.fromEntries(
    countNames.map((name) => [name, series[name] ?? Array.from({ length: steps }, () => 0)]),
  ) as CacheWindow['series'];
  const counts = Object.fromEntries(
    countNames.map((name) => [name, whole[name].reduce((sum, value) => sum + value, 0)]),
  ) as CacheWindow['counts'];
  const latency = (ms: number | undefined, count: number) => ({
    ...{ p50Ms: ms ?? null, p95Ms: ms ?? null, p99Ms: ms ?? null, count },
  });
  const hits = counts.l1Hits + counts.l2Hits;
  return {
    ...{ cache: 'a', counts, series: whole },
    hitRatio: hits + counts.misses === 0 ? null : hits / (hits + counts.misses),
    latency: {
      l1: latency(medians.l1, counts.l1Hits),
      l2: latency(medians.l2, counts.l2Hits),
      load: latency(medians.load, counts.misses),
    },
    p50Series: {
      l1: whole.l1Hits.map(() => medians.l1 ?? null),
      l2: whole.l2Hits.map(() => medians.l2 ?? null),
      load: whole.misses.map(() => medians.load ?? null),
    },
  };
}

describe('several caches as one', () => {
  it('are nothing without a cache, and one cache is itself', () => {
    const one = windowOf({ l1Hits: [1, 2] });
    expect([combine([]), combine([one])]).toEqual([undefined, one]);
  });

  it('add their counts and series, and weight latencies by their calls', () => {
    const both = combine([
      windowOf({ l1Hits: [90, 0], misses: [0, 10] }, { load: 10 }),
      windowOf({ l2Hits: [0, 70], misses: [10, 20] }, { load: 40 }),
    ]);
    expect(both).toMatchObject({
      counts: { l1Hits: 90, l2Hits: 70, misses: 40 },
      hitRatio: 0.8,
      series: { misses: [10, 30] },
      latency: { load: { p50Ms: 32.5, count: 40 }, l1: { p50Ms: null } },
      p50Series: { load: [40, 30], l1: [null, null] },
    });
  });

  it('weight nothing to null, and what has no weight equally', () => {
    expect(weighted([[null, 3]])).toBeNull();
    expect(
      weighted([
        [2, 0],
        [4, 0],
        [null, 9],
      ]),
    ).toBe(3);
  });
});

describe('the load of the origin', () => {
  it.each([
    ['every load asks', { l1Hits: [96], misses: [4], loads: [4] }, 4],
    [
      'joined callers and stale answers do not ask',
      { l1Hits: [90], misses: [10], coalesced: [5], staleHits: [2], loads: [3] },
      3,
    ],
    ['loads ahead of time ask, too', { l1Hits: [100], misses: [0], loads: [7] }, 7],
    ['a miss without a loader is answered by the caller', { l1Hits: [90], misses: [10], loads: [0] }, 10],
  ])('%s', (_, series, asked) => {
    const all = windowOf(series);
    const without = readsOf(all.counts);
    expect(originLoad(all)).toEqual({ asked, without, spared: 1 - asked / without });
  });

  it('is not known without reads, and never more than spared nothing', () => {
    expect(originLoad(windowOf({ l1Hits: [0] })).spared).toBeNull();
    expect(originLoad(windowOf({ misses: [2], loads: [9] })).spared).toBe(0);
  });
});

describe('the time of a read', () => {
  it('is the mean of the medians by how many reads each answered, beside that of a load', () => {
    const all = windowOf({ l1Hits: [80], l2Hits: [10], misses: [10] }, { l1: 0, l2: 1, load: 50 });
    const times = readTimes(all);
    expect(times.withMs).toBeCloseTo(5.1);
    expect(times.withoutMs).toBe(50);
    expect(times.factor).toBeCloseTo(50 / 5.1);
  });

  it('is not compared without a load', () => {
    expect(readTimes(windowOf({ l1Hits: [5] }, { l1: 1 }))).toEqual({
      withMs: 1,
      withoutMs: null,
      factor: null,
    });
    expect(readTimes(windowOf({ l1Hits: [0] }))).toEqual({ withMs: null, withoutMs: null, factor: null });
  });
});

describe('shares of the tiers', () => {
  it('add up to one in each step with reads, and are null in the others', () => {
    const all = windowOf({ l1Hits: [6, 0], l2Hits: [2, 0], misses: [2, 0], staleHits: [1, 0] });
    expect(shares(all)).toEqual([{ l1: 0.6, l2: 0.2, stale: 0.1, load: 0.1 }, null]);
  });
});

describe('savings of AI', () => {
  const totals = {
    ...{ calls: 10, hits: 4, collapsed: 1, costSaved: 1.5, inputTokensSaved: 80, outputTokensSaved: 20 },
    ...{ timeSavedMs: 900, unpriced: 2, unmetered: 1 },
  };

  it('are undefined without an AI cache, and add up over several', () => {
    expect(aiBenefit([])).toBeUndefined();
    expect(aiBenefit([{ totals }, { totals }])).toEqual({
      ...{ calls: 20, answered: 10, cost: 3, tokens: 200, timeMs: 1800, unpriced: 6 },
    });
  });
});
