import { AiCacheService } from '../../libs/cache-infra/src/ai/ai-cache.service.js';
import type { AiStream } from '../../libs/cache-infra/src/ai/stream/ai-stream.js';
import { all, aiRequest as request, chunksOf, never } from '../support/ai-calls.js';
import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';
import { deferred, turn } from '../support/deferred.js';
import { received } from '../support/news.js';
import { ownRedisServer } from '../support/redis.js';
import { expectNoUnhandledRejections } from '../support/unhandled-rejections.js';
import { until } from '../support/until.js';
import { within } from '../support/within.js';

const { redis } = cachesOnOwnRedis();
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

const textOf = async (stream: AiStream<string>): Promise<string> => (await all(stream)).join('');

describe.each([{ lock: false }, { lock: true }])('a call, with %j', (options) => {
  it.each(['tenant', 'key'] as const)(
    'does not join a stream that began before an invalidation by %s',
    async (how) => {
      const ai = new AiCacheService(await redis(options));
      const { produce, state, end } = versions();
      const first = ai.stream('chat', request, produce);
      const { key } = await first.status;
      await ai.invalidate(how === 'tenant' ? { tenant: 'a' } : { key });
      const second = textOf(ai.stream('chat', request, produce));
      await until(() => state.starts === 2, 'a production of its own');
      end();
      expect([await textOf(first), await second]).toEqual(['v1-end', 'v2-end']);
    },
  );

  it('does not join a stream whose last reader has left', async () => {
    const ai = new AiCacheService(await redis(options));
    const left = ai.stream('chat', request, async function* () {
      yield 'old';
      await never();
    });
    await left.status;
    const leaving = left.cancel();
    expect(await within(5000, all(ai.stream('chat', request, () => chunksOf('new'))))).toEqual(['new']);
    await leaving;
  });
});

it('a call does not join a stream that began before an invalidation of another instance', async () => {
  const [cache, other] = [await redis({ lock: true }), await redis({ lock: true })];
  const [ai, elsewhere] = [new AiCacheService(cache), new AiCacheService(other)];
  const { produce, state, end } = versions();
  const first = ai.stream('chat', request, produce);
  await first.status;
  await elsewhere.invalidate({ tenant: 'a' });
  await received(cache, other);
  const second = textOf(ai.stream('chat', request, produce));
  await until(() => state.starts === 2, 'a production of its own');
  end();
  expect([await textOf(first), await second]).toEqual(['v1-end', 'v2-end']);
});

it('two instances that refresh at once produce each, and agree on what is stored', async () => {
  const [cache, other] = [await redis({ lock: true }), await redis({ lock: true })];
  const [ai, elsewhere] = [new AiCacheService(cache), new AiCacheService(other)];
  await ai.run('chat', request, () => ({ value: 'old' }));
  const streams = [ai, elsewhere].map((each, i) =>
    each.stream('chat', request, () => chunksOf(`new ${i}`), { refresh: true }),
  );
  expect(await Promise.all(streams.map(textOf))).toEqual(['new 0', 'new 1']);
  await Promise.all(streams.map(({ done }) => done));
  await received(cache, other);
  await received(other, cache);
  const [mine, theirs] = [await ai.peek('chat', request), await elsewhere.peek('chat', request)];
  expect(mine?.value).toMatch(/^new [01]$/);
  expect(theirs?.value).toBe(mine?.value);
});

it.each(['degrade', 'throw'] as const)(
  'Redis that goes away meanwhile fails nobody who reads a stream, onError %s',
  async (onError) => {
    const server = await ownRedisServer();
    const cache = await redis({ redisUrl: server.url, onError, commandTimeout: '500ms' });
    const ai = new AiCacheService(cache);
    const { produce, state, end } = versions();
    const streams = [1, 2].map(() => ai.stream('chat', request, produce));
    await Promise.all(streams.map(({ status }) => status));
    const run = ai.run('chat', request, () => ({ value: 'own' }));
    await server.stop();
    await turn();
    end();
    for (const stream of streams) {
      expect(await within(5000, textOf(stream))).toBe('v1-end');
      expect(await within(5000, stream.done)).toMatchObject({ cached: false });
    }
    expect(await within(5000, run)).toMatchObject({ value: 'v1-end' });
    expect(state.starts).toBe(1);
  },
);
