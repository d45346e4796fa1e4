import { describe, expect, it } from '@jest/globals';

import { TruthMeter, wilson } from './truth-meter.js';

describe('wilson', () => {
  // Reference values: Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I, method 3.
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
    [29, 29, 0.883, 1],
  ])('%i of %i', (hits, trials, low, high) => {
    const interval = wilson(hits, trials);
    expect(interval[0]).toBeCloseTo(low, 4);
    expect(interval[1]).toBeCloseTo(high, 4);
  });

  it('of nothing is everything', () => {
    expect(wilson(0, 0)).toEqual([0, 1]);
  });
});

describe('TruthMeter', () => {
  it('admits so many of a minute', () => {
    const meter = new TruthMeter(2);
    expect([0, 1, 2, 59_999, 60_000].map((now) => meter.admits(now))).toEqual([
      true,
      true,
      false,
      false,
      true,
    ]);
  });

  it('chooses all for 1 and none for 0', () => {
    const meter = new TruthMeter(1);
    expect([meter.chooses(1), meter.chooses(0)]).toEqual([true, false]);
  });
});
