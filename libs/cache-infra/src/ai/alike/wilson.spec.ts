import { trialsWithoutEvent, wilsonBounds } from './wilson.js';

describe('wilsonBounds', () => {
  it.each([
    // Reference values: R 4, binom::binom.wilson(x, n).
    [0, 10, 0, 0.2775],
    [1, 10, 0.0179, 0.4042],
    [5, 10, 0.2366, 0.7634],
    [10, 10, 0.7225, 1],
    [2, 100, 0.0055, 0.07],
  ])('%d of %d: from %d to %d', (events, trials, lower, upper) => {
    const bounds = wilsonBounds(events, trials);
    expect(bounds.lower).toBeCloseTo(lower, 3);
    expect(bounds.upper).toBeCloseTo(upper, 3);
  });

  it('without trials the share may be anything', () => {
    expect(wilsonBounds(0, 0)).toEqual({ lower: 0, upper: 1 });
  });

  it('stays within 0 and 1', () => {
    for (let trials = 1; trials < 50; trials++) {
      for (let events = 0; events <= trials; events++) {
        const { lower, upper } = wilsonBounds(events, trials);
        expect(lower).toBeGreaterThanOrEqual(0);
        expect(upper).toBeLessThanOrEqual(1);
        expect(lower).toBeLessThanOrEqual(events / trials + 1e-12);
        expect(upper).toBeGreaterThanOrEqual(events / trials - 1e-12);
      }
    }
  });
});

describe('trialsWithoutEvent', () => {
  it.each([
    [0.005, 765],
    [0.01, 381],
    [0.02, 189],
    [0.05, 73],
  ])('a share of %d: %d trials, and one less is not enough', (share, trials) => {
    expect(trialsWithoutEvent(share)).toBe(trials);
    expect(wilsonBounds(0, trials).upper).toBeLessThanOrEqual(share);
    expect(wilsonBounds(0, trials - 1).upper).toBeGreaterThan(share);
  });
});
