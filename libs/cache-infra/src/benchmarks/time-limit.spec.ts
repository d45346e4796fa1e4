import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { withinLimit } from './time-limit.js';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

describe('withinLimit', () => {
  const never = new Promise<void>(() => undefined);

  it('ends with its work, and leaves no timer', async () => {
    const onLate = jest.fn();
    await withinLimit(1000, onLate, Promise.resolve());
    await expect(withinLimit(1000, onLate, Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(jest.getTimerCount()).toBe(0);
    expect(onLate).not.toHaveBeenCalled();
  });

  it('ends at the limit', async () => {
    const onLate = jest.fn();
    const ended = withinLimit(1000, onLate, never);
    await jest.advanceTimersByTimeAsync(999);
    expect(onLate).not.toHaveBeenCalled();
    await jest.advanceTimersByTimeAsync(1);
    await ended;
    expect(onLate).toHaveBeenCalledTimes(1);
  });

  it('ignores the outcome of the work after the limit', async () => {
    let fail: (error: Error) => void = () => undefined;
    const work = new Promise<void>((_, reject) => (fail = reject));
    const ended = withinLimit(10, () => undefined, work);
    await jest.advanceTimersByTimeAsync(10);
    fail(new Error('too late'));
    await expect(ended).resolves.toBeUndefined();
  });
});
