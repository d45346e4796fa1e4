import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import request from 'supertest';

import { AppModule } from '../../apps/demo/src/app.module.js';
import { configureApp } from '../../apps/demo/src/configure-app.js';
import type { DashboardState } from '../../libs/cache-infra/src/dashboard/state.js';
import type { Action, LiveState } from '../../apps/demo/src/live/live-state.js';
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
    return instances.every(({ cache, map }) => cache.counts.reads > 0 && map.counts.reads > 0);
  }, 'the first reads');
}

beforeEach(async () => {
  app = await withEnvironment({}, start);
});
afterEach(() => app.close());

describe('T90: demo: the page at /', () => {
  it('T90: allows no inline script or style, and no other host', async () => {
    const { text, headers } = await request(app.getHttpServer())
      .get('/')
      .expect(200)
      .expect('Content-Type', /html/);
    expect(headers['content-security-policy']).toMatch(
      /default-src 'none'; script-src 'self'; style-src 'self'/,
    );
    expect(headers['content-security-policy']).not.toContain('unsafe');
    for (const [, file = ''] of text.matchAll(/(?:src|href)="((?:page|shared)\/[^"]+)"/g)) {
      const { text: code } = await request(app.getHttpServer()).get(`/${file}`).buffer(true).expect(200);
      expect(code).not.toMatch(/@import|url\(|https?:\/\/(?!www\.w3\.org)/);
    }
  });

  it.each(['/page/index.html', '/page/..%2fchat%2fchat.js', '/shared/constructor', '/page/absent.js'])(
    'T90: refuses the file %s',
    (path) => request(app.getHttpServer()).get(path).expect(404),
  );

  it('T90: 100 callers on each of two instances: one query by the cache, 100 on each by the Map', async () => {
    await warm();
    const before = await look();
    await act('callers');
    const after = await look();
    const queries = (state: LiveState, way: 'cache' | 'map'): number =>
      state.instances.reduce((sum, each) => sum + each[way].counts.queries, 0);

    expect(queries(after, 'map') - queries(before, 'map')).toBeGreaterThanOrEqual(200);
    // One, or two where an entry's own ttl ended at the same moment.
    expect(queries(after, 'cache') - queries(before, 'cache')).toBeLessThanOrEqual(2);
    expect(after.experiment).toMatchObject({ experiment: 'callers', isOver: true });
    expect(after.log.at(-1)?.text).toMatch(
      /^The Map asked the database 20\d times\. The cache asked the database (?:once|2 times)\.$/,
    );
  });

  it('T90: a database that fails: the cache serves its last good price, the Map an error', async () => {
    await warm();
    await act('database-failing');
    await until(async () => (await instance('A')).map.counts.errors > 4, 'errors of the Map');
    const { cache } = await instance('A');
    expect(cache.counts.errors).toBe(0);
    expect(cache.counts.stale).toBeGreaterThan(0);
    expect((await look()).experiment).toMatchObject({ isOver: false });

    await act('database-fine');
    const { experiment } = await look();
    expect(experiment).toMatchObject({ experiment: 'database-failing', isOver: true, cache: { errors: 0 } });
    expect(experiment?.map.errors).toBeGreaterThan(4);
  });

  it('T90: a slow database: the cache answers within a second, the Map in three', async () => {
    await warm();
    await act('database-slow');
    await until(async () => (await instance('A')).map.counts.slowest >= 2900, 'a wait by the Map', 15_000);
    expect((await look()).experiment?.cache.slowest).toBeLessThan(1000);
    expect((await instance('A')).cache.recent.map(({ source }) => source)).toContain('stale');
    await act('database-fine');
    await until(
      async () => (await instance('A')).cache.recent.at(-1)?.source !== 'stale',
      'a fresh price',
      10_000,
    );
  });

  it.each([1, 2, 3])(
    'T90: a price that instance B changes reaches A at once by the cache, not by the Map (%i)',
    async () => {
      await warm();
      await act('reprice');
      const { price } = await look();
      await until(async () => (await instance('A')).map.counts.old > 8, 'old prices from the Map');
      expect((await instance('A')).cache.recent.at(-1)?.price).toBe(price);
      await until(async () => (await look()).experiment?.isOver === true, 'the end', 10_000);
      expect((await look()).experiment?.cache.old).toBeLessThanOrEqual(1);
    },
  );

  it('T90: shoppers at the same moment count as one reading, whose source is a query', async () => {
    await warm();
    await act('callers');
    for (const { cache, map } of (await look()).instances) {
      expect(map.recent.find(({ callers }) => callers === 100)?.source).toBe('database');
      expect(cache.recent.filter(({ callers }) => callers === 100)).toHaveLength(1);
    }
  });

  it('starts over with all counters at zero', async () => {
    await warm();
    await act('database-failing');
    await until(async () => (await instance('A')).map.counts.errors > 0, 'an error of the Map');
    await act('redis-stop');
    await act('start-over');
    const { experiment, database, redis, price, instances } = await look();
    expect({ experiment, database, redis, price }).toEqual({
      experiment: null,
      database: 'fine',
      redis: 'running',
      price: 3900,
    });
    expect(instances.map(({ map }) => map.counts.errors)).toEqual([0, 0]);
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
    expect(instances.map(({ cache }) => cache.counts.errors)).toEqual([0, 0]);
  });

  it('T90: refuses an unknown action', async () => {
    await request(app.getHttpServer()).post('/live/format-disk').expect(400);
  });

  it('T90: links to the dashboard, which shows all caches of the demo', async () => {
    const { dashboard } = await look();
    const server = app.getHttpServer();
    await request(server)
      .get(`${dashboard ?? ''}/`)
      .expect(200)
      .expect('Content-Type', /html/);
    const { body } = await request(server)
      .get(`${dashboard ?? ''}/api/state`)
      .expect(200);
    const { summary } = body as DashboardState;
    expect(summary.caches.map(({ name }) => name).sort()).toEqual(['ai', 'default', 'live-A', 'live-B']);
  });

  it('T90: asks for the password of the dashboard where there is one', async () => {
    await app.close();
    app = await withEnvironment({ DASHBOARD_PASSWORD: 'long enough' }, start);
    const server = app.getHttpServer();
    await request(server).get('/dashboard/api/state').expect(401);
    await request(server).get('/dashboard/api/state').auth('demo', 'long enough').expect(200);
  });
});
