import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { CoherenceLog } from './coherence-log.js';

describe('CoherenceLog', () => {
  let lines: string[];
  let log: CoherenceLog;

  beforeEach(() => {
    jest.useFakeTimers();
    lines = [];
    log = new CoherenceLog('sessions', {
      log: (line: string) => lines.push(`log ${line}`),
      warn: (line: string) => lines.push(`warn ${line}`),
    });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('has one line for the loss, however often it is told, and one for the return', () => {
    log.lost('silent');
    log.lost('silent');
    jest.advanceTimersByTime(1000);
    log.lost('still silent');
    jest.advanceTimersByTime(1000);
    log.restored();
    log.restored();
    expect(lines).toEqual([
      "warn Cache 'sessions': changes made elsewhere are not heard of (silent); the L1 was emptied",
      "log Cache 'sessions': changes made elsewhere are heard of again",
    ]);
  });

  it('has one line for a moment without the channel', () => {
    log.lost('closed');
    log.restored();
    jest.advanceTimersByTime(1000);
    expect(lines).toEqual([
      "warn Cache 'sessions': changes made elsewhere were not heard of for a moment (closed); the L1 was emptied",
    ]);
  });

  it('is silent when Redis itself goes, whichever connection was closed first', () => {
    log.lost('the invalidation connection was closed');
    log.redisAway();
    jest.advanceTimersByTime(1000);
    log.restored();
    expect(lines).toEqual([]);
  });
});
