import { InMemoryCache } from '../../cache/in-memory-cache.js';
import { AiNotCachedError, CacheError, SerializationError, ValidationError } from '../../base/errors.js';
import { AiCacheService } from '../ai-cache.service.js';
import type { AiCacheSettings } from '../call/settings.js';
import type { AiStream } from './ai-stream.js';
import type { AiStreamContext } from './producer.js';

const request = { model: 'small', prompt: 'Tell me.' };

function setUp(settings: AiCacheSettings = {}) {
  const cache = new InMemoryCache({ name: 'ai' });
  return { cache, ai: new AiCacheService(cache, settings) };
}

/** A producer whose chunks come one by one when the test says so. */
function gated<C>() {
  const steps: (() => { chunk?: C; error?: Error })[] = [];
  let wake: (() => void) | undefined;
  const state = { starts: 0, aborted: 0 };
  const tell = (step: () => { chunk?: C; error?: Error }): void => {
    steps.push(step);
    wake?.();
  };
  async function* produce({ signal }: AiStreamContext): AsyncGenerator<C, { finishReason: string }> {
    state.starts += 1;
    signal.addEventListener('abort', () => (state.aborted += 1));
    for (;;) {
      while (steps.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      const { chunk, error } = steps.shift()?.() ?? {};
      if (error !== undefined) throw error;
      if (chunk === undefined) return { finishReason: 'stop' };
      yield chunk;
    }
  }
  return {
    state,
    produce,
    push: (chunk: C) => {
      tell(() => ({ chunk }));
    },
    fail: (error: Error) => {
      tell(() => ({ error }));
    },
    end: () => {
      tell(() => ({}));
    },
  };
}

async function* tokens(...chunks: string[]): AsyncGenerator<string> {
  for (const chunk of chunks) yield await Promise.resolve(chunk);
}

async function all<C>(stream: AsyncIterable<C>): Promise<C[]> {
  const chunks: C[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

describe('stream', () => {
  it('streams what is produced, and replays it', async () => {
    const { ai } = setUp();
    const first = ai.stream('chat', request, () => tokens('Hel', 'lo ', '', 'you'));
    expect(await first.status).toMatchObject({ outcome: 'miss', cached: false, cacheStatus: 'ai; fwd=miss' });
    expect(await all(first)).toEqual(['Hel', 'lo ', '', 'you']);
    expect(await first.done).toMatchObject({ cached: false, cacheStatus: 'ai; fwd=miss; stored; ttl=3600' });

    const second = ai.stream('chat', request, () => tokens('other'));
    expect(await second.status).toMatchObject({ outcome: 'hit', cached: true, ageSeconds: 0 });
    expect(await all(second)).toEqual(['Hel', 'lo ', '', 'you']);
    expect(ai.stats().totals).toMatchObject({ calls: 2, hits: 1, misses: 1 });
  });

  it('gives the first chunk before the last is produced', async () => {
    const { ai } = setUp();
    const source = gated<string>();
    const reader = ai.stream('chat', request, source.produce)[Symbol.asyncIterator]();
    source.push('a');
    expect(await reader.next()).toEqual({ done: false, value: 'a' });
    source.push('b');
    expect(await reader.next()).toEqual({ done: false, value: 'b' });
    source.end();
    expect((await reader.next()).done).toBe(true);
  });

  it('a reader that comes later reads the same recording from its beginning, and then the live tail', async () => {
    const { ai } = setUp();
    const source = gated<string>();
    const first = ai.stream('chat', request, source.produce);
    source.push('a');
    await first.status;

    const second = ai.stream('chat', request, source.produce);
    expect(await second.status).toMatchObject({ outcome: 'collapsed' });
    const reader = second[Symbol.asyncIterator]();
    expect((await reader.next()).value).toBe('a');
    source.push('b');
    source.end();

    expect(await all(first)).toEqual(['a', 'b']);
    expect((await reader.next()).value).toBe('b');
    expect((await reader.next()).done).toBe(true);
    expect(source.state.starts).toBe(1);
    expect(await second.done).toMatchObject({ collapsed: true });
  });

  it('a thousand readers share one production', async () => {
    const { ai } = setUp();
    const source = gated<string>();
    const streams = Array.from({ length: 1000 }, () => ai.stream('chat', request, source.produce));
    const read = streams.map((stream) => all(stream));
    source.push('a');
    source.push('b');
    source.end();

    const results = await Promise.all(read);
    expect(results.every((chunks) => chunks.join('') === 'ab')).toBe(true);
    expect(source.state.starts).toBe(1);
  });

  it('shares its answer with run, in both directions', async () => {
    const { ai } = setUp();
    await all(ai.stream('chat', request, () => tokens('Hel', 'lo')));
    const ran = await ai.run('chat', request, () => ({ value: 'other' }));
    expect(ran).toMatchObject({ value: 'Hello', cached: true });

    const other = { ...request, prompt: 'Again.' };
    await ai.run('chat', other, () => ({ value: 'whole' }));
    expect(await all(ai.stream('chat', other, () => tokens('x')))).toEqual(['whole']);
  });

  it('run joins a stream that runs, and gets its value', async () => {
    const { ai } = setUp();
    const source = gated<string>();
    const stream = ai.stream('chat', request, source.produce);
    source.push('Hel');
    await stream.status;
    const ran = ai.run('chat', request, () => ({ value: 'own' }));
    source.push('lo');
    source.end();

    expect(await ran).toMatchObject({ value: 'Hello', collapsed: true });
    expect(await all(stream)).toEqual(['Hel', 'lo']);
  });

  it('replays bytes and objects exactly, also Dates', async () => {
    const { ai } = setUp();
    const bytes = [new Uint8Array([0, 255]), new Uint8Array([10])];
    async function* ofBytes() {
      for (const chunk of bytes) yield await Promise.resolve(chunk);
    }
    await all(ai.stream('bytes', request, ofBytes));
    expect(await all(ai.stream('bytes', request, ofBytes))).toEqual(bytes);
    expect((await ai.peek('bytes', request))?.value).toEqual(new Uint8Array([0, 255, 10]));

    const parts = [
      { type: 'start', at: new Date(5) },
      { type: 'delta', text: 'x' },
    ];
    async function* ofParts() {
      for (const part of parts) yield await Promise.resolve(part);
    }
    await all(ai.stream('parts', request, ofParts));
    expect(await all(ai.stream('parts', request, ofParts))).toEqual(parts);
    expect((await ai.peek('parts', request))?.value).toEqual(parts);
  });

  it('a reader cannot change the chunks of another, or of the cache', async () => {
    const { ai } = setUp();
    const source = gated<{ text: string }>();
    const first = ai.stream('chat', request, source.produce);
    source.push({ text: 'right' });
    await first.status;
    const second = ai.stream('chat', request, source.produce);
    source.end();
    for await (const chunk of first) chunk.text = 'wrong';
    for await (const chunk of second) {
      expect(chunk.text).toBe('right');
      chunk.text = 'wrong';
    }
    await first.done;
    expect(await all(ai.stream('chat', request, source.produce))).toEqual([{ text: 'right' }]);
  });

  it('turns chunks into a value by the shape of the operation', async () => {
    const shape = {
      join: (chunks: readonly { t: string }[]) => chunks.map(({ t }) => t).join('|'),
      split: (value: string) => value.split('|').map((t) => ({ t })),
    };
    const { ai } = setUp({ operations: { chat: { shape } } });
    async function* parts() {
      for (const t of ['a', 'b']) yield await Promise.resolve({ t });
    }
    await all(ai.stream('chat', request, parts));
    expect((await ai.run('chat', request, () => ({ value: 'own' }))).value).toBe('a|b');

    const other = { ...request, prompt: 'Again.' };
    await ai.run('chat', other, () => ({ value: 'c|d' }));
    expect(await all(ai.stream('chat', other, parts))).toEqual([{ t: 'c' }, { t: 'd' }]);
  });
});

describe('what of a stream is stored', () => {
  async function replayed(stream: AiStream<string>, ai: AiCacheService): Promise<boolean> {
    await all(stream).catch(() => undefined);
    await stream.done.catch(() => undefined);
    return (await ai.peek('chat', request)) !== undefined;
  }

  it('nothing of a stream that fails, and its readers get the error after the chunks', async () => {
    const { ai } = setUp();
    const source = gated<string>();
    const stream = ai.stream('chat', request, source.produce);
    source.push('half an ans');
    source.fail(new Error('connection lost'));
    const read: string[] = [];
    await expect(
      (async () => {
        for await (const chunk of stream) read.push(chunk);
      })(),
    ).rejects.toThrow('connection lost');
    expect(read).toEqual(['half an ans']);
    await expect(stream.done).rejects.toThrow('connection lost');
    expect(await ai.peek('chat', request)).toBeUndefined();
  });

  it('nothing of an answer with an incomplete finish reason, told by facts or returned', async () => {
    const { ai } = setUp();
    const told = ai.stream('chat', request, async function* ({ facts }) {
      facts({ finishReason: null });
      yield await Promise.resolve('half');
      facts({ finishReason: 'length', usage: { inputTokens: 3, outputTokens: 1 } });
    });
    expect(await replayed(told, ai)).toBe(false);
    expect(await told.done).toMatchObject({
      bypassed: 'unfinished',
      usage: { inputTokens: 3, outputTokens: 1 },
    });

    const returned = ai.stream('chat', request, async function* () {
      yield await Promise.resolve('half');
      return { finishReason: 'content_filter' };
    });
    expect(await replayed(returned, ai)).toBe(false);
  });

  it('nothing of an empty stream', async () => {
    const { ai } = setUp();
    const stream = ai.stream('chat', request, () => tokens());
    expect(await replayed(stream, ai)).toBe(false);
    expect(await stream.done).toMatchObject({ bypassed: 'undefined' });
  });

  it('nothing of a stream that ends without an error when it is aborted', async () => {
    const { ai } = setUp();
    const leave = new AbortController();
    const stream = ai.stream(
      'chat',
      request,
      async function* ({ signal }) {
        yield await Promise.resolve('half');
        await new Promise((resolve) => {
          signal.addEventListener('abort', resolve);
        });
      },
      { signal: leave.signal },
    );
    const reader = stream[Symbol.asyncIterator]();
    await reader.next();
    leave.abort();
    await expect(reader.next()).rejects.toThrow('aborted');
    expect(await ai.peek('chat', request)).toBeUndefined();
  });

  it('nothing beyond maxRecordedBytes: its readers go on, and others produce their own', async () => {
    const { ai } = setUp({ maxRecordedBytes: 200 });
    const source = gated<string>();
    const first = ai.stream('chat', request, source.produce);
    source.push('1234');
    await first.status;
    const second = ai.stream('chat', request, source.produce);
    const run = ai.run('chat', request, () => ({ value: 'own' }));
    await second.status;
    const read = [all(first), all(second)];
    const long = 'x'.repeat(200);
    source.push(long);
    source.push('9');
    source.end();

    expect(await Promise.all(read)).toEqual([
      ['1234', long, '9'],
      ['1234', long, '9'],
    ]);
    expect(source.state.starts).toBe(1);
    expect(await second.done).toMatchObject({ collapsed: true, bypassed: 'too-large' });
    expect(await first.done).toMatchObject({ bypassed: 'too-large' });
    expect(await run).toMatchObject({ value: 'own', bypassed: 'too-large' });
    expect(await ai.peek('chat', request)).toBeUndefined();
  });

  it('nothing of chunks that cannot be copied: others produce their own, or learn why not', async () => {
    const { ai } = setUp();
    const source = gated<unknown>();
    const chunk = (): void => undefined;
    const first = ai.stream('chat', request, source.produce);
    source.push('a');
    await first.status;
    const joined = ai.stream('chat', request, source.produce);
    await joined.status;
    const reads = Promise.allSettled([all(first), all(joined)]);
    source.push(chunk);
    source.end();
    const [own, other] = await reads;
    expect(own).toEqual({ status: 'fulfilled', value: ['a', chunk] });
    expect(other).toMatchObject({ status: 'rejected', reason: expect.any(SerializationError) });
    expect(await first.done).toMatchObject({ bypassed: 'unserializable' });
  });
});

describe('readers that leave', () => {
  it('one that leaves ends nothing for the others', async () => {
    const { ai } = setUp();
    const source = gated<string>();
    const first = ai.stream('chat', request, source.produce);
    source.push('a');
    await first.status;
    const second = ai.stream('chat', request, source.produce);
    await second.status;
    for await (const chunk of first) {
      expect(chunk).toBe('a');
      break;
    }
    source.push('b');
    source.end();
    expect(await all(second)).toEqual(['a', 'b']);
    expect(source.state.aborted).toBe(0);
    await second.done;
    expect((await ai.peek('chat', request))?.value).toBe('ab');
  });

  it('the last one that leaves aborts the producer', async () => {
    const { ai } = setUp();
    const source = gated<string>();
    const streams = [1, 2].map(() => ai.stream('chat', request, source.produce));
    source.push('a');
    for (const stream of streams) {
      for await (const chunk of stream) {
        expect(chunk).toBe('a');
        break;
      }
    }
    await expect(streams[0]?.done).rejects.toThrow('left');
    expect(source.state.aborted).toBe(1);
  });

  it('cancel() leaves a stream that is not read', async () => {
    const { ai } = setUp();
    const source = gated<string>();
    const stream = ai.stream('chat', request, source.produce);
    source.push('a');
    await stream.status;
    await stream.cancel();
    await expect(stream.done).rejects.toThrow('left');
    expect(source.state.aborted).toBe(1);
  });

  it('a stream has one reader', async () => {
    const { ai } = setUp();
    const stream = ai.stream('chat', request, () => tokens('a'));
    await all(stream);
    expect(() => stream[Symbol.asyncIterator]()).toThrow(CacheError);
  });
});

describe('control', () => {
  it('accept is asked before a chunk is served, also of an answer that is being produced', async () => {
    const { ai } = setUp();
    const source = gated<string>();
    const first = ai.stream('chat', request, source.produce);
    source.push('secret');
    await first.status;
    const second = ai.stream('chat', request, () => tokens('own'), {
      accept: ({ value }) => value !== 'secret',
    });
    source.end();
    expect(await all(second)).toEqual(['own']);
    expect(await all(first)).toEqual(['secret']);

    const hit = ai.stream('chat', request, () => tokens('own'), { accept: () => false });
    expect(await all(hit)).toEqual(['own']);
    expect(ai.stats().totals.notAccepted).toBe(2);
  });

  it('bypass and noStore produce for this call alone', async () => {
    const { ai } = setUp();
    for (const control of [{ bypass: true }, { noStore: true }]) {
      const stream = ai.stream('chat', request, () => tokens('own'), control);
      expect(await stream.status).toMatchObject({ outcome: 'bypass' });
      expect(await all(stream)).toEqual(['own']);
      await stream.done;
      expect(await ai.peek('chat', request)).toBeUndefined();
    }
  });

  it('refresh produces anew, and onlyIfCached never produces', async () => {
    const { ai } = setUp();
    await expect(all(ai.stream('chat', request, () => tokens('x'), { onlyIfCached: true }))).rejects.toThrow(
      AiNotCachedError,
    );
    await all(ai.stream('chat', request, () => tokens('old')));
    const refreshed = ai.stream('chat', request, () => tokens('new'), { refresh: true });
    expect(await refreshed.status).toMatchObject({ outcome: 'refresh' });
    expect(await all(refreshed)).toEqual(['new']);
    await refreshed.done;
    expect(await all(ai.stream('chat', request, () => tokens('x'), { onlyIfCached: true }))).toEqual(['new']);
  });

  it('a producer that returns no stream is named', async () => {
    const { ai } = setUp();
    const produce = () => 'text' as unknown as AsyncGenerator<string>;
    await expect(all(ai.stream('chat', request, produce))).rejects.toThrow('must return an async iterable');
    expect(() => ai.stream('chat', request, 'x' as never)).toThrow(ValidationError);
  });

  it('a stale answer takes the place of a stream that fails before its first chunk', async () => {
    const cache = new InMemoryCache({ grace: '1h' });
    const ai = new AiCacheService(cache);
    const first = ai.stream('chat', request, () => tokens('old'));
    await all(first);
    const { key } = await first.done;
    await cache.markStale(key);
    const source = gated<string>();
    const stream = ai.stream('chat', request, source.produce);
    source.fail(new Error('down'));
    expect(await all(stream)).toEqual(['old']);
  });
});

describe('toSse', () => {
  it('frames status, chunks and end', async () => {
    const { ai } = setUp();
    const frames = await all(ai.stream('chat', request, () => tokens('two\nlines', ' x')).toSse());
    expect(frames[0]).toMatch(/^event: status\ndata: \{"outcome":"miss".*\}\n\n$/);
    expect(frames.slice(1, 3)).toEqual(['data: two\ndata: lines\n\n', 'data:  x\n\n']);
    expect(frames[3]).toMatch(/^event: done\ndata: \{.*"operation":"chat".*\}\n\n$/);
    expect(frames).toHaveLength(4);
  });

  it('tells clients no message of a provider', async () => {
    const { ai } = setUp();
    const source = gated<string>();
    source.fail(new Error('key sk-123 is wrong'));
    const frames = await all(ai.stream('chat', request, source.produce).toSse());
    expect(frames).toEqual(['event: error\ndata: {"message":"the answer failed"}\n\n']);
  });
});
