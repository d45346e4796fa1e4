import { request as httpRequest, type ServerResponse } from 'node:http';

import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Req, Res, type INestApplication, type NestInterceptor } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { Cache, HttpCache, HttpCacheInterceptor } from 'nestjs-cache-infra';
import { mergeMap, tap } from 'rxjs';

import { deferred } from '../support/deferred.js';
import { until } from '../support/until.js';
import {
  appsOfTest,
  handling,
  Origin,
  type AdapterName,
  type AppRequest,
  type BootOptions,
  type Reply,
  type TestApp,
} from '../support/http-cache-app.js';

const bootApp = appsOfTest();

@Controller('pages')
class PagesController {
  constructor(private readonly origin: Origin) {}

  @Get('personal')
  @HttpCache({ ttl: '1m', staleWhileRevalidate: '1h' })
  personal(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Get('shared')
  @HttpCache({ ttl: '1m', shared: true, staleWhileRevalidate: '1h' })
  shared(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }
}

interface Fastify {
  decorateReply(name: string, value: unknown): void;
  addHook(name: 'onSend' | 'onRequest', hook: (...args: never[]) => unknown): void;
}

/** A reply of Fastify, as plug-ins see it. */
interface FastifyReply {
  header(name: string, value: unknown): unknown;
  readonly raw: ServerResponse;
}

interface QueueingReply extends FastifyReply {
  setCookie(name: string, value: string): unknown;
}

const fastify = (app: INestApplication) => app.getHttpAdapter().getInstance() as Fastify;

/** As `@fastify/cookie`: `setCookie()` queues, and `onSend` writes the header. */
function queueingCookies(app: INestApplication): void {
  const queue = Symbol('fastify.reply.setCookies');
  const flush = (reply: FastifyReply & { [queue]: Map<string, string> }) => {
    for (const [name, value] of reply[queue]) reply.header('Set-Cookie', `${name}=${value}`);
    reply[queue].clear();
  };
  fastify(app).decorateReply(
    'setCookie',
    function (this: { [queue]: Map<string, string> }, name: string, value: string) {
      this[queue].set(name, value);
    },
  );
  fastify(app).addHook('onRequest', (_request: never, reply: { [queue]: unknown }, done: () => void) => {
    reply[queue] = new Map();
    done();
  });
  fastify(app).addHook(
    'onSend',
    (_request: never, reply: never, payload: unknown, done: (...args: unknown[]) => void) => {
      flush(reply);
      done(null, payload);
    },
  );
}

const setsCookie = (raw: ServerResponse) => raw.setHeader('Set-Cookie', 'late=1');

/** Where something sets a cookie after the handler has answered. */
const latecomers: readonly [what: string, adapter: AdapterName, Partial<BootOptions>][] = [
  [
    'a hook of Fastify',
    'Fastify',
    {
      prepare: (app) =>
        fastify(app).addHook('onSend', async (_request: never, reply: FastifyReply, payload: unknown) => {
          await new Promise((resolve) => setImmediate(resolve));
          reply.header('Set-Cookie', 'late=1');
          return payload;
        }),
    },
  ],
  ['middleware on Fastify', 'Fastify', { prepare: (app) => app.use(patchingWriteHead) }],
  ['session middleware, as the headers go', 'Express', { prepare: (app) => app.use(patchingWriteHead) }],
  [
    'middleware, as the response ends',
    'Express',
    {
      prepare: (app) =>
        app.use((_request: never, raw: ServerResponse, next: () => void) => {
          const end = raw.end.bind(raw) as (...args: unknown[]) => ServerResponse;
          raw.end = ((...args: unknown[]) => {
            setsCookie(raw);
            return end(...args);
          }) as typeof raw.end;
          next();
        }),
    },
  ],
  ...(['Express', 'Fastify'] as const).map((adapter): [string, AdapterName, Partial<BootOptions>] => [
    'an interceptor outside of the cache',
    adapter,
    {
      bound: false,
      more: [
        { provide: APP_INTERCEPTOR, useValue: cookieSetting() },
        { provide: APP_INTERCEPTOR, useExisting: HttpCacheInterceptor },
      ],
    },
  ]),
];

/** As the package `on-headers`. */
function patchingWriteHead(_request: unknown, raw: ServerResponse, next: () => void): void {
  const writeHead = raw.writeHead.bind(raw) as (...args: unknown[]) => ServerResponse;
  raw.writeHead = (...args: unknown[]) => {
    setsCookie(raw);
    return writeHead(...args);
  };
  next();
}

function cookieSetting(): NestInterceptor {
  return {
    intercept: (context, next) =>
      next.handle().pipe(
        tap(() => {
          context.switchToHttp().getResponse<Reply>().header('Set-Cookie', 'late=1');
        }),
      ),
  };
}

async function boot(adapter: AdapterName, options: Partial<BootOptions>): Promise<TestApp> {
  const test = await bootApp({ tier: 'memory', controllers: [PagesController], adapter, ...options });
  let runs = 0;
  test.origin.script = () => `token of session s${String(++runs)}`;
  return test;
}

const visitors = [{}, { cookie: 'consent=yes' }];
const paths = ['/pages/personal', '/pages/shared'];
const everybody = paths.flatMap((path) => visitors.map((headers) => [path, headers] as const));

describe('T65: a cookie that the handler queues keeps its answer out of the cache, on Fastify', () => {
  it.each(everybody)('%s asked with %j', async (path, headers) => {
    const app = await boot('Fastify', { prepare: queueingCookies });
    let runs = 0;
    app.origin.script = (_request, reply) => {
      (reply as unknown as QueueingReply).setCookie('session', `s${String(++runs)}`);
      return `token of session s${String(runs)}`;
    };
    const answers = [await app.fetch(path, headers), await app.fetch(path, headers)];
    expect(await Promise.all(answers.map((answer) => answer.text()))).toEqual([
      'token of session s1',
      'token of session s2',
    ]);
    expect(answers[1]?.headers.get('set-cookie')).toBe('session=s2');
    expect(handling(answers[0] as Response)).toContain('detail=set-cookie');
  });

  it('and out of the background', async () => {
    const app = await boot('Fastify', { prepare: queueingCookies });
    const [path] = paths as [string];
    await app.fetch(path);
    app.clock.advance(61_000);
    let runs = 1;
    app.origin.script = (_request, reply) => {
      (reply as unknown as QueueingReply).setCookie('session', 's2');
      return `token of session s${String(++runs)}`;
    };
    for (let asked = 1; asked < 4; asked++) {
      expect(await (await app.fetch(path)).text()).toBe('token of session s1');
      await until(() => runs === asked + 1, 'the run in the background');
    }
  });
});

describe.each(latecomers)('T65: a cookie that is set late, by %s on %s', (_what, adapter, options) => {
  it.each(everybody)('keeps the answer out of the cache: %s asked with %j', async (path, headers) => {
    const app = await boot(adapter, options);
    const answers = [await app.fetch(path, headers), await app.fetch(path, headers)];
    expect(await Promise.all(answers.map((answer) => answer.text()))).toEqual([
      'token of session s1',
      'token of session s2',
    ]);
    expect(answers.map((answer) => answer.headers.get('set-cookie'))).toEqual(['late=1', 'late=1']);
    expect(app.app.get(Cache).stats().size).toBe(0);
  });

  it.each(paths)('keeps the answer from those who ask for %s at the same time', async (path) => {
    const app = await boot(adapter, options);
    const gate = deferred();
    let runs = 0;
    app.origin.script = async () => {
      const run = ++runs;
      await gate.promise;
      return `token of session s${String(run)}`;
    };
    const headers = { cookie: 'consent=yes' };
    const asked = [1, 2, 3].map(async () => (await app.fetch(path, headers)).text());
    await until(() => app.app.get(Cache).stats().coalesced === 2, 'those who wait');
    gate.resolve();
    expect(new Set(await Promise.all(asked)).size).toBe(3);
  });
});

describe('T65: where something may set a cookie and does not', () => {
  const silent: readonly [AdapterName, Partial<BootOptions>][] = [
    ['Fastify', { prepare: queueingCookies }],
    [
      'Express',
      {
        prepare: (app) =>
          app.use((_request: never, raw: ServerResponse, next: () => void) => {
            raw.writeHead = raw.writeHead.bind(raw);
            next();
          }),
      },
    ],
  ];

  it.each(silent)('%s: the answer is stored once its headers have gone', async (adapter, options) => {
    const app = await boot(adapter, options);
    const first = await app.fetch('/pages/personal');
    expect(handling(first)).toMatch(/fwd=uri-miss; ttl=60; key=".*"; detail=stored-after-headers$/);
    await until(async () => handling(await app.fetch('/pages/personal')).includes('; hit'), 'a hit');
    expect(app.origin.requests).toHaveLength(1);
  });

  it('a client that leaves before the headers go leaves nothing behind, and keeps nobody waiting', async () => {
    const held = deferred();
    const app = await boot('Express', {
      bound: false,
      more: [
        { provide: APP_INTERCEPTOR, useValue: holding(held.promise) },
        { provide: APP_INTERCEPTOR, useExisting: HttpCacheInterceptor },
      ],
    });
    const leaving = httpRequest(`${app.url}/pages/shared`);
    leaving.on('error', () => undefined).end();
    await until(() => app.origin.requests.length === 1, 'the handler');
    leaving.destroy();
    const other = app.fetch('/pages/shared');
    await until(() => app.origin.requests.length === 2, 'the handler, for the other');
    held.resolve();
    expect(await (await other).text()).toBe('token of session s2');
  });
});

function holding(until: Promise<void>): NestInterceptor {
  return {
    intercept: (_context, next) =>
      next.handle().pipe(
        mergeMap(async (value: unknown) => {
          await until;
          return value;
        }),
      ),
  };
}

describe('T65: a stale answer that goes out with a cookie', () => {
  it('is not made anew for the session that the cookie began', async () => {
    let sets = false;
    const app = await boot('Express', {
      prepare: (it) =>
        it.use((_request: unknown, raw: ServerResponse, next: () => void) => {
          if (sets) patchingWriteHead(_request, raw, next);
          else next();
        }),
    });
    await app.fetch('/pages/personal');
    app.clock.advance(61_000);
    sets = true;
    const stale = await app.fetch('/pages/personal');
    expect([await stale.text(), stale.headers.get('set-cookie')]).toEqual(['token of session s1', 'late=1']);
    sets = false;
    await app.fetch('/pages/personal', { cookie: 'another' });
    expect(app.origin.requests).toHaveLength(2);
  });
});
