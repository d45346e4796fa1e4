import { pageRank } from './page-rank.js';

/** Node 0 stands in the middle of 1, 2 and 3; node 4 stands alone. */
const star = [
  new Map([
    [1, 1],
    [2, 1],
    [3, 1],
  ]),
  new Map([[0, 1]]),
  new Map([[0, 1]]),
  new Map([[0, 1]]),
  new Map<number, number>(),
];

describe('pageRank', () => {
  it('gives weights that add up to one', () => {
    expect(pageRank(star).reduce((total, rank) => total + rank)).toBeCloseTo(1, 6);
  });

  it('puts the centre of a star first and a lone node last', () => {
    const [centre = 0, leaf = 0, , , alone = 0] = pageRank(star);

    expect(centre).toBeGreaterThan(leaf);
    expect(leaf).toBeGreaterThan(alone);
    expect(alone).toBeGreaterThan(0);
  });

  it('ranks no node of an empty graph', () => {
    expect(pageRank([])).toEqual([]);
  });
});
