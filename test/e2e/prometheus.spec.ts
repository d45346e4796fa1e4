import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module, type INestApplication, type ModuleMetadata } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { AiCacheService, Cache, CacheInfraModule, CacheRegistry } from 'nestjs-cache-infra';
import { CachePrometheusModule } from 'nestjs-cache-infra/prometheus';
import { register, Registry } from 'prom-client';
import request from 'supertest';

import { parseExposition, valueOf } from '../support/exposition.js';

@Controller()
class MetricsController {
  @Get('metrics')
  metrics(): Promise<string> {
    return register.metrics();
  }
}

@Module({ controllers: [MetricsController] })
class MetricsModule {}

let app: INestApplication | undefined;
beforeEach(() => register.clear());
afterEach(async () => {
  await app?.close();
  app = undefined;
});

async function boot(imports: ModuleMetadata['imports']): Promise<INestApplication> {
  const module = await Test.createTestingModule({ imports: imports ?? [] }).compile();
  app = module.createNestApplication();
  return app.init();
}

async function scraped(running: INestApplication): Promise<ReturnType<typeof parseExposition>> {
  const server = running.getHttpServer() as Parameters<typeof request>[0];
  return parseExposition((await request(server).get('/metrics').expect(200)).text);
}

describe('CachePrometheusModule', () => {
  it('shows every cache of the application in the global registry', async () => {
    const running = await boot([
      CacheInfraModule.forRoot({ caches: { sessions: { l1CacheSize: 10 } } }),
      MetricsModule,
      CachePrometheusModule.forRoot(),
    ]);
    await running.get(Cache).set('a', 1);
    await running.get(Cache).get('a');
    await running.get(CacheRegistry).get('sessions').get('nothing');

    const families = await scraped(running);

    const hit = { cache: 'default', tier: 'l1', result: 'hit' };
    expect(valueOf(families, 'cache_gets_total', hit)).toBe(1);
    expect(valueOf(families, 'cache_gets_total', { cache: 'sessions', result: 'miss' })).toBe(1);
    const duration = { cache: 'sessions', operation: 'get' };
    expect(valueOf(families, 'cache_operation_duration_seconds_count', duration)).toBe(1);
  });

  it('shows what the AI cache saved', async () => {
    const running = await boot([
      CacheInfraModule.forRoot(),
      CacheInfraModule.forAi(),
      MetricsModule,
      CachePrometheusModule.forRoot(),
    ]);
    const ai = running.get(AiCacheService);
    for (let i = 0; i < 3; i++) await ai.run('digits', { model: 'small', n: 1 }, () => ({ value: 7 }));

    const labels = { cache: 'ai', operation: 'digits', outcome: 'hit' };
    expect(valueOf(await scraped(running), 'cache_ai_calls_total', labels)).toBe(2);
  });

  it('takes a registry of the application, by way of a factory', async () => {
    const registry = new Registry();
    await boot([
      CacheInfraModule.forRoot(),
      CachePrometheusModule.forRootAsync({ useFactory: () => ({ registry }) }),
    ]);

    expect(parseExposition(await registry.metrics()).has('cache_size')).toBe(true);
    expect(register.getSingleMetric('cache_size')).toBeUndefined();
  });

  it('leaves the registry at shutdown: another application of the process can start', async () => {
    const imports = [CacheInfraModule.forRoot(), CachePrometheusModule.forRoot()];
    await (await boot(imports)).close();

    await expect(boot(imports)).resolves.toBeDefined();
  });

  it('names the missing module', async () => {
    await expect(boot([CachePrometheusModule.forRoot()])).rejects.toThrow('needs CacheInfraModule');
  });
});
