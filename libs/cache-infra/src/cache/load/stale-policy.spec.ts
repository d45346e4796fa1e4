import { describe, expect, it } from '@jest/globals';

import type { EntryState } from '../entry/freshness.js';
import { mayServeStale, type StaleReason } from './stale-policy.js';

const reasons: readonly StaleReason[] = [
  'backoff',
  'load-failed',
  'soft-timeout',
  'hard-timeout',
  'refreshing-elsewhere',
];
const served: Record<EntryState, readonly boolean[]> = {
  fresh: [true, true, true, true, true],
  stale: [true, true, true, true, false],
  dead: [false, false, false, false, false],
};

describe('mayServeStale', () => {
  const rows = (Object.keys(served) as EntryState[]).flatMap((state) =>
    reasons.map((reason, i) => [state, reason, served[state][i] as boolean] as const),
  );
  it.each(rows)('a %s entry, %s: %p', (state, reason, expected) => {
    expect(mayServeStale(state, reason)).toBe(expected);
  });
});
