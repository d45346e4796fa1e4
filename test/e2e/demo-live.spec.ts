import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import request from 'supertest';

import { AppModule } from '../../apps/demo/src/app.module.js';
import { configureApp } from '../../apps/demo/src/configure-app.js';
import type { Action, LiveState } from '../../apps/demo/src/live/live-demo.js';
import { until } from '../support/until.js';
import { withEnvironment } from './demo-environment.js';

let app: NestExpressApplication;

async function start(): Promise<NestExpressApplication> {
  const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
  return configureApp(module.createNestApplication<NestExpressApplication>({ logger: false })).init();
}

async function look(): Promise<LiveState> {
  const { body } = (await request(app.getHttpServer()).get('/live').expect(200)) as { body: LiveState };
  return body;
}

async function act(action: Action): Promise<void> {
  await request(app.getHttpServer()).post(`/live/${action}`).expect(204);
}

/** The counters of one instance. */
async function instance(name: 'A' | 'B'): Promise<LiveState['instances'][number]> {
  const found = (await look()).instances.find((each) => each.name === name);
  if (found === undefined) throw new Error(`There is no instance ${name}`);
  return found;
}

/** Until both ways have read the price in both instances. */
async function warm(): Promise<void> {
  await until(async () => {
    const { instances } = await look();
    return instances.every(({ cache, map }) => cache.reads > 0 && map.reads > 0);
  }, 'the first reads');
}

beforeEach(async () => {
  app = await withEnvironment({}, start);
});
afterEach(() => app.close());

describe('T90: demo: the page at /', () => {
  it('T90: is one page without requests to other hosts', async () => {
    const { text, headers } = await request(app.getHttpServer())
      .get('/')
      .expect(200)
      .expect('Content-Type', /html/);
    expect(headers['content-security-policy']).toContain("default-src 'self'");
    expect(text).toContain('100 callers at once');
    expect(text).not.toMatch(/(?:src|href)="https?:[^"]*\.(?:js|css|woff2?|png|svg)/);
    expect(text).not.toMatch(/@import|url\(/);
  });

  it('T90: 100 callers on each of two instances: one query by the cache, 100 on each by the Map', async () => {
    await warm();
    const before = await look();
    await act('callers');
    const after = await look();
    const queries = (state: LiveState, way: 'cache' | 'map'): number =>
      state.instances.reduce((sum, each) => sum + each[way].queries, 0);

    expect(queries(after, 'map') - queries(before, 'map')).toBeGreaterThanOrEqual(200);
    // One, or two where an entry's own ttl ended at the same moment.
    expect(queries(after, 'cache') - queries(before, 'cache')).toBeLessThanOrEqual(2);
    expect(after.log.at(-1)?.text).toMatch(
      /^100 callers on each instance: [12] (query|queries) by the cache, 20\d queries by the Map$/,
    );
  });

  it('T90: a database that fails: the cache serves its stale value, the Map an error', async () => {
    await warm();
    await act('database-failing');
    await act('callers');
    const { cache, map } = await instance('A');
    expect(cache.errors).toBe(0);
    expect(cache.recent.map(({ source }) => source)).toContain('stale');
    expect(map.errors).toBeGreaterThanOrEqual(100);
  });

  it('T90: a slow database: the cache answers within half a second', async () => {
    await warm();
    await act('database-slow');
    await act('callers');
    const { cache, map } = await instance('A');
    expect(cache.recent.at(-1)?.source).toBe('stale');
    expect(cache.slowest).toBeLessThan(map.slowest);
    await act('database-fine');
    await until(
      async () => (await instance('A')).cache.recent.at(-1)?.source !== 'stale',
      'a fresh price',
      10_000,
    );
  });

  it('T90: a price that instance B changes reaches instance A at once by the cache, and not by the Map', async () => {
    await warm();
    await act('reprice');
    const { price } = await look();
    await until(async () => (await instance('A')).map.old > 0, 'an old price from the Map');
    await until(
      async () => (await instance('A')).cache.recent.at(-1)?.price === price,
      'the new price by the cache',
    );
  });

  it('T90: Redis stops and starts, and no caller gets an error', async () => {
    await warm();
    expect((await look()).redis).toBe('running');
    await act('redis-stop');
    await act('callers');
    expect((await look()).redis).toBe('stopped');
    await act('redis-start');
    await until(
      async () =>
        (await look()).log.filter(({ text }) => /Instance [AB]: .*available again/.test(text)).length === 2,
      'both instances to use Redis again',
      15_000,
    );
    const { instances, redis } = await look();
    expect(redis).toBe('running');
    expect(instances.map(({ cache }) => cache.errors)).toEqual([0, 0]);
  });

  it('T90: refuses an unknown action', async () => {
    await request(app.getHttpServer()).post('/live/format-disk').expect(400);
  });
});
