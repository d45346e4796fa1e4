import { inspect } from 'node:util';

import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { InfrastructureError } from '../../libs/cache-infra/src/base/errors.js';
import { breakableRedis, calls } from '../support/outages.js';
import { ownRedisServer } from '../support/redis.js';

const own = breakableRedis();
const { closing } = own;

describe('no credentials anywhere', () => {
  it('not in errors, events, logs, health or inspect', async () => {
    const seen: unknown[] = [];
    const logger = { log: (line: string) => seen.push(line), warn: (line: string) => seen.push(line) };
    const { host, port } = own.server;
    const urls = [
      `redis://user:S3CRET@${host}:${String(port)}/0`,
      'redis://user:S3CRET@127.0.0.1:1/0',
      'redis://user:S3CRET@nonexistent.invalid:6379',
    ];
    for (const redisUrl of urls) {
      const cache = closing(new RedisCache({ redisUrl, logger, onError: 'throw', connectTimeout: '1s' }));
      for (const event of ['error', 'degraded', 'recovered', 'corrupt'] as const)
        cache.on(event, (payload: unknown) => seen.push(payload));
      for (const [, call] of calls) await call(cache).catch((error: unknown) => seen.push(error));
      await cache.connect().catch((error: unknown) => seen.push(error));
      seen.push(await cache.health(), cache, cache.stats());
    }
    expect(seen.length).toBeGreaterThan(20);
    for (const thing of seen) {
      expect(tells(thing)).toBe(false);
    }
  });

  it('a server that refuses the password is told as such, without it', async () => {
    const guarded = await ownRedisServer(['--requirepass', 'right']);
    try {
      const { host, port } = guarded;
      const redisUrl = `redis://:S3CRET@${host}:${String(port)}`;
      const cache = closing(new RedisCache({ redisUrl, onError: 'throw' }));
      const error: unknown = await cache.get('key').catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(InfrastructureError);
      expect((error as Error).message).toMatch(/WRONGPASS|invalid|password/i);
      expect(tells(error)).toBe(false);
      const right = closing(
        new RedisCache({ redisUrl: `redis://:right@${host}:${String(port)}`, onError: 'throw' }),
      );
      await right.set('key', 1);
      expect(await right.get('key')).toBe(1);
    } finally {
      await guarded.stop();
    }
  });
});

/** A boolean, not the text: that would be long. */
function tells(thing: unknown): boolean {
  const words = [
    inspect(thing, { depth: 20, showHidden: true, getters: true }),
    JSON.stringify(thing),
    String(thing),
  ];
  return words.some((text) => text.includes('S3CRET'));
}
