import { jest } from '@jest/globals';
import { InMemoryCache } from '../../cache/in-memory-cache.js';
import { AiBatchError, AiNotCachedError, ValidationError } from '../../base/errors.js';
import { until } from '../../../../../test/support/until.js';
import { AiCacheService } from '../ai-cache.service.js';
import type { AiCacheSettings } from '../call/settings.js';
import type { AiBatchContext, BatchOutput } from './producer.js';

interface Text {
  readonly model: string;
  readonly text: string;
}

const texts = (...all: string[]): Text[] => all.map((text) => ({ model: 'embed', text }));

function setUp(settings: AiCacheSettings = {}) {
  const cache = new InMemoryCache({ name: 'ai' });
  return { cache, ai: new AiCacheService(cache, settings) };
}

/** Gives the upper case of each text. */
function upper() {
  return jest.fn((missing: readonly Text[], _ctx: AiBatchContext): Promise<BatchOutput<string>[]> =>
    Promise.resolve(missing.map(({ text }) => ({ value: text.toUpperCase() }))),
  );
}

const failure = async (promise: Promise<unknown>): Promise<AiBatchError> =>
  promise.then(
    () => {
      throw new Error('did not fail');
    },
    (error: unknown) => error as AiBatchError,
  );

describe('batch', () => {
  it('produces the missing ones only, in one call, and keeps the order', async () => {
    const { ai } = setUp();
    await ai.run('embed', texts('b')[0] as Text, () => ({ value: 'B' }));
    const produce = upper();

    const results = await ai.batch('embed', texts('a', 'b', 'c', 'a'), produce);

    expect(results.map(({ value }) => value)).toEqual(['A', 'B', 'C', 'A']);
    expect(results.map(({ cached, collapsed }) => [cached, collapsed])).toEqual([
      [false, false],
      [true, false],
      [false, false],
      [false, true],
    ]);
    expect(produce).toHaveBeenCalledTimes(1);
    expect(produce.mock.calls[0]?.[0]).toEqual(texts('a', 'c'));
    expect(produce.mock.calls[0]?.[1]).toMatchObject({ operation: 'embed', signal: expect.any(AbortSignal) });
    expect(ai.stats().totals).toMatchObject({ calls: 5, hits: 1, misses: 3, collapsed: 1 });
  });

  it('shares entries with run', async () => {
    const { ai } = setUp();
    await ai.batch('embed', texts('a'), upper());
    expect(await ai.run('embed', texts('a')[0] as Text, () => ({ value: 'x' }))).toMatchObject({
      value: 'A',
      cached: true,
    });
  });

  it('a hole, or an error in its place, fails that request alone', async () => {
    const { ai } = setUp();
    const error = await failure(
      ai.batch('embed', texts('a', 'b', 'c'), () => [{ value: 'A' }, undefined, new Error('too long')]),
    );
    expect(error).toBeInstanceOf(AiBatchError);
    expect(error.results).toMatchObject([{ value: 'A' }, undefined, undefined]);
    expect([...error.errors].map(([position, each]) => [position, (each as Error).message])).toEqual([
      [1, 'the producer returned no output for this request'],
      [2, 'too long'],
    ]);
    expect(error.message).toBe(
      'batch of operation "embed" failed for 2 of 3 requests; request 1: the producer returned no output for this request',
    );
    expect(JSON.stringify(error)).not.toContain('"A"');
    expect(await ai.peek('embed', texts('a')[0] as Text)).toBeDefined();
    expect(await ai.peek('embed', texts('b')[0] as Text)).toBeUndefined();
  });

  it('fewer or more outputs than missing requests refuse the whole: nothing is stored', async () => {
    const { ai } = setUp();
    await ai.batch('embed', texts('hit'), upper());
    for (const outputs of [
      [{ value: 'A' }],
      [{ value: 'A' }, { value: 'B' }, { value: 'C' }],
      'AB',
      undefined,
    ]) {
      const error = await failure(ai.batch('embed', texts('a', 'hit', 'b'), () => outputs as never));
      expect(error.results).toMatchObject([undefined, { value: 'HIT' }, undefined]);
      expect(error.errors.get(0)).toBeInstanceOf(ValidationError);
      expect(error.message).toContain('one output for each of its 2 requests');
      expect(await ai.peek('embed', texts('a')[0] as Text)).toBeUndefined();
    }
  });

  it('a broken vector is not stored, and does not shift the others', async () => {
    const { ai } = setUp();
    const results = await ai.batch('embed', texts('a', 'b', 'c'), () => [
      { value: [1, 2] },
      { value: [Number.NaN, 1] },
      { value: [3, 4] },
    ]);
    expect(results.map(({ value, bypassed }) => [value, bypassed])).toEqual([
      [[1, 2], undefined],
      [[Number.NaN, 1], 'empty'],
      [[3, 4], undefined],
    ]);
    const produce = jest.fn(() => [{ value: [5, 6] }]);
    const again = await ai.batch('embed', texts('a', 'b', 'c'), produce);
    expect(again.map(({ value }) => value)).toEqual([
      [1, 2],
      [5, 6],
      [3, 4],
    ]);
    expect(produce).toHaveBeenCalledWith(texts('b'), expect.anything());
  });

  it('the failure of the producer fails the missing requests, with its error as the cause', async () => {
    const { ai } = setUp();
    await ai.batch('embed', texts('hit'), upper());
    const down = new Error('provider is down');
    const error = await failure(ai.batch('embed', texts('a', 'hit'), () => Promise.reject(down)));
    expect(error.cause).toBe(down);
    expect(error.results).toMatchObject([undefined, { value: 'HIT', cached: true }]);
  });

  it('concurrent batches and calls produce each request once', async () => {
    const { ai } = setUp();
    let release!: () => void;
    const released = new Promise<void>((resolve) => (release = resolve));
    const asked: string[] = [];
    const produce = async (missing: readonly Text[]) => {
      asked.push(...missing.map(({ text }) => text));
      await released;
      return missing.map(({ text }) => ({ value: text.toUpperCase() }));
    };
    const all = [
      ai.batch('embed', texts('a', 'b'), produce),
      ai.batch('embed', texts('b', 'c'), produce),
      ai.batch('embed', texts('c', 'a'), produce),
    ];
    await until(() => asked.length === 3);
    const run = ai.run('embed', texts('b')[0] as Text, () => ({ value: 'own' }));
    release();
    const results = await Promise.all(all);
    expect(results.map((each) => each.map(({ value }) => value))).toEqual([
      ['A', 'B'],
      ['B', 'C'],
      ['C', 'A'],
    ]);
    expect((await run).value).toBe('B');
    expect(asked.sort()).toEqual(['a', 'b', 'c']);
  });

  it('an answer that is not stored is copied for other callers, or produced for each', async () => {
    const { ai } = setUp();
    let release!: () => void;
    const released = new Promise<void>((resolve) => (release = resolve));
    const produce = async (missing: readonly Text[]) => {
      await released;
      return missing.map(() => ({ value: { list: [1] }, finishReason: 'length' }));
    };
    const [one, two] = [1, 2].map(() => ai.batch('embed', texts('a'), produce));
    release();
    const [first, second] = (await Promise.all([one, two])).map((results) => results?.[0]);
    expect(first).toMatchObject({ bypassed: 'unfinished', value: { list: [1] } });
    expect(second).toMatchObject({ bypassed: 'unfinished', value: { list: [1] } });
    expect(first?.value).not.toBe(second?.value);
  });

  it('a duplicate gets a copy of its own', async () => {
    const { ai } = setUp();
    const [a, b] = await ai.batch('embed', texts('a', 'a'), () => [{ value: { list: [1] } }]);
    a?.value.list.push(2);
    expect(b?.value).toEqual({ list: [1] });
  });

  it('control holds for each request', async () => {
    const { ai } = setUp();
    await ai.batch('embed', texts('a'), upper());
    const cachedOnly = await failure(ai.batch('embed', texts('a', 'b'), upper(), { onlyIfCached: true }));
    expect(cachedOnly.results).toMatchObject([{ value: 'A' }, undefined]);
    expect(cachedOnly.errors.get(1)).toBeInstanceOf(AiNotCachedError);

    const produce = upper();
    const unstored = await ai.batch('embed', texts('a', 'b'), produce, { noStore: true });
    expect(unstored).toMatchObject([{ cached: true }, { value: 'B', bypassed: 'requested' }]);
    expect(produce).toHaveBeenCalledWith(texts('b'), expect.anything());
    expect(await ai.peek('embed', texts('b')[0] as Text)).toBeUndefined();

    for (const control of [{ bypass: true }, { refresh: true }, { noCache: true }]) {
      const all = upper();
      await ai.batch('embed', texts('a'), all, control);
      expect(all).toHaveBeenCalledTimes(1);
    }
    const refused = upper();
    const replaced = await ai.batch('embed', texts('a', 'c'), refused, { accept: () => false });
    expect(replaced).toMatchObject([{ value: 'A', cached: false }, { value: 'C' }]);
  });

  it('tags and ttl are those of each request', async () => {
    const { ai } = setUp({ operations: { embed: { ttl: '1h' } } });
    const requests = [
      { model: 'embed', text: 'a', tenant: 'acme' },
      { model: 'embed', text: 'a', tenant: 'other' },
    ];
    await ai.batch('embed', requests, (missing) => missing.map(({ tenant }) => ({ value: tenant })), {
      tags: ['doc:1'],
    });
    await ai.invalidate({ tenant: 'acme' });
    expect(await ai.peek('embed', requests[0] as object)).toBeUndefined();
    expect(await ai.peek('embed', requests[1] as object)).toMatchObject({ cacheStatus: 'ai; hit; ttl=3600' });
    await ai.invalidate({ tags: ['doc:1'] });
    expect(await ai.peek('embed', requests[1] as object)).toBeUndefined();
  });

  it('no requests are no work, and what is no list is named', async () => {
    const { ai } = setUp();
    const produce = upper();
    expect(await ai.batch('embed', [], produce)).toEqual([]);
    expect(produce).not.toHaveBeenCalled();
    await expect(ai.batch('embed', 'a' as never, produce)).rejects.toThrow('requests must be an array');
  });
});

describe('warm', () => {
  it('stores what is known, under the rules of produced answers', async () => {
    const { ai } = setUp({ operations: { faq: { ttl: '2h' } } });
    const [a, b, c] = texts('a', 'b', 'c') as [Text, Text, Text];
    const warmed = await ai.warm('faq', [
      [a, { value: 'A' }],
      [b, { value: 'B', finishReason: 'length' }],
      [c, { value: () => 1 }],
    ]);
    expect(warmed).toEqual({
      stored: 1,
      refused: [
        { position: 1, reason: 'unfinished' },
        { position: 2, reason: 'unserializable' },
      ],
    });
    expect(await ai.run('faq', a, () => ({ value: 'x' }))).toMatchObject({
      value: 'A',
      cacheStatus: 'ai; hit; ttl=7200',
    });
  });
});
