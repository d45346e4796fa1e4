import { expect, it } from '@jest/globals';

import { WriteStreak } from './write-streak.js';

it('T44: several refused writes in a row count as trouble, with the reason, until one is taken', () => {
  const streak = new WriteStreak();
  streak.refused(new Error('once'));
  streak.accepted();
  for (const message of ['first', 'second']) streak.refused(new Error(message));
  expect(streak.trouble).toBeUndefined();

  streak.refused(new Error('third'));
  expect(streak.trouble).toBe('third');

  streak.accepted();
  expect(streak.trouble).toBeUndefined();
});
