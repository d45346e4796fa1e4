import { describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { Cacheable, CacheDefaults, CacheEvict, CacheInfraModule, CachePut } from 'nestjs-cache-infra';

import { decoratedApp } from '../support/decorated-app.js';

const test = decoratedApp();
const { boot } = test;

describe('T73: allEntries', () => {
  @Injectable()
  class Whole {
    @CacheEvict({ allEntries: true })
    async reset(): Promise<void> {
      return Promise.resolve();
    }
  }
  @Injectable()
  class Meant {
    @CacheEvict({ cache: 'default', allEntries: true })
    async all(): Promise<void> {
      return Promise.resolve();
    }
    @CacheEvict({ namespace: 'own', allEntries: true })
    async own(): Promise<void> {
      return Promise.resolve();
    }
  }

  it('without a namespace warns at boot of the entries that it clears', async () => {
    await boot({ providers: [Whole] });
    expect(test.warnings).toEqual([
      expect.stringMatching(
        /^@CacheEvict\(\{ allEntries: true \}\) on Whole.reset clears the whole default cache/,
      ),
    ]);
  });

  it('with a namespace, or with a named cache, does not warn', async () => {
    @Module({ imports: [CacheInfraModule.forFeature('feature')], providers: [Whole] })
    class FeatureModule {}
    await boot({ imports: [FeatureModule], providers: [Meant] });
    expect(test.warnings).toEqual([]);
  });
});

describe('T81: a decorator in the wrong place', () => {
  it('a synchronous method warns at its first call', async () => {
    @Injectable()
    class Sync {
      // @ts-expect-error -- nor does it compile
      @Cacheable()
      find() {
        return 1;
      }
    }
    const sync = (await boot({ providers: [Sync] })).get(Sync);
    await (sync.find() as number | Promise<number>);
    await (sync.find() as number | Promise<number>);
    expect(test.warnings).toEqual([
      expect.stringMatching(
        /^Sync.find returns its value synchronously, but a cached method returns a promise/,
      ),
    ]);
  });

  it.each([
    ['@Cacheable()', Cacheable()],
    ['@CachePut()', CachePut({ key: 'k' })],
    ['@CacheEvict()', CacheEvict({ key: 'k' })],
    ['@CacheDefaults()', CacheDefaults({ ttl: 1 })],
    ['@Cacheable', Cacheable],
  ])('%s as a standard decorator names the compiler options', (name, decorator) => {
    const context = { kind: 'method', name: 'find', static: false };
    const apply = () =>
      (decorator as unknown as (...given: unknown[]) => unknown)(async () => Promise.resolve(1), context);
    expect(apply).toThrow(`${name} on find is compiled as a standard decorator`);
    expect(apply).toThrow('"experimentalDecorators": true');
  });
});
