import { describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Cacheable, CacheEvict, CacheInfraModule } from 'nestjs-cache-infra';

import { decoratedApp } from '../support/decorated-app.js';

const test = decoratedApp();
const { init } = test;

describe('T68: a method that is called before its cache is created', () => {
  @Injectable()
  class Config {
    ttl = 60;
  }
  @Module({ providers: [Config], exports: [Config] })
  class ConfigModule {}
  let runs = 0;
  @Injectable()
  class Flags {
    @Cacheable({ key: 'flags' })
    async load(): Promise<number> {
      return Promise.resolve(++runs);
    }
    @CacheEvict({ key: 'flags' })
    async forget(): Promise<void> {
      return Promise.resolve();
    }
  }
  @Injectable()
  class Billing {
    readonly early: Promise<unknown>;
    constructor(flags: Flags) {
      this.early = Promise.all([flags.load(), flags.forget()]);
    }
  }
  @Module({ providers: [Flags, Billing] })
  class BillingModule {}

  it('runs uncached, and the next call is cached', async () => {
    runs = 0;
    const cacheModule = CacheInfraModule.forRootAsync({
      imports: [ConfigModule],
      inject: [Config],
      useFactory: (config: Config) => ({ defaultTtl: config.ttl }),
    });
    const module = await Test.createTestingModule({ imports: [BillingModule, cacheModule] }).compile();
    const app = await init(module);
    await app.get(Billing, { strict: false }).early;
    const flags = app.get(Flags, { strict: false });
    expect([await flags.load(), await flags.load()]).toEqual([2, 2]);
    expect(test.warnings).toEqual([]);
  });

  it('a factory of the cache may use a service with a cached method', async () => {
    runs = 0;
    @Module({ providers: [Flags], exports: [Flags] })
    class FlagsModule {}
    const cacheModule = CacheInfraModule.forRootAsync({
      imports: [FlagsModule],
      inject: [Flags],
      useFactory: async (flags: Flags) => ({ defaultTtl: await flags.load() }),
    });
    const module = await Test.createTestingModule({ imports: [cacheModule] }).compile();
    const app = await init(module);
    const flags = app.get(Flags, { strict: false });
    expect([await flags.load(), await flags.load()]).toEqual([2, 2]);
  });
});
