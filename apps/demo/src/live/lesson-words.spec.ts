import { describe, expect, it } from '@jest/globals';
import { experiments, lessonOf, type Experiment, type Measured } from './lesson-words.js';
import type { Counts } from './tally.js';

const none: Counts = { reads: 0, queries: 0, errors: 0, old: 0, stale: 0, slowest: 0 };

const measured = (
  experiment: Experiment,
  { map = {}, cache = {}, redis = 'running' }: { map?: object; cache?: object; redis?: Measured['redis'] },
): Measured => ({ experiment, map: { ...none, ...map }, cache: { ...none, ...cache }, redis, callers: 100 });

describe('the words of an experiment', () => {
  it.each<[Experiment, object, object, string, string]>([
    [
      'callers',
      { queries: 200 },
      { queries: 1 },
      'The Map asked the database 200 times.',
      'The cache asked the database once.',
    ],
    [
      'database-failing',
      { errors: 1200 },
      { stale: 40 },
      'The Map gave shoppers 1,200 errors.',
      'The cache gave shoppers no error. It served the last good price 40 times.',
    ],
    [
      'database-slow',
      { slowest: 3004, queries: 24 },
      { slowest: 304, queries: 1 },
      'The Map made a shopper wait up to 3.0 s and asked the database 24 times.',
      'The cache made a shopper wait up to 304 ms and asked the database once.',
    ],
    [
      'redis-stop',
      { queries: 4 },
      { reads: 40, queries: 0 },
      'The Map never uses Redis: each instance keeps a price of its own. Together they asked the database 4 times.',
      'The cache answered 40 reads from the memory of its instances and did not ask the database.',
    ],
    [
      'reprice',
      { old: 19 },
      { old: 0 },
      'The Map showed the old price 19 times.',
      'The cache showed no old price.',
    ],
  ])('%s: what each way did', (experiment, map, cache, ofMap, ofCache) => {
    const lesson = lessonOf(measured(experiment, { map, cache }));

    expect([lesson.map.text, lesson.cache.text]).toEqual([ofMap, ofCache]);
  });

  it('has a title and a reason for each experiment', () => {
    for (const experiment of experiments) {
      const { title, why } = lessonOf(measured(experiment, {}));
      expect(title).toMatch(/\.$/);
      expect(why).toMatch(/\.$/);
    }
  });

  it('marks what hurts', () => {
    const lesson = lessonOf(measured('database-failing', { map: { errors: 1 }, cache: { stale: 9 } }));

    expect([lesson.map.isBad, lesson.cache.isBad]).toEqual([true, false]);
    expect([lesson.map.figure, lesson.map.unit]).toEqual(['1', 'error']);
  });

  it('says how to get a Redis: start the one that stopped, or install one', () => {
    const why = (redis: 'none' | 'stopped'): string => lessonOf(measured('reprice', { redis })).why;

    expect(why('stopped')).toMatch(/Start Redis and try again\.$/);
    expect(why('none')).toMatch(
      /Put a redis-server on the PATH and start the demo again to see the difference\.$/,
    );
  });

  it.each(['none', 'stopped'] as const)('promises nothing that needs Redis if Redis is %s', (redis) => {
    expect(lessonOf(measured('reprice', { cache: { old: 18 }, redis })).why).toContain('Without Redis');
    expect(lessonOf(measured('callers', { redis })).why).toContain('each instance loads once');
  });
});
