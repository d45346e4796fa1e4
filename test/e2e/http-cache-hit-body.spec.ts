import { afterEach, describe, expect, it } from '@jest/globals';
import {
  Controller,
  Get,
  Header,
  HttpCode,
  Injectable,
  Req,
  Res,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { CacheMonitoringInterceptor, HttpCache, HttpCacheInterceptor } from 'nestjs-cache-infra';
import { map, tap, type Observable } from 'rxjs';

import {
  adapters,
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

@Controller('things')
class ThingsController {
  constructor(private readonly origin: Origin) {}

  @Get(':id')
  @HttpCache({ ttl: 10 })
  thing(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }
}

@Controller('missing')
class MissingController {
  @Get()
  @HttpCode(404)
  @Header('Content-Type', 'text/html')
  @HttpCache({ ttl: 10, statuses: [404] })
  missing(): object {
    return { statusCode: 404, message: 'missing' };
  }
}

@Injectable()
class EnvelopingCacheInterceptor extends HttpCacheInterceptor {
  override intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return super.intercept(context, next).pipe(map((data) => ({ data })));
  }
}

interface Seen {
  readonly status: number;
  readonly type: string | null;
  readonly length: string | null;
  readonly etag: string | null;
  readonly body: string;
}

async function seen(response: Response): Promise<Seen> {
  const { headers, status } = response;
  const body = await response.text();
  return {
    status,
    type: headers.get('content-type'),
    length: headers.get('content-length'),
    etag: headers.get('etag'),
    body,
  };
}

async function boot(adapter: AdapterName, options: Partial<BootOptions> = {}): Promise<TestApp> {
  const test = await bootApp({ tier: 'memory', adapter, controllers: [ThingsController], ...options });
  test.origin.script = () => ({ html: '<b>&</b>', list: [1, { at: new Date(0) }], ümlaut: '✓' });
  return test;
}

/** The answer of the handler, then that of the cache. */
async function twice(app: TestApp, path = '/things/1'): Promise<[miss: Seen, hit: Seen]> {
  const miss = await seen(await app.fetch(path));
  const response = await app.fetch(path);
  expect(handling(response)).toContain('; hit');
  return [miss, await seen(response)];
}

describe.each(adapters)('a hit is sent as the handler’s answer was, on %s', (adapter) => {
  it.each<[string, Parameters<typeof Object.is>[0]]>([
    ['an object', { a: [1, 'ü', null], b: { c: true } }],
    ['an empty object', {}],
    ['an array', [{ a: 1 }, 2]],
    ['a text', 'plain <text>'],
    ['a text that looks like JSON', '{"a": 1}'],
    ['a number', 5],
    ['true', true],
    ['a Date', new Date(0)],
    ['nothing', undefined],
  ])('%s', async (_what, value) => {
    const app = await boot(adapter);
    app.origin.script = () => value;
    const [miss, hit] = await twice(app);
    expect(hit).toEqual(miss);
  });

  it('with the type that the handler gave it', async () => {
    const app = await boot(adapter);
    app.origin.script = (_request, reply) => {
      reply.header('Content-Type', 'application/problem+json');
      return { title: 'no' };
    };
    const [miss, hit] = await twice(app);
    expect(hit).toEqual(miss);
    expect(hit.type).toContain('application/problem+json');
  });

  it('with the status and type that Nest corrects', async () => {
    const app = await boot(adapter, { controllers: [MissingController] });
    const [miss, hit] = await twice(app, '/missing');
    expect(hit).toEqual(miss);
    expect(hit.status).toBe(404);
  });

  it('an interceptor derived from it gets the object, not its text', async () => {
    const app = await boot(adapter, {
      more: [{ provide: APP_INTERCEPTOR, useClass: EnvelopingCacheInterceptor }],
      bound: false,
    });
    const [miss, hit] = await twice(app);
    expect(hit).toEqual(miss);
    expect(JSON.parse(hit.body)).toMatchObject({ data: { html: '<b>&</b>' } });
  });

  it('to HEAD without a body, with the length of the one that GET gets', async () => {
    const app = await boot(adapter);
    const got = await seen(await app.fetch('/things/1'));
    const response = await app.fetch('/things/1', {}, 'HEAD');
    expect(handling(response)).toContain('; hit');
    expect(await seen(response)).toEqual({ ...got, body: '' });
  });

  it('an interceptor around it gets the object, not its text', async () => {
    const binding = { provide: APP_INTERCEPTOR, useExisting: HttpCacheInterceptor };
    const wrapping: NestInterceptor = {
      intercept: (_context, next) => next.handle().pipe(map((data: unknown) => ({ data }))),
    };
    const wrapped = await boot(adapter, {
      more: [{ provide: APP_INTERCEPTOR, useValue: wrapping }, binding],
      bound: false,
    });
    const [miss, hit] = await twice(wrapped);
    expect(hit).toEqual(miss);
    expect(JSON.parse(hit.body)).toMatchObject({ data: { html: '<b>&</b>' } });
  });

  it('bytes that an interceptor around it changes stay in the cache as they were', async () => {
    const seenBytes: string[] = [];
    const spoiling: NestInterceptor = {
      intercept: (_context, next) =>
        next.handle().pipe(
          tap((value: Buffer) => {
            seenBytes.push(value.toString());
            value.fill(0);
          }),
        ),
    };
    const app = await boot(adapter, {
      more: [
        { provide: APP_INTERCEPTOR, useValue: spoiling },
        { provide: APP_INTERCEPTOR, useExisting: HttpCacheInterceptor },
      ],
      bound: false,
    });
    app.origin.script = () => Buffer.from('bytes');
    for (let i = 0; i < 8; i++) await app.fetch('/things/1');
    expect(seenBytes).toEqual(new Array(8).fill('bytes'));
    expect(app.origin.requests).toHaveLength(1);
  });

  it('lists of field values that somebody appends to stay in the cache as they were', async () => {
    const appending: NestInterceptor = {
      intercept: (context, next) =>
        next.handle().pipe(
          tap(() => {
            const reply = context.switchToHttp().getResponse<{ getHeader(name: string): unknown }>();
            (reply.getHeader('x-list') as string[]).push('c');
          }),
        ),
    };
    const app = await boot(adapter, {
      more: [
        { provide: APP_INTERCEPTOR, useValue: appending },
        { provide: APP_INTERCEPTOR, useExisting: HttpCacheInterceptor },
      ],
      bound: false,
    });
    app.origin.script = (_request, reply) => {
      reply.header('X-List', ['a', 'b']);
      return 'text';
    };
    const lists: (string | null)[] = [];
    for (let i = 0; i < 8; i++) lists.push((await app.fetch('/things/1')).headers.get('x-list'));
    expect(lists).toEqual(new Array(8).fill('a, b, c'));
    expect(app.origin.requests).toHaveLength(1);
  });
});

describe('what an application makes of JSON itself, on Express', () => {
  interface Jsonic {
    json(body: unknown): unknown;
  }
  interface Express {
    set(setting: string, value: unknown): void;
    response: Jsonic;
  }
  const restoring: (() => void)[] = [];
  afterEach(() => {
    for (const restore of restoring.splice(0)) restore();
  });
  const express = (app: Parameters<NonNullable<BootOptions['prepare']>>[0]): Express =>
    app.getHttpAdapter().getInstance() as Express;
  const stamped = (json: Jsonic['json']) =>
    function (this: unknown, body: unknown): unknown {
      return json.call(this, { stamp: 1, ...(body as object) });
    };

  it.each<[string, NonNullable<BootOptions['prepare']>, string]>([
    ['json escape', (app) => express(app).set('json escape', true), '\\u003cb\\u003e'],
    ['json spaces', (app) => express(app).set('json spaces', 2), '\n  "html"'],
    [
      'json replacer',
      (app) =>
        express(app).set('json replacer', (name: string, it: unknown) => (name === 'list' ? 'no' : it)),
      '"list":"no"',
    ],
    [
      'a json() of all responses',
      (app) => {
        const { response } = express(app);
        response.json = stamped(response.json);
      },
      '"stamp":1',
    ],
    [
      'a json() of Express itself',
      (app) => {
        const ofExpress = Object.getPrototypeOf(express(app).response) as Jsonic;
        const { json } = ofExpress;
        restoring.push(() => (ofExpress.json = json));
        ofExpress.json = stamped(json);
      },
      '"stamp":1',
    ],
    [
      'a json() of a prototype put before that of a response',
      (app) => {
        app.use((_request: object, response: Jsonic, next: () => void) => {
          const before = Object.create(Object.getPrototypeOf(response) as object) as Jsonic;
          before.json = stamped(response.json);
          Object.setPrototypeOf(response, before);
          next();
        });
      },
      '"stamp":1',
    ],
    [
      'a json() of each response',
      (app) => {
        app.use((_request: object, response: Jsonic, next: () => void) => {
          response.json = stamped(response.json);
          next();
        });
      },
      '"stamp":1',
    ],
    [
      'a reply() of the adapter',
      (app) => {
        const adapter = app.getHttpAdapter();
        const reply = adapter.reply.bind(adapter) as (...args: unknown[]) => unknown;
        Object.assign(adapter, {
          reply: (response: unknown, body: object, status: unknown) =>
            reply(response, { stamp: 1, ...body }, status),
        });
      },
      '"stamp":1',
    ],
  ])('%s has its way with hits, too', async (_what, prepare, expected) => {
    const [miss, hit] = await twice(await boot('Express', { prepare }));
    expect(hit).toEqual(miss);
    expect(hit.body).toContain(expected);
  });
});

@Controller('bound')
@UseInterceptors(HttpCacheInterceptor)
class BoundController {
  constructor(private readonly origin: Origin) {}

  @Get()
  @HttpCache({ ttl: 10 })
  bound(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }
}

describe('an interceptor bound on a controller', () => {
  it('is inside of the global ones, which get the object', async () => {
    const values: unknown[] = [];
    const watching: NestInterceptor = {
      intercept: (_context, next) => next.handle().pipe(tap((value) => values.push(value))),
    };
    const app = await boot('Express', {
      controllers: [BoundController],
      bound: false,
      prepare: (it) => it.useGlobalInterceptors(watching),
    });
    const [miss, hit] = await twice(app, '/bound');
    expect(hit).toEqual(miss);
    expect(values[1]).toStrictEqual(values[0]);
  });
});

// Last: from then on the process attributes what caches do to requests, and no hit is a plain one.
describe.each(adapters)('our own interceptors, on %s', (adapter) => {
  it('change nothing around it', async () => {
    const app = await boot(adapter, {
      more: [
        { provide: APP_INTERCEPTOR, useExisting: CacheMonitoringInterceptor },
        { provide: APP_INTERCEPTOR, useExisting: HttpCacheInterceptor },
      ],
      bound: false,
      cache: { vary: { tenant: () => 'one' } },
    });
    const [miss, hit] = await twice(app);
    expect(hit).toEqual(miss);
  });
});
