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

  it('logs one line for a loss, however often it is reported, and one for the return', () => {
    log.lost('silent');
    log.lost('silent');
    jest.advanceTimersByTime(1000);
    log.lost('still silent');
    jest.advanceTimersByTime(1000);
    log.restored();
    log.restored();
    expect(lines).toEqual([
      "warn Cache 'sessions': invalidation channel lost (silent): L1 cleared, remote changes may be missed",
      "log Cache 'sessions': invalidation channel restored",
    ]);
  });

  it('logs one line for a loss that is over before the delay', () => {
    log.lost('closed');
    log.restored();
    jest.advanceTimersByTime(1000);
    expect(lines).toEqual([
      "warn Cache 'sessions': invalidation channel lost for a moment (closed): L1 cleared",
    ]);
  });

  it('logs nothing when Redis itself becomes unavailable, whichever connection closes first', () => {
    log.lost('the invalidation connection was closed');
    log.redisAway();
    jest.advanceTimersByTime(1000);
    log.restored();
    expect(lines).toEqual([]);
  });
});
