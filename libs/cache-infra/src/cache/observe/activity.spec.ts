import { describe, expect, it } from '@jest/globals';

import { activity, emptyActivity } from './activity.js';

describe('the activity of a request', () => {
  it('is not recorded outside of one', () => {
    expect(() => activity.note('hit', 'l1', 1)).not.toThrow();
  });

  it('adds up the activity within run, also after a pause', async () => {
    const record = emptyActivity();
    await activity.run(record, async () => {
      activity.note('hit', 'l1', 1);
      await Promise.resolve();
      activity.note('hit', 'l2', 2);
      activity.note('miss', undefined, 4);
      activity.note('load', undefined, 3);
      activity.note('set', undefined, undefined);
      activity.note('hit', undefined, undefined);
      activity.note('load', undefined, undefined);
    });
    activity.note('hit', 'l1', 1);
    expect(record).toEqual({
      hits: 3,
      misses: 1,
      sets: 1,
      loads: 2,
      l1Hits: 1,
      l2Hits: 1,
      durationMs: 7,
      loadMs: 3,
    });
    expect(activity.enabled).toBe(true);
  });

  it('keeps requests apart', async () => {
    const records = [emptyActivity(), emptyActivity()];
    await Promise.all(
      records.map((record) =>
        activity.run(record, async () => {
          await Promise.resolve();
          activity.note('miss', undefined, 1);
        }),
      ),
    );
    expect(records.map(({ misses }) => misses)).toEqual([1, 1]);
  });
});
