import type { ServerResponse } from 'node:http';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { APP_INTERCEPTOR } from '@nestjs/core';
import type { INestApplication } from '@nestjs/common';
import { CacheInfraModule, HttpCacheInterceptor } from 'nestjs-cache-infra';
import { CdnModule } from 'nestjs-cache-infra/cdn';

import { edgeApp, ShopController } from '../support/edge-app.js';
import { adapters, ask, handling, type AdapterName, type Reply } from '../support/http-cache-app.js';

describe.each(adapters)('the edge tags of responses on %s', (adapter) => {
  let app: INestApplication;
  let url: string;
  beforeAll(async () => {
    ({ app, url } = await edgeApp({ adapter, headers: ['Cache-Tag', 'Surrogate-Key'], prefix: 'shop' }));
  });
  afterAll(() => app.close());

  const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    ask(`${url}/shop/${path}`, headers, method);
  const tagsOf = (response: Response) => response.headers.get('cache-tag');

  it('are those of the entry, in each header', async () => {
    const response = await get('products/1');

    const tags = tagsOf(response)?.split(',') ?? [];
    expect(tags.slice(0, 1)).toEqual(['shop!!all']);
    expect(tags.slice(3)).toEqual(['shop!products', 'shop!%50roduct%3a1']);
    // The path and the URL, which a write to them invalidates.
    expect(tags.slice(1, 3)).toEqual([
      expect.stringMatching(/^shop!path%3a/),
      expect.stringMatching(/^shop!url%3a/),
    ]);
    expect(response.headers.get('surrogate-key')).toBe(tags.join(' '));
  });

  it('are the same on a hit, a 304, and HEAD with and without a stored response', async () => {
    const headOfMiss = await get('products/2', {}, 'HEAD');
    const first = await get('products/2');
    const hit = await get('products/2');
    const notModified = await get('products/2', {
      'If-None-Match': first.headers.get('etag') ?? '',
    });
    const head = await get('products/2', {}, 'HEAD');

    expect(handling(hit)).toContain('; hit');
    expect(notModified.status).toBe(304);
    expect(handling(head)).toContain('; hit');
    expect(tagsOf(first)).toContain('shop!products');
    expect([headOfMiss, hit, notModified, head].map(tagsOf)).toEqual(Array(4).fill(tagsOf(first)));
  });

  it.each([
    ['a user', 'products/3', { Cookie: 'user=a' }],
    ['an API key', 'products/3', { 'X-Api-Key': 'k' }],
    ['one user, by Cache-Control', 'private', {}],
    ['a new session', 'cookie', {}],
  ])('are absent from a response for %s, stored or not', async (_, path, headers) => {
    expect([tagsOf(await get(path, headers)), tagsOf(await get(path, headers))]).toEqual([null, null]);
  });

  it('are absent from an error that the route does not store', async () => {
    const response = await get('products/none');

    expect(response.status).toBe(404);
    expect(tagsOf(response)).toBeNull();
  });

  it.each([
    ['with a cookie, if all users get it', 'shared', { Cookie: 'user=a' }, 'shop!shared'],
    ['with a stored error', 'missing', {}, 'shop!missing'],
    ['that is streamed', 'stream', {}, 'shop!file'],
    ['with class instances', 'instances', {}, 'shop!lamps'],
    ['to a request with Range', 'products/4', { Range: 'bytes=0-1' }, 'shop!products'],
    ['to a request with no-store', 'products/4', { 'Cache-Control': 'no-store' }, 'shop!products'],
    ['with a lifetime on a route without @HttpCache()', 'undecorated', {}, 'shop!path'],
  ])('are on a response %s', async (_, path, headers, expected) => {
    expect(tagsOf(await get(path, headers))).toContain(expected);
  });

  it('are added to those of the handler, also where `headers` leaves that one out', async () => {
    const responses = [await get('own'), await get('own')];

    expect(handling(responses[1] as Response)).toContain('; hit');
    for (const response of responses)
      expect(tagsOf(response)).toMatch(/^theirs,more,shop!!all,.*,shop!ours$/);
  });

  it('are absent where the route says so', async () => {
    expect(tagsOf(await get('opted-out'))).toBeNull();
  });

  it.each([
    ['too many', 'many'],
    ['unknown, because their function failed', 'broken-tags'],
  ])('are replaced by one that every purge includes, if they are %s', async (_, path) => {
    expect(tagsOf(await get(path))).toBe('shop!!all,shop!!many');
  });
});

/** As express-session, which sets its cookie inside of the `writeHead()` that it replaced before the handler ran. */
function startsSession(raw: ServerResponse): void {
  const writeHead = raw.writeHead.bind(raw) as (...args: unknown[]) => ServerResponse;
  raw.writeHead = (...args: unknown[]) => {
    raw.setHeader('Set-Cookie', 'session=1');
    return writeHead(...args);
  };
}

interface Hooks {
  addHook(name: 'onSend', hook: (request: unknown, reply: Reply, payload: unknown) => Promise<unknown>): void;
}

describe.each<[what: string, adapter: AdapterName, prepare: (app: INestApplication) => void]>([
  [
    'session middleware on Express',
    'Express',
    (app) =>
      app.use((_request: unknown, response: ServerResponse, next: () => void) => {
        startsSession(response);
        next();
      }),
  ],
  [
    'a hook of Fastify',
    'Fastify',
    (app) => {
      (app.getHttpAdapter().getInstance() as Hooks).addHook('onSend', (_request, reply, payload) => {
        reply.header('Set-Cookie', 'session=1');
        return Promise.resolve(payload);
      });
    },
  ],
  [
    'middleware on Fastify',
    'Fastify',
    (app) =>
      app.use((_request: unknown, response: ServerResponse, next: () => void) => {
        startsSession(response);
        next();
      }),
  ],
])('a cookie that %s sets late', (_, adapter, prepare) => {
  it.each(['shared', 'stream'])(
    'takes the edge tags off the response of %s, also off a hit',
    async (path) => {
      const { app, url } = await edgeApp({ adapter, prepare });

      for (let i = 0; i < 3; i++) {
        const { headers } = await fetch(`${url}/shop/${path}`);
        expect(headers.get('set-cookie')).toBe('session=1');
        expect(headers.get('cache-tag')).toBeNull();
      }
      await app.close();
    },
  );
});

describe('without CdnModule', () => {
  it('responses have no edge tags', async () => {
    const module = await Test.createTestingModule({
      imports: [CacheInfraModule.forRoot()],
      controllers: [ShopController],
      providers: [{ provide: APP_INTERCEPTOR, useExisting: HttpCacheInterceptor }],
    }).compile();
    const app = module.createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');

    const { headers } = await fetch(`${await app.getUrl()}/shop/products/1`);

    expect(headers.get('etag')).not.toBeNull();
    expect(headers.get('cache-tag')).toBeNull();
    await app.close();
  });
});

describe('CdnModule', () => {
  it('refuses bad options, each with what to do', async () => {
    const boot = Test.createTestingModule({
      imports: [
        CacheInfraModule.forRoot(),
        CdnModule.forRoot({ headers: [], prefix: 'x'.repeat(61), maxTags: 1, maxAge: 0 }),
      ],
    }).compile();

    await expect(boot).rejects.toThrow(
      'CdnModule: headers must be a non-empty list of header names, got an array; prefix must not exceed 60 bytes after percent-encoding, has 61',
    );
  });

  it('says that it needs a cache', async () => {
    const module = await Test.createTestingModule({ imports: [CdnModule.forRoot({})] }).compile();

    await expect(module.init()).rejects.toThrow(
      'CdnModule: the application needs CacheInfraModule.forRoot(), too',
    );
  });
});
