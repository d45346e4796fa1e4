import { GenericContainer, getContainerRuntimeClient, Wait } from 'testcontainers';

import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { startRedisServer, type RedisServer } from '../../libs/cache-infra/src/testing/redis-server.js';
import { closingAfterEach } from '../support/closing.js';
import { until } from '../support/until.js';

/** The first run pulls the image. */
const slow = 180_000;
const closing = closingAfterEach();

/** A machine without a server program, so that a container is the way that is left. */
const withoutProgram = { PATH: '' };

const cacheOn = (redisUrl: string): RedisCache =>
  closing(new RedisCache({ redisUrl, keyPrefix: 'docker', commandTimeout: '1s' }));

/** The ids of containers of this image that exist, halted ones included. */
async function containers(): Promise<string[]> {
  const { container } = await getContainerRuntimeClient();
  const all = await container.dockerode.listContainers({ all: true });
  return all.filter(({ Image }) => Image === 'redis:7-alpine').map(({ Id }) => Id);
}

describe('startRedisServer without a server program', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedisServer({ env: withoutProgram });
  }, slow);
  afterAll(() => redis[Symbol.asyncDispose]());

  it('starts Redis in a container, which caches share', async () => {
    const [one, other] = [cacheOn(redis.url), cacheOn(redis.url)];
    await one.set('answer', 42, { tags: ['numbers'] });

    expect(redis.how).toBe('docker');
    expect(await other.get('answer')).toBe(42);
    await one.invalidateTags('numbers');
    await until(async () => (await other.get('answer')) === undefined, 'the other L1 to hear of it');
    expect(await other.health()).toMatchObject({ status: 'up', tiers: { l2: { status: 'ready' } } });
  });

  it('pauses and resumes it: a cache answers meanwhile, and reads Redis again afterwards', async () => {
    const cache = cacheOn(redis.url);
    await cache.set('stored', 'value', { tiers: 'l2' });
    await redis.pause();
    expect(await cache.get('stored')).toBeUndefined();
    await redis.resume();

    await until(async () => (await cache.get('stored')) === 'value', 'Redis to be read again', 20_000);
  });

  it('stops it and starts it again on the same port, empty', async () => {
    const cache = cacheOn(redis.url);
    await cache.set('lost', 'value', { tiers: 'l2' });
    await redis.stop();
    expect(await cache.getOrSet('loaded', () => 'by the loader')).toBe('by the loader');
    await redis.start();

    await until(
      async () => (await cache.health()).tiers.l2?.status === 'ready',
      'the cache to reach Redis again',
      20_000,
    );
    expect(await cacheOn(redis.url).get('lost')).toBeUndefined();
  });
});

describe('a server in a container', () => {
  it(
    'takes the arguments of the test, and is gone after its block',
    async () => {
      const before = await containers();
      {
        await using redis = await startRedisServer({ env: withoutProgram, args: ['--maxmemory', '20mb'] });
        const cache = cacheOn(redis.url);
        await cache.set('key', 'value');
        expect((await containers()).length).toBe(before.length + 1);
        await cache.close();
      }

      expect(await containers()).toEqual(before);
    },
    slow,
  );
});

describe('a container that a test starts by itself', () => {
  it(
    'serves a cache by its mapped port',
    async () => {
      await using container = await new GenericContainer('redis:7-alpine')
        .withExposedPorts(6379)
        .withWaitStrategy(Wait.forLogMessage(/Ready to accept connections/))
        .start();
      const redisUrl = `redis://${container.getHost()}:${container.getMappedPort(6379)}`;
      let loads = 0;
      const load = (): number => ++loads;

      expect(await cacheOn(redisUrl).getOrSet('key', load)).toBe(1);
      expect(await cacheOn(redisUrl).getOrSet('key', load)).toBe(1);
    },
    slow,
  );
});
