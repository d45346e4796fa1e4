import { setTimeout as wait } from 'node:timers/promises';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { startRedisServer } from 'nestjs-cache-infra/testing';
import type { RedisServer } from 'nestjs-cache-infra/testing';
import request from 'supertest';
import { AppModule } from '../../apps/demo/src/app.module.js';
import { configureApp } from '../../apps/demo/src/configure-app.js';
import { withEnvironment } from './demo-environment.js';

const text = 'Great Britain waged war. The brave people of America declared a glorious independence in 1776.';

let redis: RedisServer;
const apps: NestExpressApplication[] = [];

beforeAll(async () => {
  redis = await startRedisServer({ own: true });
}, 120_000);

afterEach(() => Promise.all(apps.splice(0).map((app) => app.close())));

afterAll(() => redis.stop());

async function startDemo(): Promise<ReturnType<typeof request>> {
  const app = await withEnvironment({ REDIS_URL: redis.url }, async () => {
    const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
    const created = configureApp(module.createNestApplication<NestExpressApplication>({ logger: false }));
    await created.listen(0, '127.0.0.1');
    return created;
  });
  apps.push(app);
  return request(app.getHttpServer());
}

type Health = Record<'cache' | 'aiCache', { status: string }>;

async function health(demo: ReturnType<typeof request>): Promise<Health> {
  const { body } = (await demo.get('/health')) as { body: { details: Health } };
  return body.details;
}

async function untilUp(demo: ReturnType<typeof request>): Promise<Health> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const found = await health(demo);
    if (Object.values(found).every(({ status }) => status === 'up') || Date.now() > deadline) return found;
    await wait(100);
  }
}

describe('demo with a Redis that starts later', () => {
  it('answers without Redis, and uses Redis without a restart once it is available', async () => {
    await redis.stop();
    const demo = await startDemo();
    await demo.get('/products/desk-lamp').expect(200);
    const before = await health(demo);

    await redis.start();
    const after = await untilUp(demo);
    await demo.post('/ai/sentiment').send({ text }).expect(200);
    const neighbour = await startDemo();
    const shared = await neighbour.post('/ai/sentiment').send({ text }).expect(200);

    expect(before).toMatchObject({ cache: { status: 'degraded' }, aiCache: { status: 'degraded' } });
    expect(after).toMatchObject({ cache: { status: 'up' }, aiCache: { status: 'up' } });
    expect(shared.body.cached).toBe(true);
  }, 30_000);

  it('continues to answer while Redis is unavailable, and recovers by itself', async () => {
    const demo = await startDemo();
    await untilUp(demo);

    await redis.stop();
    await demo.put('/products/vase').send({ name: 'Vase', price: 2900, stock: 4 }).expect(200);
    await demo.get('/products/vase').expect(200);
    await demo.post('/ai/keywords').send({ text }).expect(200);
    await redis.start();

    expect(await untilUp(demo)).toMatchObject({ cache: { status: 'up' }, aiCache: { status: 'up' } });
  }, 30_000);
});
