import { jest } from '@jest/globals';

import { LookRounds } from './look-rounds.js';

describe('LookRounds', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('lets every running load look in each round, and ended ones no more', () => {
    const rounds = new LookRounds();
    const [one, other] = [{ look: jest.fn() }, { look: jest.fn() }];
    rounds.add(one);
    rounds.add(other);
    jest.advanceTimersByTime(2000);
    rounds.delete(other);
    jest.advanceTimersByTime(2000);
    expect(one.look).toHaveBeenCalledTimes(2);
    expect(other.look).toHaveBeenCalledTimes(1);
  });

  it('has no timer once no load runs, and starts again with the next one', () => {
    const rounds = new LookRounds();
    const load = { look: jest.fn() };
    rounds.add(load);
    rounds.delete(load);
    jest.advanceTimersByTime(2000);
    expect(jest.getTimerCount()).toBe(0);
    rounds.add(load);
    jest.advanceTimersByTime(2000);
    expect(load.look).toHaveBeenCalledTimes(1);
    rounds.close();
    expect(jest.getTimerCount()).toBe(0);
  });
});
