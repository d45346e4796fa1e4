import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { AiCacheService, InMemoryCache, type AiStream } from 'nestjs-cache-infra';

import { deferred } from '../support/deferred.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const request = { model: 'small', prompt: 'Tell me.' };
const joiners = 1000;
const chunkCount = 200;
const chunkBytes = 10_000;
/** Megabytes of one recording. */
const recordingMb = (chunkCount * chunkBytes) / 2 ** 20;

async function usedMb(): Promise<number> {
  // Streams that have ended are released in a later turn.
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 2 ** 20;
}

type Kind = readonly [name: string, chunk: (i: number) => unknown, copies: number];

/** Distinct texts: equal ones, or parts of one, would share their memory. */
const textOf = (i: number): string => Buffer.alloc(chunkBytes, `${i} `).toString('latin1');

/** `copies`: of each chunk. The one of the producer, for its own reader, and one for all others. */
const kinds: readonly Kind[] = [
  ['texts', textOf, 1],
  ['bytes', (i) => Buffer.alloc(chunkBytes, `${i} `), 2],
  ['objects', (i) => ({ type: 'delta', index: i, text: textOf(i) }), 2],
];

describe.each(kinds)('1,000 readers of one stream of 2 MB, of %s', (_name, chunk, copies) => {
  let cache: InMemoryCache;
  let ai: AiCacheService;
  beforeEach(() => {
    cache = new InMemoryCache({ maxSize: 10 });
    ai = new AiCacheService(cache);
  });
  afterEach(() => cache.close());

  /** A producer that stops half-way, and before its end, until the test opens the gates. */
  function halted() {
    const [half, end] = [deferred(), deferred()];
    const atHalf = deferred();
    const atEnd = deferred();
    let starts = 0;
    const produce = async function* (): AsyncGenerator {
      starts += 1;
      for (let i = 0; i < chunkCount; i++) {
        if (i === chunkCount / 2) {
          atHalf.resolve();
          await half.promise;
        }
        yield chunk(i);
      }
      atEnd.resolve();
      await end.promise;
    };
    return { produce, half, end, atHalf: atHalf.promise, atEnd: atEnd.promise, starts: () => starts };
  }

  it('hold one recording: those that keep up, come late, stall and leave', async () => {
    const source = halted();
    const before = await usedMb();
    const open = (): AiStream<unknown> => ai.stream('chat', request, source.produce);
    let whole = 0;
    const keepUp = async (stream: AiStream<unknown>): Promise<void> => {
      let chunks = 0;
      for await (const each of stream) if (each !== undefined) chunks += 1;
      if (chunks === chunkCount) whole += 1;
    };
    const leave = async (stream: AiStream<unknown>): Promise<void> => {
      let chunks = 0;
      for await (const _each of stream) if (++chunks === 10) break;
    };
    const reads: Promise<void>[] = [];
    const stalled: AsyncIterator<unknown>[] = [];
    const early = Array.from({ length: joiners / 2 }, open);
    for (const [i, stream] of early.entries()) {
      if (i % 5 === 1) {
        const reader = stream[Symbol.asyncIterator]();
        stalled.push(reader);
        await reader.next();
      } else reads.push(i % 5 === 2 ? leave(stream) : keepUp(stream));
    }
    await source.atHalf;
    for (let i = 0; i < joiners / 2; i++) reads.push(keepUp(open()));
    source.half.resolve();
    await source.atEnd;
    const during = (await usedMb()) - before;

    source.end.resolve();
    await Promise.all(reads);
    await Promise.all(stalled.map(async (reader) => reader.return?.()));
    // A tenth has stalled, and a tenth has left.
    expect(whole).toBe((joiners * 8) / 10);
    expect(source.starts()).toBe(1);
    // A reader itself takes about 10 kB: its call, its promises and its signals.
    const readersMb = (joiners * 16) / 1024;
    expect(during).toBeLessThan(copies * 1.5 * recordingMb + readersMb);
  }, 120_000);
});
