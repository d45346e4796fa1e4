import { describe, expect, it } from '@jest/globals';

import { medianDifferenceInterval, medianInterval } from './bootstrap.js';
import { comparePaired, compareUnpaired } from './comparison.js';
import { integerBelow, seededRandom, type Random } from './random.js';
import { average, logHistogram, median, quantile, summarize } from './statistics.js';
import { defaultThresholds as thresholds } from './thresholds.js';

/** Box and Muller 1958. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Two caches on a noisy machine that grows slower for a while, now and then collects garbage, and is interrupted. */
function simulatedPairs(seed: number, rounds: number, slowdown: number): [number[], number[]] {
  const random = seededRandom(seed, 'machine');
  const [original, changed]: [number[], number[]] = [[], []];
  const measured = (drift: number) => {
    const noise = Math.exp(normal(random) * 0.15);
    const collection = random() < 0.05 ? 1 + integerBelow(random, 8) : 0;
    return drift * noise + collection;
  };
  for (let round = 0; round < rounds; round++) {
    const drift = 1 + 0.5 * Math.sin(round / 9) ** 2;
    original.push(measured(drift));
    changed.push(measured(drift * slowdown));
  }
  return [original, changed];
}

const repetitions = 200;
const options = { thresholds, resamples: 200 };
const flaggedOf = (slowdown: number) =>
  Array.from({ length: repetitions }, (_, seed) => {
    const [original, changed] = simulatedPairs(seed, 60, slowdown);
    return comparePaired(original, changed, { ...options, seed });
  });

describe('seed S1.13 S5.60-63 regressions are told from noise', () => {
  it('equal caches are flagged in under 1 % of 200 repetitions', () => {
    const flagged = flaggedOf(1).filter(({ regressionDetected }) => regressionDetected);
    expect(flagged.length / repetitions).toBeLessThan(0.01);
  });

  it('a slowdown below the threshold is flagged no more often', () => {
    const flagged = flaggedOf(1.05).filter(({ regressionDetected }) => regressionDetected);
    expect(flagged.length / repetitions).toBeLessThan(0.01);
  });

  it('a slowdown of 30 % is found in over 95 %', () => {
    const found = flaggedOf(1.3).filter(({ regressionDetected }) => regressionDetected);
    expect(found.length / repetitions).toBeGreaterThan(0.95);
  });

  it('the interval of 99 % holds the true change in over 95 %', () => {
    const held = flaggedOf(1.3).filter(
      ({ confidenceInterval: { lowPercent, highPercent } }) => lowPercent <= 30 && highPercent >= 30,
    );
    expect(held.length / repetitions).toBeGreaterThan(0.95);
  });
});

describe('comparePaired', () => {
  const twenty = Array.from({ length: 20 }, (_, index) => 1 + index / 100);
  const times = (factor: number) => twenty.map((ms) => ms * factor);
  const compared = (factor: number, judge?: boolean) =>
    comparePaired(twenty, times(factor), { seed: 1, thresholds, judge });

  it.each([
    [0.5, -50, false, 'none', true],
    [1, 0, false, 'none', false],
    [1.09, 9, false, 'none', false],
    [1.2, 20, true, 'warning', false],
    [1.5, 50, true, 'critical', false],
  ] as const)('× %d is %d %%', (factor, percent, regressionDetected, severity, improvementDetected) => {
    const change = compared(factor);
    expect(change).toMatchObject({ regressionDetected, severity, improvementDetected });
    expect(change.performanceChangePercent).toBeCloseTo(percent);
    expect(change.confidenceInterval.lowPercent).toBeCloseTo(percent);
    expect(change.confidenceInterval.level).toBe(0.99);
  });

  it('the whole interval has to clear the threshold, not its middle', () => {
    const changed = twenty.map((ms, index) => ms * (index % 2 === 0 ? 1.02 : 1.6));
    const change = comparePaired(twenty, changed, { seed: 1, thresholds });
    expect(change.performanceChangePercent).toBeGreaterThan(10);
    expect(change.regressionDetected).toBe(false);
  });

  it('is not judged when detection is off', () => {
    expect(compared(2, false)).toMatchObject({ regressionDetected: false, severity: 'none' });
    expect(compared(0.5, false).improvementDetected).toBe(false);
  });

  it('detects nothing without samples', () => {
    for (const change of [
      comparePaired([], [], { seed: 1, thresholds }),
      comparePaired([1, 0], [0], { seed: 1, thresholds }),
      compareUnpaired([], [1], { seed: 1, thresholds }),
      compareUnpaired([1], [], { seed: 1, thresholds, level: 0.9 }),
    ]) {
      expect(change).toMatchObject({ performanceChangePercent: 0, regressionDetected: false });
      expect(change.confidenceInterval.highPercent).toBe(Number.MAX_VALUE);
    }
  });

  it('compareUnpaired takes samples of different lengths', () => {
    const change = compareUnpaired([1, 1, 1], [2, 2, 2, 2], { seed: 1, thresholds });
    expect(change.performanceChangePercent).toBeCloseTo(100);
    expect(change.severity).toBe('critical');
  });
});

describe('the bootstrap', () => {
  const numbers = Array.from({ length: 41 }, (_, index) => index);

  it('gives the same interval for the same seed', () => {
    expect(medianInterval(numbers, { seed: 5 })).toEqual(medianInterval(numbers, { seed: 5 }));
    expect(medianInterval([...numbers].reverse(), { seed: 5 })).toEqual(medianInterval(numbers, { seed: 5 }));
  });

  it('contains the median, and is wider for more confidence', () => {
    const narrow = medianInterval(numbers, { seed: 5, level: 0.8 });
    const wide = medianInterval(numbers, { seed: 5, level: 0.99 });
    expect(narrow.low).toBeLessThanOrEqual(20);
    expect(narrow.high).toBeGreaterThanOrEqual(20);
    expect(wide.low).toBeLessThan(narrow.low);
    expect(wide.high).toBeGreaterThan(narrow.high);
  });

  it('agrees with sorting every sample', () => {
    const random = seededRandom(5, 'bootstrap');
    const medians = Array.from({ length: 2000 }, () =>
      median(numbers.map(() => numbers[integerBelow(random, numbers.length)] ?? NaN)),
    ).sort((a, b) => a - b);
    const { low, high } = medianInterval(numbers, { seed: 5, level: 0.9 });
    expect(low).toBe(quantile(medians, (1 - 0.9) / 2));
    expect(high).toBe(quantile(medians, 1 - (1 - 0.9) / 2));
  });

  it('takes the middle of two for an even number, and the only one of one', () => {
    expect(medianInterval([3], { seed: 1 })).toMatchObject({ low: 3, high: 3 });
    expect(medianInterval([1, 3], { seed: 1, level: 0 }).low).toBe(2);
    expect(medianInterval([], { seed: 1 })).toMatchObject({ low: 0, high: 0 });
  });

  it('contains the difference', () => {
    const { low, high } = medianDifferenceInterval(
      numbers,
      numbers.map((n) => n + 100),
      { seed: 2 },
    );
    expect(low).toBeLessThan(100);
    expect(high).toBeGreaterThan(100);
  });
});

describe('statistics', () => {
  it('summarize samples', () => {
    expect(summarize([4, 1, 3, 2])).toEqual({
      samples: 4,
      avgDurationMs: 2.5,
      medianDurationMs: 2.5,
      p95DurationMs: expect.closeTo(3.85),
      p99DurationMs: expect.closeTo(3.97),
      minDurationMs: 1,
      maxDurationMs: 4,
      standardDeviationMs: expect.closeTo(1.291, 3),
    });
  });

  it('are zeros without samples, and have no deviation for one', () => {
    expect(summarize([])).toMatchObject({ samples: 0, avgDurationMs: 0, p99DurationMs: 0, maxDurationMs: 0 });
    expect(summarize([2])).toMatchObject({ standardDeviationMs: 0, p99DurationMs: 2 });
    expect(average([])).toBe(0);
  });

  it('put every sample above 0 into a histogram', () => {
    const bars = logHistogram([0, 1, 1, 10, 100], 2);
    expect(bars.map(({ count }) => count)).toEqual([2, 2]);
    expect(bars[0]).toMatchObject({ fromMs: 1, toMs: expect.closeTo(10) });
    expect(logHistogram([0])).toEqual([]);
    expect(logHistogram([5, 5])).toEqual([{ fromMs: 5, toMs: 5, count: 2 }]);
  });
});
