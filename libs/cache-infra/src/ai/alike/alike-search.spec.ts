import { closingAfterEach } from '../../../../../test/support/closing.js';
import { deferred, turn } from '../../../../../test/support/deferred.js';
import { expectNoUnhandledRejections } from '../../../../../test/support/unhandled-rejections.js';
import { ManualClock } from '../../base/manual-clock.js';
import { InMemoryCache } from '../../cache/in-memory-cache.js';
import {
  resolveAlike,
  type AlikeOptions,
  type Embedder,
  type Judge,
  type MeaningOptions,
} from './alike-options.js';
import type { AlikeEvent } from './alike-report.js';
import type { AlikeFound } from './alike-found.js';
import { AlikeSearch } from './alike-search.js';
import { checksToServe } from './error-budget.js';
import type { AlikePartition } from './partition-keys.js';

const closing = closingAfterEach();
expectNoUnhandledRejections();

const words = ['refund', 'return', 'money', 'ship', 'track', 'late', 'germany', 'france'];
/** A vector of words: texts with the same words, in any order, have the cosine 1. */
const embed: Embedder = async (text) => words.map((word) => (text.includes(word) ? 1 : 0));
/** Answers are equal or wrong. */
const judge: Judge = async ({ answer, candidate }) => answer === candidate;
const acme: AlikePartition = { id: 'search acme', tags: ['tenant:acme'] };
const other: AlikePartition = { id: 'search other', tags: ['tenant:other'] };
const budget = 0.05;

function setUp({
  random = () => 0.5,
  cache,
  ...more
}: Partial<AlikeOptions> & { random?: () => number; cache?: InMemoryCache } = {}) {
  const clock = new ManualClock();
  const answers = cache ?? closing(new InMemoryCache({ advanced: { clock } }));
  const events: AlikeEvent[] = [];
  const options = resolveAlike({ text: () => '', embed, judge, budget, timeout: '20s', ...more });
  const search = new AlikeSearch({
    cache: answers,
    operation: 'search',
    options: options as MeaningOptions,
    report: (event) => events.push(event),
    clock,
    random,
  });
  /** Stores an answer, and its vector. */
  const store = async (text: string, answer: unknown, partition = acme): Promise<void> => {
    const answerKey = `${partition.id}: ${text}`;
    await answers.set(answerKey, answer, { tags: partition.tags, ttl: '1h' });
    await search.add(partition, { text, answerKey, tags: [], ttlMs: 3_600_000 });
  };
  /** The band of equal texts is served afterwards. */
  const learn = async (band = '0.98'): Promise<void> => {
    await Promise.all(Array.from({ length: checksToServe(budget) }, () => search.judged({ band }, true)));
    expect((await search.stateOf(band)).phase).toBe('serving');
  };
  return { answers, clock, events, search, store, learn };
}

describe('a look-up', () => {
  it('finds the answer of a text that is alike, and has it checked before any is served', async () => {
    const { search, store } = setUp();
    await store('refund money', 'within 30 days');
    expect(await search.find(acme, 'money refund')).toEqual({
      answerKey: 'search acme: refund money',
      answer: 'within 30 days',
      similarity: expect.closeTo(1, 6),
      band: '0.98',
      mode: 'check',
    });
  });

  it('finds nothing below minSimilarity, but counts how close it was', async () => {
    const { search, store } = setUp();
    await store('refund germany', '30 days');
    expect(await search.find(acme, 'refund france')).toBeUndefined();
    expect(search.stats().similarities).toEqual([{ from: 0.5, served: 0, checked: 0, missed: 1 }]);
  });

  it('serves once the band has learned, and has a share checked', async () => {
    const draws = [0.049, 0.05];
    const { search, store, learn } = setUp({ random: () => draws.shift() ?? 1 });
    await store('refund money', 'within 30 days');
    await learn();
    const modes = [];
    for (let i = 0; i < 3; i++) modes.push((await search.find(acme, 'money refund'))?.mode);
    expect(modes).toEqual(['serve-and-check', 'serve', 'serve']);
    expect(search.stats()).toMatchObject({ lookups: 3, served: 3 });
  });

  it('serves nothing in a band that has not learned', async () => {
    const { search, store, learn } = setUp({ minSimilarity: 0.4 });
    await store('refund germany', '30 days');
    await learn();
    expect(await search.find(acme, 'refund france')).toMatchObject({ band: '0.50', mode: 'check' });
  });

  it('finds nothing in a band that is off', async () => {
    const { search, store } = setUp();
    await store('refund money', 'within 30 days');
    for (let i = 0; i < 2; i++) await search.judged({ band: '0.98' }, false);
    expect((await search.stateOf('0.98')).phase).toBe('off');
    expect(await search.find(acme, 'money refund')).toBeUndefined();
  });

  it('never finds the answer of another partition', async () => {
    const { search, store, learn } = setUp();
    await store('refund money', 'of the other tenant', other);
    await learn();
    expect(await search.find(acme, 'refund money')).toBeUndefined();
    await store('ship late', 'of acme');
    expect(await search.find(acme, 'refund money')).toBeUndefined();
  });

  it('finds nothing of a tenant that was erased', async () => {
    const { answers, search, store, learn } = setUp();
    await store('refund money', 'within 30 days');
    await learn();
    expect(await search.find(acme, 'money refund')).toBeDefined();
    await answers.invalidateTags('tenant:acme');
    expect(await search.find(acme, 'money refund')).toBeUndefined();
  });

  it('skips an answer that is gone, and finds the next one', async () => {
    const { answers, search, store } = setUp({ minSimilarity: 0.5 });
    await store('refund money', 'gone');
    await store('refund money late', 'stays');
    await answers.delete('search acme: refund money');
    for (let i = 0; i < 2; i++) {
      expect(await search.find(acme, 'money refund')).toMatchObject({ answer: 'stays', band: '0.80' });
    }
  });

  it('embeds and judges the redacted text only', async () => {
    const seen: string[] = [];
    const { search, store } = setUp({
      redact: (text) => text.replace('Ada', '***'),
      embed: async (text, context) => {
        seen.push(text);
        return embed(text, context);
      },
      judge: async ({ text }) => {
        seen.push(text);
        return true;
      },
    });
    await store('refund Ada', 'within 30 days');
    const found = (await search.find(acme, 'Ada refund')) as AlikeFound;
    await search.check(found, { text: 'Ada refund', answer: 'a', candidate: 'b' });
    expect(seen).toEqual(['refund ***', '*** refund', '*** refund']);
  });

  it('stores no text', async () => {
    const { answers, search } = setUp();
    await search.add(acme, { text: 'refund money', answerKey: 'key', tags: [], ttlMs: 0 });
    await search.find(acme, 'refund money');
    await search.judged({ band: '0.98' }, true);
    const own = answers.namespace('alike');
    const entries: string[] = [];
    for await (const key of own.keys()) entries.push(JSON.stringify([key, await own.get(key)]));
    expect(entries).toHaveLength(4);
    expect(entries.join()).not.toMatch(/refund|money|acme/);
  });

  it('embeds a text once for its look-up and its answer, and for callers at the same time', async () => {
    let runs = 0;
    const { search } = setUp({
      embed: async (text, context) => {
        runs += 1;
        return embed(text, context);
      },
    });
    await Promise.all([search.find(acme, 'refund'), search.find(acme, 'refund')]);
    await search.add(acme, { text: 'refund', answerKey: 'key', tags: [], ttlMs: 0 });
    expect(runs).toBe(1);
  });

  it('rejects with the reason of its signal', async () => {
    const { search } = setUp({ embed: () => new Promise(() => undefined) });
    const stop = new AbortController();
    const finding = search.find(acme, 'refund', stop.signal);
    stop.abort(new Error('left'));
    await expect(finding).rejects.toThrow('left');
    await expect(search.find(acme, 'refund', stop.signal)).rejects.toThrow('left');
  });
});

describe('a check', () => {
  it('counts what the judge says', async () => {
    const { search, store } = setUp();
    await store('refund money', 'within 30 days');
    const found = (await search.find(acme, 'money refund')) as AlikeFound;
    const texts = { text: 'money refund', candidate: found.answer };
    await search.check(found, { ...texts, answer: 'within 30 days' });
    await search.check(found, { ...texts, answer: 'never' });
    expect(await search.stateOf('0.98')).toEqual({ phase: 'learning', checks: 2, wrong: 1 });
    expect(search.stats()).toMatchObject({ checks: 2, wrong: 1 });
  });

  it.each<[string, unknown]>([
    ['rejects', () => Promise.reject(new Error('status 503'))],
    [
      'throws',
      () => {
        throw new Error('status 503');
      },
    ],
    ['says no boolean', () => Promise.resolve('yes')],
  ])('a judge that %s is no check; nothing is served until it works', async (_, broken) => {
    let works = true;
    const judging: Judge = (pair) => (works ? judge(pair) : (broken as Judge)(pair));
    const { search, store, learn, events } = setUp({ judge: judging });
    await store('refund money', 'within 30 days');
    await learn();
    const found = (await search.find(acme, 'money refund')) as AlikeFound;
    expect(found.mode).toBe('serve');
    const pair = { text: 'money refund', answer: 'within 30 days', candidate: found.answer };
    const { checks } = search.stats();
    works = false;
    for (let i = 0; i < 5; i++) await search.check(found, pair);
    expect(search.stats().checks).toBe(checks);
    expect((await search.find(acme, 'money refund'))?.mode).toBe('check');
    works = true;
    await search.check(found, pair);
    expect((await search.find(acme, 'money refund'))?.mode).toBe('serve');
    expect(events.map(({ kind }) => kind).filter((kind) => kind !== 'failed')).toEqual([
      'phase',
      'judge-down',
      'judge-up',
    ]);
  });

  it('switches a band off that was served and turns wrong', async () => {
    const { search, store, learn, events } = setUp();
    await store('refund money', 'within 30 days');
    await learn();
    for (let i = 0; i < 2; i++) {
      const found = (await search.find(acme, 'money refund')) as AlikeFound;
      await search.check(found, { text: 'money refund', answer: 'never', candidate: found.answer });
    }
    expect(await search.find(acme, 'money refund')).toBeUndefined();
    expect(events.at(-1)).toEqual({
      kind: 'phase',
      band: '0.98',
      from: 'serving',
      to: 'off',
      checks: 2,
      wrong: 2,
    });
  });
});

describe('an embedder', () => {
  it('that fails is a miss, is left alone after five failures, and tried again ten seconds later', async () => {
    let [works, runs] = [false, 0];
    const { search, store, events, clock } = setUp({
      embed: async (text, context) => {
        runs += 1;
        if (!works) throw new Error('connect https://user:secret@host/v1 failed');
        return embed(text, context);
      },
    });
    for (let i = 0; i < 7; i++) expect(await search.find(acme, `refund ${i}`)).toBeUndefined();
    expect(runs).toBe(5);
    expect(events.at(-1)).toEqual({ kind: 'embedder-paused', pauseMs: 10_000 });
    expect(JSON.stringify(events)).not.toContain('secret');
    clock.advance('10s');
    await search.find(acme, 'refund 7');
    await search.find(acme, 'refund 8');
    expect(runs).toBe(6);
    works = true;
    clock.advance('10s');
    await search.find(acme, 'refund 9');
    await store('refund money', 'within 30 days');
    expect(await search.find(acme, 'money refund')).toBeDefined();
    expect(events.filter(({ kind }) => kind === 'embedder-paused')).toHaveLength(1);
  });

  it('that is slow is a miss after the timeout; its vector serves to store the answer', async () => {
    const late = deferred<number[]>();
    let runs = 0;
    const { search, events, answers } = setUp({
      timeout: '5ms',
      embed: async (text, context) => {
        runs += 1;
        return runs === 1 ? late.promise : embed(text, context);
      },
    });
    expect(await search.find(acme, 'refund money')).toBeUndefined();
    expect(events).toEqual([{ kind: 'slow', timeoutMs: 5 }]);
    expect(search.stats().slow).toBe(1);
    await answers.set('key', 'within 30 days');
    const adding = search.add(acme, { text: 'refund money', answerKey: 'key', tags: [], ttlMs: 0 });
    late.resolve(Array.from(await embed('refund money', { signal: new AbortController().signal })));
    await adding;
    expect(runs).toBe(1);
    await turn();
    const patient = setUp({ cache: answers });
    expect(await patient.search.find(acme, 'refund money')).toMatchObject({ answer: 'within 30 days' });
  });

  it('that is slow five times in a row no longer delays misses', async () => {
    let runs = 0;
    const { search } = setUp({
      timeout: '5ms',
      embed: () => {
        runs += 1;
        return new Promise(() => undefined);
      },
    });
    for (let i = 0; i < 7; i++) await search.find(acme, `refund ${i}`);
    expect(runs).toBe(5);
    expect(search.stats()).toMatchObject({ lookups: 7, slow: 5 });
  });

  it.each([[[NaN, 1]], [[]], [[0, 0]], ['text']])(
    'that returns %j is a miss with a reason',
    async (vector) => {
      // JavaScript may return anything.
      const { search, events } = setUp({ embed: async () => vector as number[] });
      expect(await search.find(acme, 'refund')).toBeUndefined();
      expect(events).toEqual([{ kind: 'failed', part: 'vector', reason: expect.any(String) }]);
    },
  );

  it('of another version finds nothing of the old one, and learns anew', async () => {
    const { answers, store, learn } = setUp();
    await store('refund money', 'within 30 days');
    await learn();
    const changed = setUp({ cache: answers, embedderVersion: 'large-3' });
    expect(await changed.search.find(acme, 'refund money')).toBeUndefined();
    expect((await changed.search.stateOf('0.98')).phase).toBe('learning');
  });

  it('of another dimension under the same version is a miss with a reason', async () => {
    const { answers, store } = setUp();
    await store('refund money', 'within 30 days');
    const changed = setUp({ cache: answers, embed: async () => [1, 2] });
    expect(await changed.search.find(acme, 'refund money')).toBeUndefined();
    await changed.search.add(acme, { text: 'refund', answerKey: 'key', tags: [], ttlMs: 0 });
    const reasons = changed.events.map((event) => 'reason' in event && event.reason);
    expect(reasons[0]).toContain('has 2 dimensions, the stored ones have 8');
    expect(reasons[1]).toContain('change embedderVersion when the embedder changes');
  });
});

describe('what fails beside a look-up', () => {
  it.each<[string, Partial<AlikeOptions>]>([
    [
      'redact throws',
      {
        redact: () => {
          throw new Error('no pattern');
        },
      },
    ],
    ['redact returns no text', { redact: () => JSON.parse('5') as string }],
  ])('%s: a miss, and nothing is embedded', async (_, options) => {
    let runs = 0;
    const counting: Embedder = async () => [++runs];
    const { search, events } = setUp({ ...options, embed: counting });
    expect(await search.find(acme, 'refund')).toBeUndefined();
    await search.add(acme, { text: 'refund', answerKey: 'key', tags: [], ttlMs: 0 });
    expect(runs).toBe(0);
    expect(events.map((event) => 'part' in event && event.part)).toEqual(['text', 'text']);
  });

  it('an empty text is a miss', async () => {
    const { search, events } = setUp();
    expect(await search.find(acme, ' ')).toBeUndefined();
    expect(events).toEqual([]);
  });

  it('a cache that is closed: a miss, and no call rejects', async () => {
    const { answers, search, events } = setUp();
    await answers.close();
    expect(await search.find(acme, 'refund')).toBeUndefined();
    await search.add(acme, { text: 'refund', answerKey: 'key', tags: [], ttlMs: 0 });
    await search.judged({ band: '0.98' }, true);
    expect(events).toHaveLength(3);
  });

  it('a report that throws: the look-up goes on', async () => {
    const cache = closing(new InMemoryCache());
    const failing: Embedder = () => Promise.reject(new Error('down'));
    const options = resolveAlike({ text: () => '', embed: failing, judge }) as MeaningOptions;
    const report = (): never => {
      throw new Error('broken logger');
    };
    const search = new AlikeSearch({ cache, operation: 'search', options, report });
    expect(await search.find(acme, 'refund')).toBeUndefined();
    expect(search.stats().failures).toBe(1);
  });
});
