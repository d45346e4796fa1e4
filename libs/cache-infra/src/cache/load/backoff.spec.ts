import { Backoff } from './backoff.js';

describe('Backoff', () => {
  it('knows of no pause before the first failure', () => {
    expect(new Backoff(1000).isPausing('a', 0)).toBe(false);
  });

  it('doubles from failure to failure, up to tenfold', () => {
    const backoff = new Backoff(1000);
    const pauses = Array.from({ length: 7 }, () => backoff.failed('a', 5000) - 5000);
    expect(pauses).toEqual([1000, 2000, 4000, 8000, 10_000, 10_000, 10_000]);
  });

  it('pauses until that time, and not at it', () => {
    const backoff = new Backoff(1000);
    backoff.failed('a', 5000);
    expect(backoff.isPausing('a', 5999)).toBe(true);
    expect(backoff.isPausing('a', 6000)).toBe(false);
  });

  it('a success ends the pause and starts the count anew', () => {
    const backoff = new Backoff(1000);
    backoff.failed('a', 0);
    backoff.failed('a', 0);
    backoff.succeeded('a');
    expect(backoff.isPausing('a', 0)).toBe(false);
    expect(backoff.failed('a', 0)).toBe(1000);
  });

  it('keys have nothing to do with each other', () => {
    const backoff = new Backoff(1000);
    backoff.failed('a', 0);
    expect(backoff.isPausing('b', 0)).toBe(false);
    expect(backoff.failed('b', 0)).toBe(1000);
  });

  it('is bounded: beyond 10,000 keys the one that failed longest ago is tried again', () => {
    const backoff = new Backoff(1000);
    for (let i = 0; i <= 10_000; i++) backoff.failed(String(i), 0);
    expect(backoff.isPausing('0', 1)).toBe(false);
    expect(backoff.isPausing('1', 1)).toBe(true);
    expect(backoff.isPausing('10000', 1)).toBe(true);
  });
});
