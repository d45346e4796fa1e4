import {
  aiInMemory,
  aiRequest as request,
  all,
  chunksOf,
  never,
} from '../../../../../test/support/ai-calls.js';
import { deferred, turn } from '../../../../../test/support/deferred.js';
import { expectNoUnhandledRejections } from '../../../../../test/support/unhandled-rejections.js';
import { within } from '../../../../../test/support/within.js';

expectNoUnhandledRejections();

/** Gives one chunk, and then no more. */
async function* silent(): AsyncGenerator<string> {
  yield 'a';
  await never();
}

/** Two callers of one silent stream: `mine` awaits its second chunk. */
async function sharedAndSilent(signal?: AbortSignal) {
  const { ai } = aiInMemory();
  const other = ai.stream('chat', request, silent);
  await other.status;
  const mine = ai.stream('chat', request, silent, { signal });
  const reader = mine[Symbol.asyncIterator]();
  await reader.next();
  const next = reader.next();
  next.catch(() => undefined);
  const leave = async (): Promise<void> => {
    await other.cancel();
    await expect(other.done).rejects.toThrow('left');
  };
  return { mine, next, leave };
}

describe('while another caller reads', () => {
  it('one whose signal aborts stops reading at once', async () => {
    const leaving = new AbortController();
    const { next, leave } = await sharedAndSilent(leaving.signal);
    leaving.abort(new Error('gone away'));
    expect(await within(2000, next)).toContain('gone away');
    await leave();
  });

  it('cancel() does not wait for the next chunk', async () => {
    const { mine, leave } = await sharedAndSilent();
    expect(await within(2000, mine.cancel())).toBeUndefined();
    await leave();
  });
});

describe('return() while a chunk is awaited aborts the producer', () => {
  it.each(['chunks', 'toSse()'])('of %s', async (what) => {
    const { ai } = aiInMemory();
    const aborted = deferred<string>();
    const stream = ai.stream('chat', request, async function* ({ signal }) {
      signal.addEventListener('abort', () => aborted.resolve('aborted'));
      yield* silent();
    });
    const reader: AsyncIterator<string> = what === 'chunks' ? stream[Symbol.asyncIterator]() : stream.toSse();
    await reader.next();
    if (what !== 'chunks') await reader.next();
    reader.next().catch(() => undefined);
    reader.return?.().catch(() => undefined);
    expect(await within(2000, aborted.promise)).toBe('aborted');
  });
});

it('cancel() after the last chunk, as in a finally, leaves the answer to the cache, which still decides', async () => {
  const admitted = deferred<boolean>();
  const { ai } = aiInMemory({ operations: { chat: { admit: () => admitted.promise } } });
  const stream = ai.stream('chat', request, () => chunksOf('whole'));
  try {
    await all(stream);
  } finally {
    await stream.cancel();
  }
  admitted.resolve(true);
  expect(await stream.done).toMatchObject({ cached: false });
  await turn();
  expect((await ai.peek('chat', request))?.value).toBe('whole');
});
