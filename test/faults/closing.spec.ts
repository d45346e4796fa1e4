import { beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';

import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { execute } from '../support/repository.js';
import { ownRedisServer } from '../support/redis.js';
import { until } from '../support/until.js';
import { buildLibrary } from './build-library.js';

function listeners(client: Redis): Record<string, number> {
  return Object.fromEntries(client.eventNames().map((name) => [String(name), client.listenerCount(name)]));
}

beforeAll(buildLibrary, 120_000);

describe('guarantee 10: everything that is created is released', () => {
  it('1,000 caches created and closed on one shared client leave it unchanged', async () => {
    await using server = await ownRedisServer();
    const client = new Redis(server.url, { lazyConnect: true, disconnectTimeout: 20 });
    await client.connect();
    const before = listeners(client);
    const clientsBefore = String(await client.client('LIST'))
      .trim()
      .split('\n').length;
    const warnings: unknown[] = [];
    const onWarning = (warning: unknown): void => {
      warnings.push(warning);
    };
    process.on('warning', onWarning);

    for (let i = 0; i < 10; i++) {
      const caches = Array.from(
        { length: 100 },
        (_, j) => new RedisCache({ redis: client, name: `cache-${i}-${j}` }),
      );
      await Promise.all(caches.map((cache) => cache.set('key', 1)));
      await Promise.all(caches.map((cache) => cache.close()));
    }

    expect(listeners(client)).toEqual(before);
    expect(client.status).toBe('ready');
    const clients = async (): Promise<number> =>
      String(await client.client('LIST'))
        .trim()
        .split('\n').length;
    await until(async () => (await clients()) === clientsBefore, 'the connections for invalidations to go');
    const tracking = JSON.stringify(await client.call('CLIENT', 'TRACKINGINFO'));
    expect(tracking).toContain('off');
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
    client.disconnect();
  }, 60_000);

  it.each([
    ['in service', 'await cache.set("key", 1);'],
    ['with Redis away', 'await cache.get("key");'],
    ['before its first call', ''],
    ['while it connects', 'void cache.get("key").catch(() => {});'],
  ])(
    'a process ends by itself once its cache is closed: %s',
    async (name, use) => {
      await using server = await ownRedisServer();
      const url = server.url;
      if (name === 'with Redis away') await server.stop();
      const program = `
      import { RedisCache } from 'nestjs-cache-infra';
      const cache = new RedisCache({ redisUrl: ${JSON.stringify(url)} });
      ${use}
      await cache.close();
      const closed = performance.now();
      process.on('exit', () => console.log(JSON.stringify({
        ms: performance.now() - closed,
        resources: process.getActiveResourcesInfo().filter((kind) => kind !== 'PipeWrap'),
      })));
    `;

      const printed = await execute(process.execPath, ['--input-type=module', '-e', program]);

      const { ms, resources } = JSON.parse(printed) as { ms: number; resources: string[] };
      expect(resources).toEqual([]);
      expect(ms).toBeLessThan(500);
    },
    20_000,
  );
});
