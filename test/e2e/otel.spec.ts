import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Injectable,
  Module,
  Param,
  type INestApplication,
  type ModuleMetadata,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { AiCacheService, Cache, CacheInfraModule, CacheRegistry } from 'nestjs-cache-infra';
import { CacheOpenTelemetryModule } from 'nestjs-cache-infra/otel';
import request from 'supertest';

import { MetricRecord, SpanRecord, withContexts } from '../support/telemetry.js';

withContexts();

let record: SpanRecord;
let metrics: MetricRecord;
let app: INestApplication | undefined;
beforeEach(() => {
  record = new SpanRecord();
  metrics = new MetricRecord();
});
afterEach(async () => {
  await app?.close();
  app = undefined;
  await metrics.close();
});

@Injectable()
class Users {
  constructor(private readonly cache: Cache) {}

  find(id: string): Promise<{ id: string }> {
    return this.cache.getOrSet(`user:${id}`, () => record.within('SELECT', () => Promise.resolve({ id })));
  }
}

@Controller('users')
class UsersController {
  constructor(private readonly users: Users) {}

  @Get(':id')
  find(@Param('id') id: string): Promise<{ id: string }> {
    return this.users.find(id);
  }
}

@Module({ controllers: [UsersController], providers: [Users] })
class UsersModule {}

async function boot(imports: ModuleMetadata['imports']): Promise<INestApplication> {
  const module = await Test.createTestingModule({ imports: imports ?? [] }).compile();
  app = module.createNestApplication();
  // The span of the request, as an instrumentation of HTTP makes it.
  app.use((_request: unknown, response: NodeJS.EventEmitter, next: () => void) => {
    const ended = new Promise((resolve) => response.once('finish', resolve));
    void record.within('GET /users/:id', () => {
      next();
      return ended;
    });
  });
  return app.init();
}

function telemetry() {
  return CacheOpenTelemetryModule.forRoot({
    ...{ tracerProvider: record.provider, meterProvider: metrics.provider, keys: 'plain', sampleEvery: 1 },
  });
}

describe('CacheOpenTelemetryModule', () => {
  it('makes cache spans children of the request, and the query of the loader a child of the load', async () => {
    const running = await boot([CacheInfraModule.forRoot(), UsersModule, telemetry()]);
    const server = running.getHttpServer() as Parameters<typeof request>[0];
    await request(server).get('/users/7').expect(200, { id: '7' });
    await request(server).get('/users/7').expect(200, { id: '7' });

    const [select] = record.named('SELECT');
    const [load] = record.named('cache.load default');
    const [miss, hit] = record.named('cache.get default');
    const requests = record.named('GET /users/:id');
    expect(record.spans).toHaveLength(6);
    expect(select?.parentSpanContext?.spanId).toBe(load?.spanContext().spanId);
    expect(load?.parentSpanContext?.spanId).toBe(miss?.spanContext().spanId);
    expect([miss, hit].map((span) => span?.parentSpanContext?.spanId)).toEqual(
      requests.map((span) => span.spanContext().spanId),
    );
    expect(hit?.attributes).toMatchObject({ 'cache.hit': true, 'cache.key': ['user:7'], 'cache.tier': 'l1' });
  });

  it('shows the metrics of every cache, and of the AI cache', async () => {
    const running = await boot([
      CacheInfraModule.forRoot({ caches: { sessions: { l1CacheSize: 10 } } }),
      CacheInfraModule.forAi(),
      telemetry(),
    ]);
    await running.get(CacheRegistry).get('sessions').get('nothing');
    const ai = running.get(AiCacheService);
    for (let i = 0; i < 3; i++) await ai.run('digits', { model: 'small', n: 1 }, () => ({ value: 7 }));

    expect(await metrics.value('cache.gets', { cache: 'sessions', result: 'miss' })).toBe(1);
    expect(await metrics.value('cache.ai.calls', { cache: 'ai', operation: 'digits', outcome: 'hit' })).toBe(
      2,
    );
  });

  it('ends at shutdown', async () => {
    const running = await boot([CacheInfraModule.forRoot(), telemetry()]);
    await running.close();

    expect((await metrics.collect()).get('cache.size') ?? []).toEqual([]);
  });

  it('names the missing module', async () => {
    await expect(boot([telemetry()])).rejects.toThrow('needs CacheInfraModule');
  });
});
