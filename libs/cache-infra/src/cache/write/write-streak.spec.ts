import { expect, it } from '@jest/globals';

import { WriteStreak } from './write-streak.js';

it('T44: several writes refused in a row are trouble, with the reason, until one is taken', () => {
  const streak = new WriteStreak();
  streak.refused(new Error('once'));
  streak.taken();
  for (const message of ['first', 'second']) streak.refused(new Error(message));
  expect(streak.trouble).toBeUndefined();

  streak.refused(new Error('third'));
  expect(streak.trouble).toBe('third');

  streak.taken();
  expect(streak.trouble).toBeUndefined();
});
