import { isShortLived, leastTraceMs, sixBytes, traceMs, uniqueText } from './tombstones.js';

describe('traces of changes', () => {
  it('are kept as long as a set may be replayed, and never shorter than loads need', () => {
    expect(traceMs(600_000)).toBe(600_000);
    expect(traceMs(0)).toBe(leastTraceMs);
  });

  it('a set that does not outlive a trace is short-lived; one without a ttl is not', () => {
    expect(isShortLived(1)).toBe(true);
    expect(isShortLived(leastTraceMs)).toBe(false);
    expect(isShortLived(0)).toBe(false);
  });

  it('have unique texts', () => {
    expect(new Set(Array.from({ length: 1000 }, uniqueText)).size).toBe(1000);
  });

  it('moments compare as texts', () => {
    const texts = [-1, 0, 255, 256, Date.now()].map((ms) => sixBytes(ms).toString('latin1'));
    expect(texts.toSorted()).toEqual(texts);
  });
});
