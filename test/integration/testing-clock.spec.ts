import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, type ModuleMetadata } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { Cache, Cacheable, CacheInfraModule, getCacheToken } from 'nestjs-cache-infra';
import { CacheSpy, ManualClock, withChaos } from 'nestjs-cache-infra/testing';

import { redisForSuite } from '../support/redis.js';

const { url, prefix } = redisForSuite();

@Injectable()
class Products {
  queries = 0;

  @Cacheable({ key: (id: string) => `product:${id}`, ttl: '5m' })
  async find(id: string): Promise<string> {
    this.queries += 1;
    return Promise.resolve(`${id} ${String(this.queries)}`);
  }
}

const open: TestingModule[] = [];
afterEach(async () => {
  for (const module of open.splice(0)) await module.close();
});
const start = async (metadata: ModuleMetadata, override?: Cache) => {
  let builder = Test.createTestingModule({ providers: [Products], ...metadata });
  if (override !== undefined) builder = builder.overrideProvider(Cache).useValue(override);
  const module = await builder.compile();
  open.push(module);
  return module.init();
};

describe('CacheInfraModule.forTesting', () => {
  it.each([
    ['in memory', {}],
    ['on Redis', { redisUrl: url, keyPrefix: prefix, commandTimeout: '5s' }],
  ] as const)('%s, time stands still until clock.advance', async (_, options) => {
    const module = await start({ imports: [CacheInfraModule.forTesting(options)] });
    const products = module.get(Products);
    const clock = module.get(ManualClock);

    await products.find('7');
    clock.advance('4m');
    await expect(products.find('7')).resolves.toBe('7 1');
    clock.advance('1m');
    await expect(products.find('7')).resolves.toBe('7 2');
  });

  it('all caches of an application use the same clock', async () => {
    const module = await start({
      imports: [CacheInfraModule.forTesting(), CacheInfraModule.forTesting({ name: 'others' })],
    });
    const caches = [Cache, getCacheToken('others')].map((token) => module.get<Cache>(token));
    for (const cache of caches) await cache.set('key', 1, '1m');
    module.get(ManualClock).advance('1m');
    await expect(Promise.all(caches.map((cache) => cache.has('key')))).resolves.toEqual([false, false]);
  });

  it('two applications have separate clocks', async () => {
    const [first, second] = await Promise.all(
      [1, 2].map(() => start({ imports: [CacheInfraModule.forTesting()] })),
    );
    first?.get(ManualClock).advance('1h');
    expect(second?.get(ManualClock).now()).toBe(Date.UTC(2030, 0, 1));
  });

  it('accepts a given clock', async () => {
    const clock = new ManualClock(0);
    const module = await start({ imports: [CacheInfraModule.forTesting({ advanced: { clock } })] });
    await module.get(Cache).set('key', 1, '1m');
    clock.advance('1m');
    await expect(module.get(Cache).has('key')).resolves.toBe(false);
  });

  it('a spy in place of the cache records the calls of decorated methods', async () => {
    const spy = new CacheSpy();
    const module = await start({ imports: [CacheInfraModule.forTesting()] }, spy);
    await module.get(Products).find('7');
    await module.get(Products).find('7');
    expect(spy.callsOf('getOrSet').map(({ args, hit }) => [args[0], hit])).toEqual([
      ['product:7', false],
      ['product:7', true],
    ]);
  });

  it('chaos in place of the cache: a decorated method runs without its cache', async () => {
    const cache = withChaos(new CacheSpy());
    const module = await start({ imports: [CacheInfraModule.forTesting()] }, cache);
    await module.get(Products).find('7');
    cache.chaos.down();
    await expect(module.get(Products).find('7')).resolves.toBe('7 2');
    await cache.chaos.up();
    await expect(module.get(Products).find('7')).resolves.toBe('7 1');
  });
});
