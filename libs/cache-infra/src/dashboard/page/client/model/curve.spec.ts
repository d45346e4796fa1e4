import { band, runs, smooth, type Point } from './curve.js';
import { linearTicks, logPlace, logTicks } from './scale.js';

describe('runs of values', () => {
  it('end at each gap', () => {
    expect(runs([null, 1, 2, null, 3])).toEqual([
      { start: 1, values: [1, 2] },
      { start: 4, values: [3] },
    ]);
    expect(runs([null])).toEqual([]);
  });
});

describe('a smooth line', () => {
  const points: readonly Point[] = [
    ...([
      [0, 10],
      [10, 10],
      [20, 0],
      [30, 0],
    ] as const),
  ];

  it('begins at the first point and ends at the last', () => {
    expect(smooth(points)).toMatch(/^M0\.0 10\.0C.* 30\.0 0\.0$/);
    expect([smooth([]), smooth([[1, 2]])]).toEqual(['', 'M1.0 2.0']);
  });

  it('never leaves the range of its points', () => {
    const heights = [...smooth(points).matchAll(/[\d.-]+ ([\d.-]+)/g)].map(([, y]) => Number(y));
    expect(Math.min(...heights)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...heights)).toBeLessThanOrEqual(10);
  });

  it('closes an area with a second one, backwards', () => {
    const floor: readonly Point[] = points.map(([x]) => [x, 20]);
    expect(band(points, floor)).toMatch(/^M0\.0 10\.0C.* 30\.0 0\.0L30\.0 20\.0C.* 0\.0 20\.0Z$/);
    expect(band([], [])).toBe('');
  });
});

describe('marks of an axis', () => {
  it.each([
    [0, [0, 1]],
    [4, [0, 1, 2, 3, 4]],
    [17, [0, 5, 10, 15, 20]],
    [1000, [0, 250, 500, 750, 1000]],
  ])('up to %d are round', (most, ticks) => expect(linearTicks(most)).toEqual(ticks));

  it('are the decades around the values, at least two', () => {
    expect(logTicks([0.004, 90])).toEqual(
      [0.001, 0.01, 0.1, 1, 10, 100].map((value) => expect.closeTo(value, 9)),
    );
    expect(logTicks([5])).toEqual([1, 10, 100]);
    expect(logTicks([])).toEqual([0.01, 0.1, 1, 10]);
  });

  it('place a value by its logarithm, within the axis', () => {
    expect([1, 10, 100, 0, 1e9].map((value) => logPlace(value, [1, 10, 100]))).toEqual([0, 0.5, 1, 0, 1]);
  });
});
