import { AiCacheService } from '../../libs/cache-infra/src/ai/ai-cache.service.js';
import type { AiStream } from '../../libs/cache-infra/src/ai/stream/ai-stream.js';
import { integerBelow, seededRandom } from '../../libs/cache-infra/src/benchmarks/random.js';
import { cachesOnOwnRedis, patient } from '../support/caches-on-own-redis.js';
import { deferred } from '../support/deferred.js';
import { waitsForLease } from '../support/loads.js';
import { received } from '../support/news.js';
import { StreamingProcess, type StreamRead } from '../support/streaming-process.js';
import { expectNoUnhandledRejections } from '../support/unhandled-rejections.js';
import { until } from '../support/until.js';
import { within } from '../support/within.js';

const own = cachesOnOwnRedis();
const { redis, closing } = own;
expectNoUnhandledRejections();

const prompt = 'Tell me.';
const request = { model: 'small', tenant: 'a', prompt };
const leaseMs = 2000;

async function processes(): Promise<[StreamingProcess, StreamingProcess]> {
  const options = {
    redisUrl: own.server.url,
    keyPrefix: own.keyPrefix,
    lock: true,
    advanced: { leaseDuration: `${leaseMs}ms` },
    ...patient,
  } as const;
  const both = await Promise.all([StreamingProcess.start(options), StreamingProcess.start(options)]);
  for (const each of both) closing(each);
  return both;
}

async function all<C>(stream: AiStream<C>): Promise<C[]> {
  const chunks: C[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

function texts(reads: readonly StreamRead[]): string[] {
  return reads.map((read) => read.error ?? read.text);
}

/** A whole answer of one production: all of its chunks, in their order. */
function isWhole(text: string, chunks: number): boolean {
  const [run] = text.split(':');
  const lines = Array.from({ length: chunks }, (_, i) => `${String(run)}:${i}:é${'x'.repeat(i % 7)}\n`);
  return text === lines.join('');
}

describe('one stream in two processes, with lock', () => {
  it('joins before the first chunk, between chunks and after the end: 1 producer, one answer', async () => {
    const [a, b] = await processes();
    const chunks = 3;
    const producing = a.producing();
    await a.open({ id: 1, prompt, chunks });
    await producing;
    await a.open({ id: 2, prompt, chunks });
    await b.open({ id: 3, prompt, chunks });
    await a.allow(1);
    await until(async () => (await a.produced()) === 1, 'the first chunk');
    await a.open({ id: 4, prompt, chunks });
    await b.open({ id: 5, prompt, chunks });
    await a.allow(chunks);
    const joined = await Promise.all([a.result(1), a.result(2), b.result(3), a.result(4), b.result(5)]);
    await b.open({ id: 6, prompt, chunks });
    const late = await b.result(6);

    const [text = ''] = texts(joined);
    expect(isWhole(text, chunks)).toBe(true);
    expect(texts([...joined, late])).toEqual(Array.from({ length: 6 }, () => text));
    expect((await a.starts()) + (await b.starts())).toBe(1);
    // The other process replays the stored answer.
    expect(joined.map((read) => read.error ?? read.outcome)).toEqual([
      'miss',
      'collapsed',
      'hit',
      'collapsed',
      'hit',
    ]);
    expect(late).toMatchObject({ outcome: 'hit', cached: true, chunks });
  }, 60_000);

  it.each([1, 2, 3, 4])(
    '100 streams at random moments: 1 producer, 100 equal results; seed %i',
    async (seed) => {
      const random = seededRandom(seed);
      const [a, b] = await processes();
      const both = [a, b] as const;
      const chunks = 40;
      let allowed = 0;
      const opened: [process: StreamingProcess, id: number][] = [];
      for (let id = 0; id < 100; id++) {
        const process = both[integerBelow(random, 2)] ?? a;
        opened.push([process, id]);
        // Not awaited: it may overtake what the other process is told.
        const opening = process.open({ id, prompt, chunks });
        if (integerBelow(random, 3) === 0) await opening;
        if (integerBelow(random, 2) === 0) {
          allowed = Math.min(chunks - 1, allowed + integerBelow(random, 3));
          await Promise.all(both.map((each) => each.allow(allowed)));
        }
      }
      await Promise.all(both.map((each) => each.allow(chunks)));
      const reads = await Promise.all(opened.map(([process, id]) => process.result(id)));
      const [text = ''] = texts(reads);
      expect(isWhole(text, chunks)).toBe(true);
      expect(new Set(texts(reads))).toEqual(new Set([text]));
      expect((await a.starts()) + (await b.starts())).toBe(1);
    },
    60_000,
  );

  it('the process of the producer is killed: 1 production more, and all readers of the other get it whole', async () => {
    const [a, b] = await processes();
    const chunks = 20;
    const producing = a.producing();
    for (let id = 0; id < 50; id++) await a.open({ id, prompt, chunks });
    const lost = Array.from({ length: 50 }, (_, id) => a.result(id).catch(() => 'gone'));
    await producing;
    await a.allow(7);
    await until(async () => (await a.produced()) === 7, 'a part of the answer');
    const taken = b.producing();
    for (let id = 0; id < 50; id++) await b.open({ id, prompt, chunks });
    const killedAt = performance.now();
    await a.kill();
    expect(new Set(await Promise.all(lost))).toEqual(new Set(['gone']));
    await taken;
    expect(performance.now() - killedAt).toBeLessThan(leaseMs + 1000);
    await b.allow(3);
    for (let id = 50; id < 60; id++) await b.open({ id, prompt, chunks });
    await b.allow(chunks);

    const reads = await Promise.all(Array.from({ length: 60 }, (_, id) => b.result(id)));
    const [text = ''] = texts(reads);
    expect(isWhole(text, chunks)).toBe(true);
    expect(new Set(texts(reads))).toEqual(new Set([text]));
    expect(await b.starts()).toBe(1);
  }, 60_000);

  it('the process of the producer is killed after the stored answer: no production more', async () => {
    const [a, b] = await processes();
    await a.allow(2);
    await a.open({ id: 1, prompt, chunks: 2 });
    const first = await a.result(1);
    await a.kill();
    await b.open({ id: 1, prompt, chunks: 2 });
    expect(texts([await b.result(1)])).toEqual(texts([first]));
    expect(await b.starts()).toBe(0);
  }, 60_000);
});

describe('a stream in Redis', () => {
  it.each<[string, readonly unknown[]]>([
    ['texts of any kind', ['', 'a\r\n', '\r', '\n', ' ', '\u0000', '𝄞é', '\u2028']],
    ['a surrogate pair in two chunks', ['a\ud83d', '\ude00b']],
    ['bytes', [new Uint8Array([0, 255]), new Uint8Array(0), new Uint8Array([195])]],
    ['objects', [{ n: 0 }, { d: new Date(0), u: undefined, z: -0 }, null, [], 1n]],
  ])('is replayed exactly by another instance: %s', async (_, chunks) => {
    const [cache, other] = [await redis(), await redis({ enableL1Cache: false })];
    const produce = async function* (): AsyncGenerator {
      for (const chunk of chunks) yield await Promise.resolve(chunk);
    };
    const first = new AiCacheService(cache).stream('chat', request, produce);
    expect(await all(first)).toEqual(chunks);
    expect((await first.done).bypassed).toBeUndefined();
    const replay = new AiCacheService(other).stream('chat', request, () => {
      throw new Error('produced again');
    });
    expect(await all(replay)).toEqual(chunks);
    expect(await replay.done).toMatchObject({ cached: true });
  });

  it('is not stored if another instance invalidates its tenant meanwhile, and its reader gets it all', async () => {
    const [cache, other] = [await redis({ lock: true }), await redis({ lock: true })];
    const [ai, elsewhere] = [new AiCacheService(cache), new AiCacheService(other)];
    const end = deferred();
    const stream = ai.stream('chat', request, async function* () {
      yield 'from ';
      await end.promise;
      yield 'before';
    });
    await stream.status;
    await elsewhere.invalidate({ tenant: 'a' });
    await received(cache, other);
    end.resolve();
    expect((await all(stream)).join('')).toBe('from before');
    await stream.done;
    for (const each of [ai, elsewhere]) expect(await each.peek('chat', request)).toBeUndefined();
    expect(await elsewhere.run('chat', request, () => ({ value: 'after' })).then(({ value }) => value)).toBe(
      'after',
    );
  });

  it('that waits for the lease of another instance can be left', async () => {
    const [cache, other] = [await redis({ lock: true }), await redis({ lock: true })];
    const end = deferred();
    const first = new AiCacheService(cache).stream('chat', request, async function* () {
      yield 'a';
      await end.promise;
    });
    await first.status;
    const waiting = new AiCacheService(other).stream('chat', request, async function* () {
      yield await Promise.resolve('b');
    });
    await waitsForLease(other);
    await within(1000, waiting.cancel());
    expect(await within(1000, waiting.done)).toContain('AbortError');
    end.resolve();
    expect(await all(first)).toEqual(['a']);
  });

  it('whose last reader leaves gives the lease back at once, though its producer hangs', async () => {
    const [cache, other] = [await redis({ lock: true }), await redis({ lock: true })];
    const first = new AiCacheService(cache).stream('chat', request, async function* () {
      yield 'a';
      await new Promise(() => undefined);
    });
    for await (const chunk of first) {
      expect(chunk).toBe('a');
      break;
    }
    const next = new AiCacheService(other).run('chat', request, () => ({ value: 'own' }));
    expect(await within(leaseMs, next)).toMatchObject({ value: 'own' });
  });

  it('whose cache is closed meanwhile reaches its reader', async () => {
    const cache = await redis();
    const end = deferred();
    const stream = new AiCacheService(cache).stream('chat', request, async function* () {
      yield 'a';
      await end.promise;
      yield 'b';
    });
    await stream.status;
    const read = all(stream);
    const closed = cache.close();
    end.resolve();
    expect(await within(5000, read)).toEqual(['a', 'b']);
    expect(await within(5000, closed)).toBeUndefined();
    expect(await within(5000, stream.done)).not.toBe('still waiting');
  });
});
