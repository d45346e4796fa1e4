import { ReadSampling } from './read-sampling.js';

function weights(sampling: ReadSampling, second: number, calls: number): number[] {
  return Array.from({ length: calls }, () => sampling.weight(second));
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

describe('calls counted by their key', () => {
  it('count one by one, up to 256 in a second', () => {
    const sampling = new ReadSampling();
    for (const second of [1, 2]) expect(weights(sampling, second, 256)).toEqual(Array(256).fill(1));
  });

  it('are sampled beyond, and stand for all calls together', () => {
    const beyond = weights(new ReadSampling(), 1, 160_256).slice(256);

    expect(beyond.filter((weight) => weight > 0).length).toBeLessThan(12_000);
    // 10,000 gaps whose standard deviation is 9: the sum is within 6 standard deviations of its mean.
    expect(Math.abs(sum(beyond) - 160_000)).toBeLessThan(6 * 9 * Math.sqrt(10_000) * 1.05);
  });

  it('give each of many keys read in turn its share', () => {
    const shares = new Map<number, number>();
    const sampling = new ReadSampling();
    for (const [i, weight] of weights(sampling, 1, 160_256).entries())
      shares.set(i % 16, (shares.get(i % 16) ?? 0) + weight);

    for (const share of shares.values()) expect(share).toBeGreaterThan(8000);
  });
});
