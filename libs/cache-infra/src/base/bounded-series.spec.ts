import { BoundedSeries } from './bounded-series.js';

const counts = () =>
  new BoundedSeries<{ name: string }, { n: number }>(
    2,
    () => ({ n: 0 }),
    () => ({ name: '(other)' }),
  );

describe('BoundedSeries', () => {
  it('stops growing, and counts all further names together', () => {
    const series = counts();
    for (const name of ['a', 'b', 'a', 'c', 'd']) series.at(name, { name }).n += 1;

    expect(series.entries().map(({ key, value }) => [key.name, value.n])).toEqual([
      ['a', 2],
      ['b', 1],
      ['(other)', 2],
    ]);
    expect(series.overflowed).toBe(2);
  });

  it('starts again when cleared', () => {
    const series = counts();
    for (const name of ['a', 'b', 'c']) series.at(name, { name });
    series.clear();

    expect(series.entries()).toEqual([]);
    expect(series.overflowed).toBe(0);
  });
});
