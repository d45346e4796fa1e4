import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';

import { FreezeWatch } from './freeze-watch.js';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

it('T38: a late timer reports a freeze, a punctual one does not', () => {
  let elapsed = 0;
  const onThaw = jest.fn();
  const watch = new FreezeWatch(onThaw, () => elapsed);
  const look = (ms: number): void => {
    elapsed += ms;
    jest.advanceTimersByTime(250);
  };

  look(250);
  look(900);
  expect(onThaw).not.toHaveBeenCalled();

  look(3000);
  expect(onThaw).toHaveBeenCalledTimes(1);

  look(250);
  expect(onThaw).toHaveBeenCalledTimes(1);

  watch.close();
  look(3000);
  expect(onThaw).toHaveBeenCalledTimes(1);
});
