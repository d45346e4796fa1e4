import { expectNoUnhandledRejections } from '../../../../../test/support/unhandled-rejections.js';
import { within } from '../../../../../test/support/within.js';
import { InMemoryCache } from '../../cache/in-memory-cache.js';
import type { InMemoryCacheOptions } from '../../cache/contract/cache-options.js';
import { AiCacheService } from '../ai-cache.service.js';
import type { AiCacheSettings } from '../call/settings.js';
import type { AiStream } from './ai-stream.js';
import type { AiStreamFacts, ProduceStream } from './producer.js';

const request = { model: 'small', prompt: 'Tell me.' };

expectNoUnhandledRejections();

function setUp(settings: AiCacheSettings = {}, options: InMemoryCacheOptions = {}) {
  const cache = new InMemoryCache({ name: 'ai', ...options });
  return { cache, ai: new AiCacheService(cache, settings) };
}

async function all<C>(stream: AiStream<C>): Promise<C[]> {
  const chunks: C[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}

async function* one<C>(chunk: C): AsyncGenerator<C> {
  yield await Promise.resolve(chunk);
}

function iterable(iterator: Partial<AsyncIterator<string>>): AsyncIterable<string> {
  return { [Symbol.asyncIterator]: () => iterator as AsyncIterator<string> };
}

const failing: readonly (readonly [what: string, produce: ProduceStream<string>])[] = [
  [
    'throws at once',
    () => {
      throw new Error('failed');
    },
  ],
  ['rejects', () => Promise.reject(new Error('failed'))],
  ['gives a rejected chunk', () => iterable({ next: () => Promise.reject(new Error('failed')) })],
  [
    'throws instead of a chunk',
    () =>
      iterable({
        next: () => {
          throw new Error('failed');
        },
      }),
  ],
  [
    'throws when it is iterated',
    () => ({
      [Symbol.asyncIterator]: () => {
        throw new Error('failed');
      },
    }),
  ],
];

describe.each(failing)('a producer that %s', (_, produce) => {
  it.each(['read', 'status', 'done'] as const)(
    'tells %s its error, if nothing else is asked',
    async (asked) => {
      const { ai } = setUp();
      const stream = ai.stream('chat', request, produce);
      const outcome = asked === 'read' ? all(stream) : stream[asked];
      await expect(outcome).rejects.toThrow('failed');
      expect(await ai.peek('chat', request)).toBeUndefined();
      expect(await all(ai.stream('chat', request, () => one('next')))).toEqual(['next']);
    },
  );

  it('tells all who share it', async () => {
    const { ai } = setUp();
    const streams = [1, 2, 3].map(() => ai.stream('chat', request, produce));
    const run = ai.run('chat', request, () => ({ value: 'own' }));
    for (const stream of streams) await expect(all(stream)).rejects.toThrow('failed');
    await expect(run).rejects.toThrow('failed');
  });
});

it.each<[string, readonly unknown[]]>([
  ['null', [null]],
  ['undefined', [undefined, 1]],
  ['0 and false', [0, false, -0]],
  ['empty texts', ['', 'a', '']],
  ['nothing but lists', [[], [[]]]],
  ['a text of a megabyte', ['x'.repeat(2 ** 20)]],
  ['bigints', [1n, { big: 2n }]],
])('chunks may be %s', async (_, chunks) => {
  const { ai } = setUp();
  const produce = async function* (): AsyncGenerator {
    for (const chunk of chunks) yield await Promise.resolve(chunk);
  };
  const first = ai.stream('chat', request, produce);
  const second = ai.stream('chat', request, produce);
  expect(await Promise.all([all(first), all(second)])).toEqual([chunks, chunks]);
  expect((await first.done).bypassed).toBeUndefined();
  expect(await all(ai.stream('chat', request, () => one('other')))).toEqual(chunks);
});

it.each([null, undefined, 'text', 5, [], { value: 'evil' }, { usage: 'x' }, { model: 5 }])(
  'facts that are %p change no chunk, and end nothing',
  async (facts) => {
    const { ai } = setUp({ logger: { log: () => undefined, warn: () => undefined } });
    const stream = ai.stream('chat', request, async function* (ctx) {
      ctx.facts(facts as AiStreamFacts);
      yield await Promise.resolve('a');
    });
    expect(await all(stream)).toEqual(['a']);
    expect((await ai.run('chat', request, () => ({ value: 'b' }))).value).toBe('a');
  },
);

it('a producer that hangs, and ignores its signal, is left by its reader', async () => {
  const { ai } = setUp();
  const leaving = new AbortController();
  const stream = ai.stream(
    'chat',
    request,
    async function* () {
      yield 'a';
      await never();
    },
    { signal: leaving.signal },
  );
  const read = all(stream);
  await stream.status;
  leaving.abort(new Error('left'));
  expect(await within(1000, read)).toContain('left');
  expect(await within(1000, stream.done)).toContain('left');
});

it('hardTimeout ends a stream whose producer hangs', async () => {
  const { ai } = setUp({}, { hardTimeout: '50ms' });
  const stream = ai.stream('chat', request, async function* () {
    yield 'a';
    await never();
  });
  expect(await within(2000, all(stream))).toContain('hardTimeout');
  expect(await within(2000, stream.done)).toContain('hardTimeout');
});

it('a stream whose cache is closed meanwhile reaches its reader', async () => {
  const { ai, cache } = setUp();
  let end = (): void => undefined;
  const stream = ai.stream('chat', request, async function* () {
    yield 'a';
    await new Promise<void>((resolve) => (end = resolve));
    yield 'b';
  });
  await stream.status;
  await cache.close();
  end();
  expect(await within(1000, all(stream))).toEqual(['a', 'b']);
});

describe('a reader may', () => {
  it('ask for the end alone: the stream is produced and stored', async () => {
    const { ai } = setUp();
    expect(await ai.stream('chat', request, () => one('a')).done).toMatchObject({ cached: false });
    expect((await ai.peek('chat', request))?.value).toBe('a');
  });

  it('ask for status and done after the end, and cancel twice', async () => {
    const { ai } = setUp();
    const stream = ai.stream('chat', request, () => one('a'));
    await all(stream);
    await stream.done;
    expect(await stream.status).toMatchObject({ outcome: 'miss' });
    await Promise.all([stream.cancel(), stream.cancel()]);
    await stream.cancel();
    expect(await stream.done).toMatchObject({ cached: false });
    expect((await ai.peek('chat', request))?.value).toBe('a');
  });

  it('break at the first chunk, also of a stored answer', async () => {
    const { ai } = setUp();
    await all(ai.stream('chat', request, () => one('a')));
    for await (const chunk of ai.stream('chat', request, () => one('b'))) {
      expect(chunk).toBe('a');
      break;
    }
    expect((await ai.peek('chat', request))?.value).toBe('a');
  });

  it('throw: the producer is aborted, and the next call produces anew', async () => {
    const { ai } = setUp();
    let aborted = false;
    const stream = ai.stream('chat', request, async function* ({ signal }) {
      signal.addEventListener('abort', () => (aborted = true));
      yield 'a';
      await never();
    });
    const read = async (): Promise<void> => {
      for await (const chunk of stream) throw new Error(`of the reader of ${chunk}`);
    };
    await expect(read()).rejects.toThrow('of the reader of a');
    expect(aborted).toBe(true);
    expect((await ai.run('chat', request, () => ({ value: 'b' }))).value).toBe('b');
  });
});
