import { bandOf, SimilarityHistogram } from './similarity-histogram.js';

describe('bandOf', () => {
  it.each([
    [1, '0.98'],
    [1.0000001, '0.98'],
    [0.98, '0.98'],
    [Math.fround(0.9), '0.90'],
    [0.8999999, '0.90'],
    [0.8999, '0.88'],
    [0.81, '0.80'],
    [0, '0.00'],
    [-0.5, '0.00'],
  ])('%d is in band %s', (similarity, band) => {
    expect(bandOf(similarity)).toBe(band);
  });
});

describe('SimilarityHistogram', () => {
  it('counts hits and misses by similarity', () => {
    const histogram = new SimilarityHistogram();
    histogram.add(0.91, 'served');
    histogram.add(0.905, 'missed');
    histogram.add(0.99, 'checked');
    histogram.add(-1, 'missed');
    expect(histogram.bins()).toEqual([
      { from: 0, served: 0, checked: 0, missed: 1 },
      { from: 0.9, served: 1, checked: 0, missed: 1 },
      { from: 0.98, served: 0, checked: 1, missed: 0 },
    ]);
  });
});
