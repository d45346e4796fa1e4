import { randomUUID } from 'node:crypto';

import { afterAll } from '@jest/globals';
import { Redis } from 'ioredis';

import { startRedisServer, type RedisServer } from '../../libs/cache-infra/src/testing/redis-server.js';

/** A part of the shared Redis that no other test file touches. */
export interface RedisForSuite {
  readonly url: string;
  /** Of every key of this file. Its keys are removed after the file's last test. */
  readonly prefix: string;
}

/**
 * The Redis that all test files share. Others write to it at the same time: give each cache a prefix of its own
 * (see `redisForSuite`), and take `ownRedisServer` for what a neighbour would notice, such as a flush or a stop.
 *
 * @throws Error when the Jest project has no Redis
 */
export function testRedisUrl(): string {
  const url = process.env['TEST_REDIS_URL'];
  if (url === undefined || url === '') {
    throw new Error(
      'No shared Redis here: TEST_REDIS_URL is set for the projects redis, integration and e2e',
    );
  }
  return url;
}

/** Called at the top of a file or of a `describe`: a prefix of its own, cleaned up even when a test fails. */
export function redisForSuite(): RedisForSuite {
  const suite = { url: testRedisUrl(), prefix: `test-${randomUUID()}` };
  afterAll(() => removeKeys(suite));
  return suite;
}

/**
 * A server of the test's own, which it may stop, start, pause and flush.
 *
 * ```ts
 * await using redis = await ownRedisServer();
 * ```
 */
export function ownRedisServer(args: readonly string[] = []): Promise<RedisServer> {
  return startRedisServer({ own: true, args });
}

async function removeKeys({ url, prefix }: RedisForSuite): Promise<void> {
  const client = new Redis(url, { retryStrategy: () => null });
  try {
    for await (const keys of client.scanStream({ match: `${prefix}*`, count: 1000 })) {
      if (Array.isArray(keys) && keys.length > 0) await client.unlink(...keys.map(String));
    }
  } finally {
    client.disconnect();
  }
}
