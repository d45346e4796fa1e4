import {
  aiInMemory,
  aiRequest as request,
  all,
  chunksOf,
  never,
} from '../../../../../test/support/ai-calls.js';
import { deferred, turn } from '../../../../../test/support/deferred.js';
import { expectNoUnhandledRejections } from '../../../../../test/support/unhandled-rejections.js';
import { until } from '../../../../../test/support/until.js';
import { within } from '../../../../../test/support/within.js';

expectNoUnhandledRejections();

/** Counts its productions, each of which says its number and waits until it may end. */
function versions() {
  const end = deferred();
  const state = { starts: 0 };
  async function* produce(): AsyncGenerator<string> {
    yield `v${++state.starts}-`;
    await end.promise;
    yield 'end';
  }
  return { state, produce, end: end.resolve };
}

describe.each([{}, { noCache: true }])('a call with %j', (control) => {
  it('does not join a stream that began before an invalidation', async () => {
    const { ai } = aiInMemory();
    const { produce, end } = versions();
    const first = ai.stream('chat', request, produce);
    await first.status;
    await ai.invalidate({ tenant: 'a' });
    const second = all(ai.stream('chat', request, produce, control));
    await turn();
    end();
    expect((await second).join('')).toBe('v2-end');
    expect((await all(first)).join('')).toBe('v1-end');
  });

  it('does not join a stream whose last reader has left', async () => {
    const { ai } = aiInMemory();
    const left = ai.stream('chat', request, async function* () {
      yield 'old';
      await never();
    });
    await left.status;
    const leaving = left.cancel();
    expect(await all(ai.stream('chat', request, () => chunksOf('new'), control))).toEqual(['new']);
    await leaving;
  });
});

describe('a stream that is not recorded to its end', () => {
  it('is read by ten callers, and produced once', async () => {
    const { ai } = aiInMemory({ maxRecordedBytes: 200 });
    const rest = deferred();
    let starts = 0;
    const long = 'x'.repeat(200);
    const produce = async function* (): AsyncGenerator<string> {
      starts += 1;
      yield 'a';
      await rest.promise;
      yield long;
      yield 'b';
    };
    const streams = Array.from({ length: 10 }, () => ai.stream('chat', request, produce));
    const reads = Promise.all(streams.map(all));
    await Promise.all(streams.map(({ status }) => status));
    rest.resolve();
    expect(await reads).toEqual(streams.map(() => ['a', long, 'b']));
    const ends = await Promise.all(streams.map(({ done }) => done));
    expect(ends.map(({ bypassed }) => bypassed)).toEqual(streams.map(() => 'too-large'));
    expect(starts).toBe(1);
  });

  it('is produced once, though a chunk that cannot be copied fails a caller who joined', async () => {
    const { ai } = aiInMemory();
    const rest = deferred();
    let starts = 0;
    const produce = async function* (): AsyncGenerator {
      starts += 1;
      yield 'a';
      await rest.promise;
      yield () => 1;
    };
    const streams = [1, 2].map(() => ai.stream('chat', request, produce));
    const reads = Promise.allSettled(streams.map(all));
    await until(() => starts === 1);
    await turn();
    rest.resolve();
    expect((await reads).map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await turn();
    expect(starts).toBe(1);
  });

  it('is held up by no caller who joined and does not read on', async () => {
    const { ai } = aiInMemory({ maxRecordedBytes: 10 });
    const rest = deferred();
    const produce = async function* (): AsyncGenerator<string> {
      yield 'a';
      await rest.promise;
      for (let i = 0; i < 20; i++) yield 'x'.repeat(10_000);
    };
    const first = ai.stream('chat', request, produce);
    const stalled = ai.stream('chat', request, produce)[Symbol.asyncIterator]();
    await first.status;
    await stalled.next();
    const read = all(first);
    rest.resolve();
    expect(await within(2000, read)).toHaveLength(21);
  });

  it('is not joined any more: a later caller produces at once', async () => {
    const { ai } = aiInMemory({ maxRecordedBytes: 200 });
    const first = ai.stream('chat', request, async function* () {
      yield 'x'.repeat(300);
      yield 'x';
      await never();
    });
    const reader = first[Symbol.asyncIterator]();
    await reader.next();
    await reader.next();
    const late = ai.stream('chat', request, () => chunksOf('own'));
    expect(await within(2000, all(late))).toEqual(['own']);
    await first.cancel();
    await expect(first.done).rejects.toThrow('left');
  });

  it('reaches its caller whole if that one begins to read later', async () => {
    const { ai } = aiInMemory({ maxRecordedBytes: 10 });
    const chunks = ['a', 'x'.repeat(100), 'c'];
    const stream = ai.stream('chat', request, () => chunksOf(...chunks));
    await stream.status;
    await turn();
    expect(await all(stream)).toEqual(chunks);
  });

  it('reaches its caller whole if its first chunk cannot be copied', async () => {
    const { ai } = aiInMemory();
    const chunks = [() => 1, 'b'];
    expect(await all(ai.stream('chat', request, () => chunksOf<unknown>(...chunks)))).toEqual(chunks);
  });

  it.each([
    [1, 70_000],
    [1000, 100_000],
    [8 * 2 ** 20, 9 * 2 ** 20],
  ])(
    'reaches its caller whole: maxRecordedBytes %i, one chunk of %i bytes',
    async (maxRecordedBytes, size) => {
      const { ai } = aiInMemory({ maxRecordedBytes });
      const stream = ai.stream('chat', request, async function* () {
        yield 'a';
        await turn();
        yield 'x'.repeat(size);
        await turn();
        yield 'b';
      });
      expect((await all(stream)).map(({ length }) => length)).toEqual([1, size, 1]);
    },
  );

  it('lets other work run, though its producer makes no break and nobody reads', async () => {
    const { ai } = aiInMemory({ maxRecordedBytes: 100 });
    let hasOtherWorkRun = false;
    let pushed = 0;
    const stream = ai.stream('chat', request, async function* () {
      for (; pushed < 20_000 && !hasOtherWorkRun; pushed++) yield 'x'.repeat(100);
    });
    setImmediate(() => (hasOtherWorkRun = true));
    await turn();
    await stream.cancel();
    expect(pushed).toBeLessThan(20_000);
    await expect(stream.done).rejects.toThrow('left');
  });
});

it.each<[string, unknown]>([
  ['empty texts', ''],
  ['Maps', new Map([[1, 'x'.repeat(10_000)]])],
  ['objects with a bigint', { a: 1n, b: 'x'.repeat(1000) }],
  ['ArrayBuffers', new ArrayBuffer(10_000)],
])('maxRecordedBytes bounds a stream of %s', async (_, chunk) => {
  const { ai } = aiInMemory({ maxRecordedBytes: 1000 });
  const stream = ai.stream('chat', request, async function* () {
    for (let i = 0; i < 2000; i++) yield chunk;
    yield 'end';
  });
  expect(await all(stream)).toHaveLength(2001);
  expect((await stream.done).bypassed).toBe('too-large');
});

it('999 of 1,000 callers leave: the last one reads all, and the answer is stored', async () => {
  const { ai } = aiInMemory();
  const { state, produce, end } = versions();
  const streams = Array.from({ length: 1000 }, () => ai.stream('chat', request, produce));
  await Promise.all(streams.map(({ status }) => status));
  const leaving = Promise.all(streams.slice(0, 999).map((stream) => stream.cancel()));
  end();
  expect(await all(streams[999]!)).toEqual(['v1-', 'end']);
  await leaving;
  expect(state.starts).toBe(1);
  expect((await ai.peek('chat', request))?.value).toBe('v1-end');
});
