import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisCache } from 'nestjs-cache-infra';

import { buildLibrary } from '../faults/build-library.js';
import { testRedisUrl } from '../support/redis.js';
import { root } from '../support/repository.js';
import { runCli, type Outcome } from '../support/run-cli.js';

const redisUrl = testRedisUrl();
let directory: string;
let keyPrefix: string;
let cache: RedisCache;

beforeAll(async () => {
  await buildLibrary();
  directory = await mkdtemp(join(root, 'test-results', 'cli-keys-'));
}, 180_000);
afterAll(() => rm(directory, { recursive: true, force: true }));

beforeEach(async () => {
  keyPrefix = `keys-${randomUUID()}`;
  cache = new RedisCache({ redisUrl, keyPrefix });
  await cache.setMany([
    ['user:1', 1],
    ['user:2', 2],
    ['order:1', 3],
  ]);
});
afterEach(async () => {
  await cache.clear();
  await cache.close();
});

function keys(...args: string[]): Promise<Outcome> {
  return runCli(['keys', ...args], directory, { REDIS_URL: redisUrl, CACHE_KEY_PREFIX: keyPrefix });
}

const linesOf = ({ out }: Outcome): string[] => out.split('\n').filter(Boolean).sort();

describe('npx nestjs-cache-infra keys', () => {
  it('lists the keys that match, one a line', async () => {
    expect(linesOf(await keys())).toEqual(['order:1', 'user:1', 'user:2']);
    expect(linesOf(await keys('user:*'))).toEqual(['user:1', 'user:2']);
    expect(await keys('nothing*')).toEqual({ code: 0, out: '', error: '' });
  });

  it('lists those of a namespace', async () => {
    await cache.namespace('catalogue').set('product:7', 1);
    expect(linesOf(await keys('--namespace', 'catalogue'))).toEqual(['product:7']);
  });

  it('escapes a key that would write to the terminal', async () => {
    await cache.set('evil\u001B[2J', 1);
    expect(linesOf(await keys('evil*'))).toEqual([`'evil\\x1B[2J'`]);
  });

  it('stops at its limit, and says so', async () => {
    const outcome = await keys('--limit', '2');
    expect(linesOf(outcome)).toHaveLength(2);
    expect(outcome.error).toContain('Stopped after 2 keys');
    expect(await keys('--limit', 'many')).toMatchObject({ code: 1, error: expect.stringContaining('Usage') });
  });

  it('names what is missing without a Redis', async () => {
    const { code, error } = await runCli(['keys'], directory);
    expect([code, error]).toEqual([1, expect.stringContaining('configure its Redis')]);
  });
});
