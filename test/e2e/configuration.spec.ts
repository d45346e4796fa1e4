import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { ConfigModule, ConfigService, registerAs, type ConfigType } from '@nestjs/config';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  Cache,
  cacheEnvironmentSchema,
  CacheInfraModule,
  getCacheToken,
  type CacheInfraConfig,
} from 'nestjs-cache-infra';
import { withEnvironment } from 'nestjs-cache-infra/testing';

const modules: TestingModule[] = [];
afterEach(async () => {
  for (const module of modules.splice(0)) await module.close();
});

async function start(...imports: NonNullable<Parameters<typeof Test.createTestingModule>[0]['imports']>) {
  const module = await Test.createTestingModule({ imports }).compile();
  modules.push(module);
  return module.init();
}

const cacheConfig = registerAs('cache', (): CacheInfraConfig => ({
  defaultTtl: 42,
  caches: { sessions: { defaultTtl: 900 } },
}));

describe('with @nestjs/config', () => {
  it('registerAs: forRootAsync accepts asProvider()', async () => {
    const module = await start(
      ConfigModule.forRoot({ ignoreEnvFile: true, load: [cacheConfig] }),
      CacheInfraModule.forRootAsync({ ...cacheConfig.asProvider(), caches: ['sessions'] }),
    );
    expect(module.get(Cache).defaultTtl).toBe(42);
    expect(module.get<Cache>(getCacheToken('sessions')).defaultTtl).toBe(900);
  });

  it('registerAs: injected by its KEY, typed', async () => {
    const module = await start(
      CacheInfraModule.forRootAsync({
        imports: [ConfigModule.forFeature(cacheConfig)],
        inject: [cacheConfig.KEY],
        useFactory: ({ defaultTtl }: ConfigType<typeof cacheConfig>) => ({ defaultTtl }),
      }),
    );
    expect(module.get(Cache).defaultTtl).toBe(42);
  });

  it('ConfigService, in a factory and in a class', async () => {
    @Injectable()
    class FromService {
      constructor(private readonly config: ConfigService) {}
      createCacheOptions(): CacheInfraConfig {
        return { defaultTtl: Number(this.config.getOrThrow('SHOP_TTL')) };
      }
    }
    await withEnvironment({ CACHE_SIZE: '7' }, async () => {
      const isGlobal = true;
      const module = await start(
        ConfigModule.forRoot({ ignoreEnvFile: true, isGlobal, load: [() => ({ SHOP_TTL: '33' })] }),
        CacheInfraModule.forRootAsync({ useClass: FromService }),
        CacheInfraModule.forRootAsync({
          name: 'other',
          inject: [ConfigService],
          useFactory: (config: ConfigService) => ({ defaultTtl: Number(config.get('SHOP_TTL')) + 1 }),
        }),
      );
      expect(module.get(Cache)).toMatchObject({ defaultTtl: 33, maxSize: 7 });
      expect(module.get<Cache>(getCacheToken('other')).defaultTtl).toBe(34);
    });
  });

  it('cacheEnvironmentSchema: a wrong variable stops the start, by name', async () => {
    const options = { ignoreEnvFile: true, validationSchema: cacheEnvironmentSchema };
    await withEnvironment({ CACHE_TTL: 'long' }, async () => {
      await expect(async () => start(await ConfigModule.forRoot(options))).rejects.toThrow(
        /CACHE_TTL must be/,
      );
    });
    await withEnvironment({ CACHE_TTL: '5' }, async () => {
      const module = await start(ConfigModule.forRoot(options), CacheInfraModule.forRoot());
      expect(module.get(ConfigService).get('CACHE_TTL')).toBe('5');
      expect(module.get(Cache).defaultTtl).toBe(5);
    });
  });
});
