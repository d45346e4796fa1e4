import { beforeAll, describe, expect, it } from '@jest/globals';

import { execute } from '../support/repository.js';
import { ownRedisServer } from '../support/redis.js';
import { buildLibrary } from './build-library.js';

beforeAll(buildLibrary, 120_000);

describe('guarantee 9: hooks cannot hurt', () => {
  it.each([
    ['throws', '() => { throw new Error("the logger broke"); }'],
    ['rejects', 'async () => { throw new Error("the logger broke"); }'],
  ])(
    'a logger that %s: the process lives on, and Redis is used again',
    async (_, write) => {
      await using server = await ownRedisServer();
      const program = `
      import { RedisCache } from 'nestjs-cache-infra';
      import { Redis } from 'ioredis';
      const write = ${write};
      const cache = new RedisCache({
        redisUrl: ${JSON.stringify(server.url)},
        advanced: { adviser: false },
        logger: { warn: write, log: write },
      });
      const admin = new Redis(${JSON.stringify(server.url)});
      await cache.set('key', 1);
      const recovered = new Promise((resolve) => cache.on('recovered', resolve));
      await admin.client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      await recovered;
      await cache.close();
      admin.disconnect();
      console.log('recovered');
    `;
      const printed = await execute(process.execPath, ['--input-type=module', '-e', program]);
      expect(printed).toContain('recovered');
    },
    20_000,
  );
});

describe('guarantee 10: everything closes', () => {
  it('a process ends by itself once its cache is closed: with a Sentinel that hangs', async () => {
    await using server = await ownRedisServer();
    await server.pause();
    try {
      const program = `
      import { RedisCache } from 'nestjs-cache-infra';
      const cache = new RedisCache({ redis: { sentinels: [{ host: '127.0.0.1', port: ${server.port} }] } });
      await cache.get('key');
      await cache.close();
      // The timer does not keep the process alive: it fires only if something else does. ioredis gives up a Sentinel
      // after connectTimeout (2 s), and its socket 2 s later.
      setTimeout(() => { console.log('kept alive'); process.exit(); }, 6000).unref();
    `;
      expect(await execute(process.execPath, ['--input-type=module', '-e', program])).not.toContain(
        'kept alive',
      );
    } finally {
      await server.resume();
    }
  }, 20_000);
});
