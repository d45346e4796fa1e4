import { randomUUID } from 'node:crypto';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { Cache, deferInvalidations, type RedisCache } from 'nestjs-cache-infra';
import { CdnHealthIndicator, CdnPurger } from 'nestjs-cache-infra/cdn';
import { startRedisServer } from 'nestjs-cache-infra/testing';

import { armed } from '../support/armed.js';
import { edgeApp, type EdgeAppOptions } from '../support/edge-app.js';
import { adapters } from '../support/http-cache-app.js';
import { testRedisUrl } from '../support/redis.js';
import { StubCdn } from '../support/stub-cdn.js';
import { until } from '../support/until.js';

let cdn: StubCdn;
const apps: INestApplication[] = [];

beforeEach(async () => {
  cdn = await StubCdn.start();
});

afterEach(async () => {
  cdn.answer = { status: 200, body: '{"success":true}' };
  await Promise.all(apps.splice(0).map((app) => app.close()));
  await cdn.stop();
});

async function boot(options: Partial<EdgeAppOptions> = {}): ReturnType<typeof edgeApp> {
  const booted = await edgeApp({ adapter: 'Express', cdn: cdn.url, ...options });
  apps.push(booted.app);
  return booted;
}

/** The tags that were purged, once nothing waits any more. */
async function purged(app: INestApplication): Promise<readonly string[]> {
  await until(() => app.get(CdnPurger).state()?.waiting === 0, 'the purges');
  return cdn.purged;
}

async function tagsOf(url: string): Promise<readonly string[]> {
  const { headers } = await fetch(url);
  return (headers.get('cache-tag') ?? '').split(',');
}

describe.each(adapters)('an invalidation on %s', (adapter) => {
  it('purges the tag that the response has at the CDN', async () => {
    const { app, url } = await boot({ adapter, prefix: 'shop' });
    const tags = await tagsOf(`${url}/shop/products/1`);

    await app.get(Cache).invalidateTags('Product:1');

    const [tag] = await purged(app);
    expect(tags).toContain(tag);
    expect(tag).toBe('shop!%50roduct%3a1');
    expect(cdn.requests[0]).toMatchObject({ url: '/zones/zone/purge_cache' });
  });

  it('by a write purges the path and the tags of its method', async () => {
    const { app, url } = await boot({ adapter });
    const [, path = '', ofUrl = ''] = await tagsOf(`${url}/shop/products/1`);

    await fetch(`${url}/shop/products/1`, { method: 'PUT' });

    const all = await purged(app);
    expect(all).toEqual(expect.arrayContaining([path, 'products']));
    expect(all).not.toContain(ofUrl);
  });
});

describe('purges', () => {
  it('include the responses whose tags are unknown or too many', async () => {
    const { app, url } = await boot();
    const tags = await tagsOf(`${url}/shop/many`);

    await app.get(Cache).invalidateTags('tag-1');

    expect(await purged(app)).toEqual(['tag-1', '!many']);
    expect(tags).toContain('!many');
  });

  it('follow the commit of a transaction, and not a rollback', async () => {
    const { app } = await boot();
    const cache = app.get(Cache);

    await deferInvalidations(async () => {
      await cache.invalidateTags('rolled-back');
      throw new Error('rollback');
    }).catch(() => undefined);
    await deferInvalidations(async () => {
      await cache.invalidateTags('committed');
      expect(app.get(CdnPurger).state()?.waiting).toBe(0);
    });

    expect(app.get(CdnPurger).state()?.waiting).toBe(2);
    expect(await purged(app)).toEqual(['committed', '!many']);
  });

  it('follow an invalidation that covers the responses: not one of another namespace', async () => {
    const { app } = await boot();
    const cache = app.get(Cache);

    await cache.namespace('tenant-1').invalidateTags('products');
    await cache.namespace('tenant-1').clear();
    await cache.invalidatePattern('user:*');
    await cache.delete('key');
    await cache.namespace('http').invalidateTags('responses');

    expect(await purged(app)).toEqual(['responses', '!many']);
  });

  it('follow clear(): every response', async () => {
    const { app, url } = await boot({ prefix: 'shop' });
    const tags = await tagsOf(`${url}/shop/shared`);

    await app.get(Cache).clear();

    expect(await purged(app)).toEqual(['shop!!all']);
    expect(tags).toContain('shop!!all');
  });

  it('are made by the instance that invalidated, and no other', async () => {
    const own = await StubCdn.start();
    const cache = { redisUrl: testRedisUrl(), keyPrefix: `test-${randomUUID()}` };
    const here = await boot({ cache });
    const there = await boot({ cache, cdn: own.url });
    for (const { app } of [here, there]) await armed(app.get<RedisCache>(Cache));
    const shared = async (): Promise<string> => (await fetch(`${there.url}/shop/shared`)).text();
    const first = await shared();

    await here.app.get(Cache).invalidateTags('shared');

    expect(await purged(here.app)).toEqual(['shared', '!many']);
    // The other instance has heard of the invalidation.
    await until(async () => (await shared()) !== first);
    expect(own.requests).toEqual([]);
    await own.stop();
  });

  it('are repeated when Redis is back, since other instances served older responses meanwhile', async () => {
    const server = await startRedisServer({ own: true });
    const { app } = await boot({ cache: { redisUrl: server.url } });
    const cache = await armed(app.get<RedisCache>(Cache));
    await server.stop();
    await until(async () => (await cache.health()).status === 'degraded');
    await cache.invalidateTags('products');
    expect(await purged(app)).toEqual(['products', '!many']);

    await server.start();

    await until(() => cdn.purged.length === 4, 'the second purge', 20_000);
    expect(cdn.purged).toEqual(['products', '!many', 'products', '!many']);
    await app.close();
    await server.stop();
  });
});

describe('a CDN that refuses', () => {
  const refusal = { status: 403, body: 'token-that-stays-secret is not allowed' };

  it('shows in health, without the token, until it accepts', async () => {
    const { app } = await boot();
    const health = app.get(CdnHealthIndicator);
    expect(health.check()).toEqual({
      cdn: { status: 'up', state: 'up', waiting: 0, oldestMs: 0, givenUp: 0 },
    });
    cdn.answer = refusal;

    await app.get(Cache).invalidateTags('products');

    await until(() => health.check().cdn.state === 'degraded');
    const { cdn: details } = health.check();
    expect(details).toMatchObject({ status: 'degraded', waiting: 2 });
    expect(details.lastError).toMatch(/^Cloudflare refused the purge with status 403: \*\*\* is not allowed/);

    cdn.answer = { status: 200, body: '{"success":true}' };
    await until(() => health.check('edge').edge.state === 'up');
    expect(health.check().cdn.waiting).toBe(0);
  });

  it('has its purges at the end of the application, once it accepts', async () => {
    const { app } = await boot();
    cdn.answer = { ...refusal, status: 503, headers: { 'Retry-After': '3600' } };
    await app.get(Cache).invalidateTags('products');
    await until(() => app.get(CdnPurger).state()?.lastError !== undefined);
    cdn.answer = { status: 200, body: '{"success":true}' };

    await app.close();

    expect(cdn.purged).toEqual(['products', '!many', 'products', '!many']);
  });

  it('holds up the end of the application no longer than shutdownTimeout', async () => {
    const { app } = await boot({ shutdownTimeout: '50ms' });
    cdn.answer = refusal;
    await app.get(Cache).invalidateTags('products');
    const start = performance.now();

    await app.close();

    expect(performance.now() - start).toBeLessThan(4000);
    expect(app.get(CdnPurger).state()?.waiting).toBe(2);
  });
});

it('without a CDN to purge, responses have tags and nothing waits', async () => {
  const { app, url } = await edgeApp({ adapter: 'Fastify', headers: ['Edge-Cache-Tag'] });
  const { headers } = await fetch(`${url}/shop/shared`);

  await app.get(Cache).invalidateTags('shared');

  expect(headers.get('edge-cache-tag')).toContain('shared');
  expect(app.get(CdnPurger).state()).toBeUndefined();
  expect(app.get(CdnHealthIndicator).check().cdn.status).toBe('up');
  await app.close();
});
