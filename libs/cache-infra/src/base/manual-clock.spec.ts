import { describe, expect, it } from '@jest/globals';

import type { Ttl } from './duration.js';
import { ValidationError } from './errors.js';
import { ManualClock } from './manual-clock.js';

describe('ManualClock', () => {
  it('stands still, and starts at the same time in every run', () => {
    const clock = new ManualClock();
    expect([clock.now(), clock.now()]).toEqual([Date.UTC(2030, 0, 1), Date.UTC(2030, 0, 1)]);
  });

  it('starts at a given time', () => {
    expect(new ManualClock(5).now()).toBe(5);
    expect(new ManualClock(new Date(5)).now()).toBe(5);
  });

  it.each([
    ['5m', 300_000],
    ['250ms', 250],
    [5, 5000],
    [0, 0],
  ] as const)('advances by %s: %i ms', (by, ms) => {
    const clock = new ManualClock(0);
    clock.advance(by);
    expect(clock.now()).toBe(ms);
  });

  it.each([-1, 'soon'])('refuses %s', (by) => {
    expect(() => new ManualClock().advance(by as Ttl)).toThrow(ValidationError);
  });
});
