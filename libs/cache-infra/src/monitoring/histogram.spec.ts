import fc from 'fast-check';
import { bucketCount, bucketMiddle, bucketOf, Histogram } from './histogram.js';

describe('histogram buckets', () => {
  it.each([
    ['nothing', 0, 0],
    ['10 ns', 1.0001e-5, 1],
    ['the last linear bucket', 31.5e-5, 31],
    ['the first octave', 32.5e-5, 32],
    ['the second octave', 64.5e-5, 64],
    ['1 ms', 1, 32 * 11 + Math.floor(100_000 / 2 ** 11)],
    ['more than 2^32 units', 100_000, 32 * 28 + Math.floor(1e10 / 2 ** 28)],
    ['the longest', (2 ** 39 - 1) * 1e-5, bucketCount - 1],
    ['beyond the longest', Number.MAX_VALUE, bucketCount - 1],
    ['a negative duration', -1, 0],
  ])('%s (%d ms) counts in bucket %d', (_name, ms, bucket) => {
    expect(bucketOf(ms)).toBe(bucket);
  });

  it('has a middle within 1.6 % of every duration from 320 ns to 91 minutes', () => {
    fc.assert(
      fc.property(fc.double({ min: 3.2e-4, max: 5_400_000, noNaN: true }), (ms) => {
        const middle = bucketMiddle(bucketOf(ms));
        expect(Math.abs(middle - ms) / ms).toBeLessThanOrEqual(1 / 64 + 1e-9);
      }),
    );
  });

  it('has a middle within 5 ns of every duration below 320 ns', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 3.19e-4, noNaN: true }), (ms) => {
        expect(Math.abs(bucketMiddle(bucketOf(ms)) - ms)).toBeLessThanOrEqual(0.5e-5 + 1e-12);
      }),
    );
  });

  it('grows with the duration', () => {
    const middles = Array.from({ length: bucketCount }, (_, bucket) => bucketMiddle(bucket));

    expect(middles).toEqual([...middles].sort((a, b) => a - b));
    expect(middles.map((middle) => bucketOf(middle))).toEqual(middles.map((_, bucket) => bucket));
  });
});

describe('Histogram', () => {
  it('is all zeros when empty', () => {
    expect(new Histogram().summary()).toEqual({
      count: 0,
      meanMs: 0,
      minMs: 0,
      p50Ms: 0,
      p95Ms: 0,
      p99Ms: 0,
      maxMs: 0,
    });
  });

  it('knows percentiles within 1.6 %, and count, mean, minimum and maximum exactly', () => {
    const histogram = new Histogram();
    for (let ms = 1; ms <= 1000; ms++) histogram.record(ms);

    const { count, meanMs, minMs, p50Ms, p95Ms, p99Ms, maxMs } = histogram.summary();

    expect({ count, meanMs, minMs, maxMs }).toEqual({ count: 1000, meanMs: 500.5, minMs: 1, maxMs: 1000 });
    expect(Math.abs(p50Ms - 500) / 500).toBeLessThan(0.016);
    expect(Math.abs(p95Ms - 950) / 950).toBeLessThan(0.016);
    expect(Math.abs(p99Ms - 990) / 990).toBeLessThan(0.016);
  });

  it('counts the durations up to each bound, and their sum', () => {
    const histogram = new Histogram();
    for (const ms of [0.001, 0.5, 0.5, 2, 1e9]) histogram.record(ms);

    expect(histogram.countsWithin([0.0001, 0.01, 1, 10, 1e6])).toEqual([0, 1, 3, 4, 4]);
    expect(histogram.countsWithin([Infinity])).toEqual([5]);
    expect(histogram.sum).toBe(1e9 + 3.001);
  });

  it('never reports a percentile outside of the recorded durations', () => {
    const histogram = new Histogram();
    histogram.record(7.123);

    expect(histogram.percentile(0)).toBe(7.123);
    expect(histogram.percentile(0.5)).toBe(7.123);
    expect(histogram.percentile(1)).toBe(7.123);
  });

  it('agrees with the sorted list of any durations', () => {
    const durations = fc.array(fc.double({ min: 0.001, max: 60_000, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(durations, fc.constantFrom(0.5, 0.95, 0.99), (list, fraction) => {
        const histogram = new Histogram();
        for (const ms of list) histogram.record(ms);
        const sorted = [...list].sort((a, b) => a - b);
        const exact = sorted[Math.ceil(fraction * list.length) - 1] as number;
        expect(Math.abs(histogram.percentile(fraction) - exact) / exact).toBeLessThan(0.016);
      }),
    );
  });

  it.each([[NaN], [Infinity], [-Infinity]])('ignores %d', (ms) => {
    const histogram = new Histogram();
    histogram.record(ms);

    expect(histogram.count).toBe(0);
  });

  it('counts a negative duration as 0', () => {
    const histogram = new Histogram();
    histogram.record(-5);

    expect(histogram.summary()).toMatchObject({ count: 1, minMs: 0, maxMs: 0, p99Ms: 0 });
  });
});
