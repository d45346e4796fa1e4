import { Redis } from 'ioredis';

import { ownRedisServer, redisForSuite, testRedisUrl } from '../support/redis.js';

const prefixes: string[] = [];
const client = new Redis(testRedisUrl());

afterAll(async () => {
  // Runs after the afterAll of the describe below.
  const left = await Promise.all(prefixes.map((prefix) => client.keys(`${prefix}*`)));
  await client.quit();
  expect(left.flat()).toEqual([]);
});

describe('seed S1.8 a suite on a real Redis', () => {
  const { prefix } = redisForSuite();
  prefixes.push(prefix);

  it('writes under its own prefix, which is cleaned up afterwards', async () => {
    await client.set(`${prefix}:key`, 'value');

    expect(await client.keys(`${prefix}*`)).toEqual([`${prefix}:key`]);
  });

  it('may have its own server, which is empty', async () => {
    await using server = await ownRedisServer();
    const own = new Redis(server.url);

    const size = await own.dbsize();

    await own.quit();
    expect(size).toBe(0);
    expect(server.url).not.toBe(testRedisUrl());
  });

  it('refuses to pause or resume a server that is stopped: another process may have its id', async () => {
    await using server = await ownRedisServer();
    await server.stop();

    await expect(server.pause()).rejects.toThrow('pause(): the Redis for tests is stopped; start() it first');
    await expect(server.resume()).rejects.toThrow(
      'resume(): the Redis for tests is stopped; start() it first',
    );
  });
});
