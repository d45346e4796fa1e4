import { aiInMemory, aiRequest as request, all, chunksOf } from '../../../../../test/support/ai-calls.js';
import { deferred, turn } from '../../../../../test/support/deferred.js';
import { ManualClock } from '../../../../../test/support/manual-clock.js';
import { elapse } from '../../../../../test/support/time.js';
import { expectNoUnhandledRejections } from '../../../../../test/support/unhandled-rejections.js';
import type { InMemoryCacheOptions } from '../../cache/contract/cache-options.js';

expectNoUnhandledRejections();

async function withStaleAnswer(options: InMemoryCacheOptions) {
  const { ai, cache } = aiInMemory({}, options);
  const old = ai.stream('chat', request, () => chunksOf('old'));
  await all(old);
  await cache.markStale((await old.done).key);
  return ai;
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : String(error));

describe('status, chunks and done tell of one answer', () => {
  it('of the error, if the stream fails after its first chunk, though there is a stale answer', async () => {
    const ai = await withStaleAnswer({ grace: '1h' });
    const stream = ai.stream('chat', request, async function* () {
      yield 'new';
      await turn();
      throw new Error('cut');
    });
    await expect(all(stream)).rejects.toThrow('cut');
    await expect(stream.done).rejects.toThrow('cut');
  });

  it('of the hit, if it starts a refresh ahead', async () => {
    const clock = new ManualClock();
    const { ai } = aiInMemory({ defaultTtl: '100s', clock }, { refreshAhead: 0.1, advanced: { clock } });
    let versions = 0;
    const produce = (): AsyncGenerator<string> => chunksOf(`v${++versions}`);
    await all(ai.stream('chat', request, produce));
    clock.advance(50_000);
    const hit = ai.stream('chat', request, produce);
    expect(await hit.status).toMatchObject({ outcome: 'hit', cached: true });
    expect(await all(hit)).toEqual(['v1']);
    expect(await hit.done).toMatchObject({ cached: true });
    await turn();
    expect(versions).toBe(2);
  });

  it('of the stream or of the stale answer, if softTimeout passes between its chunks', async () => {
    const ai = await withStaleAnswer({ grace: '1h', softTimeout: '20ms' });
    const rest = deferred();
    const stream = ai.stream('chat', request, async function* () {
      yield 'new';
      await rest.promise;
      yield 'er';
    });
    const { cached } = await stream.status;
    await elapse(60);
    rest.resolve();
    expect((await all(stream)).join('')).toBe(cached ? 'old' : 'newer');
    expect((await stream.done).cached).toBe(cached);
  });

  it('of the stream or of the time-out, if hardTimeout passes while two read', async () => {
    const { ai } = aiInMemory({}, { hardTimeout: '60ms' });
    const rest = deferred();
    const produce = async function* (): AsyncGenerator<string> {
      yield 'a';
      await rest.promise;
      yield 'b';
    };
    const outcomeOf = async (call: Promise<string>): Promise<string> => call.catch(nameOf);
    const first = ai.stream('chat', request, produce);
    await first.status;
    const late = ai.stream('chat', request, produce);
    const reads = [first, late].map((stream) => outcomeOf(all(stream).then((chunks) => chunks.join(''))));
    const ends = [first, late].map((stream) => outcomeOf(stream.done.then(() => 'ab')));
    await elapse(120);
    rest.resolve();
    expect(await Promise.all(reads)).toEqual(await Promise.all(ends));
    expect((await reads[0]) ?? '').toMatch(/Timeout/);
  });
});
