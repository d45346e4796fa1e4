import { describe, expect, it, jest } from '@jest/globals';
import {
  ClassSerializerInterceptor,
  Controller,
  Get,
  Logger,
  Req,
  Res,
  SerializeOptions,
  StandardSchemaSerializerInterceptor,
  type CallHandler,
  type INestApplication,
  type NestInterceptor,
  type Provider,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { Exclude, instanceToPlain } from 'class-transformer';
import { Cache, HttpCache, HttpCacheInterceptor } from 'nestjs-cache-infra';
import { map, tap } from 'rxjs';

import {
  adapters,
  appsOfTest,
  handling,
  matrix,
  Origin,
  type AppRequest,
  type BootOptions,
  type Reply,
  type TestApp,
} from '../support/http-cache-app.js';

const bootApp = appsOfTest();

class User {
  readonly id = 1;
  @Exclude() readonly password = 'secret';
}

/** Takes what has a `createdAt` that is a Date, and gives on nothing else of it. */
const schema = {
  '~standard': {
    version: 1 as const,
    vendor: 'tests',
    validate: (value: unknown) => {
      const { createdAt } = value as { createdAt: unknown };
      return createdAt instanceof Date
        ? { value: { createdAt } }
        : { issues: [{ message: 'expected date' }] };
    },
  },
};

@Controller('users')
class UsersController {
  constructor(private readonly origin: Origin) {}

  @Get('one')
  @HttpCache({ ttl: '1m' })
  one(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Get('plain')
  @HttpCache({ ttl: '1m', plain: true })
  plain(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Get('schema')
  @HttpCache({ ttl: '1m', plain: true })
  @SerializeOptions({ schema })
  bySchema(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }
}

class Envelope implements NestInterceptor {
  intercept(_context: unknown, next: CallHandler) {
    return next.handle().pipe(map((data: unknown) => ({ data: instanceToPlain(data) })));
  }
}

async function boot(options: Partial<BootOptions>): Promise<TestApp> {
  const test = await bootApp({
    adapter: 'Express',
    tier: 'memory',
    controllers: [UsersController],
    ...options,
  });
  test.origin.script = () => new User();
  return test;
}

/** The interceptor, outside of the cache. */
function outside(interceptor: Partial<Provider>): Partial<BootOptions> {
  return {
    bound: false,
    more: [
      { provide: APP_INTERCEPTOR, ...interceptor } as Provider,
      { provide: APP_INTERCEPTOR, useExisting: HttpCacheInterceptor },
    ],
  };
}

/** Text and status of two answers. */
async function twice(app: TestApp, path: string): Promise<readonly (readonly [number, string])[]> {
  const answers = [await app.fetch(path), await app.fetch(path)];
  return Promise.all(answers.map(async (answer) => [answer.status, await answer.text()] as const));
}

describe.each(adapters)('T66: an interceptor outside of the cache that acts by class, on %s', (adapter) => {
  it.each([
    ['globally, as a class', outside({ useClass: Envelope })],
    ['globally, as an object', outside({ useValue: new Envelope() })],
  ])('%s: gets the objects of the handler, which are not stored', async (_how, options) => {
    const app = await boot({ adapter, ...options });
    expect(await twice(app, '/users/one')).toEqual([
      [200, '{"data":{"id":1}}'],
      [200, '{"data":{"id":1}}'],
    ]);
    expect(handling(await app.fetch('/users/one'))).toContain('detail=class-instances');
    expect(app.app.get(Cache).stats().size).toBe(0);
  });

  it.each([
    ['a list of them', () => [new User()], [{ id: 1 }]],
    ['one deep inside', () => ({ page: { owner: new User() } }), { page: { owner: { id: 1 } } }],
    ['one in a Map', () => ({ users: new Map([['ann', new User()]]) }), undefined],
  ])('%s: none of them is stored', async (_what, make, data) => {
    const app = await boot({ adapter, ...outside({ useClass: Envelope }) });
    app.origin.script = make;
    const [first, second] = await twice(app, '/users/one');
    expect(second).toEqual(first);
    if (data !== undefined) expect(JSON.parse(second?.[1] ?? '')).toEqual({ data });
    expect(app.origin.requests).toHaveLength(2);
  });

  it('plain objects are stored, with their dates and bytes as such', async () => {
    const seen: unknown[] = [];
    const watching: NestInterceptor = {
      intercept: (_context, next) =>
        next.handle().pipe(
          tap((value: { at: Date; tags: Set<string> }) => {
            seen.push({ ...value, at: new Date(value.at), tags: new Set(value.tags) });
            value.at.setTime(1);
            value.tags.clear();
          }),
          map(() => 'sent'),
        ),
    };
    const app = await boot({ adapter, ...outside({ useValue: watching }) });
    const answer = () => ({
      at: new Date(0),
      tags: new Set(['a']),
      bytes: Buffer.from('x'),
      none: undefined,
    });
    app.origin.script = answer;
    for (let i = 0; i < 3; i++) await app.fetch('/users/one');
    expect(seen).toStrictEqual([answer(), answer(), answer()]);
    expect(app.origin.requests).toHaveLength(1);
  });

  it('where the route says plain: true, they are stored as their JSON', async () => {
    const app = await boot({ adapter, ...outside({ useClass: Envelope }) });
    await twice(app, '/users/plain');
    expect(app.origin.requests).toHaveLength(1);
  });
});

describe('T66: code of the application that sends the answer', () => {
  interface Sending {
    json(body: unknown): unknown;
  }
  const express = (app: INestApplication) =>
    app.getHttpAdapter().getInstance() as { set(name: string, value: unknown): void; response: Sending };
  const fastify = (app: INestApplication) =>
    app.getHttpAdapter().getInstance() as {
      addHook(name: string, hook: unknown): void;
      setReplySerializer(serialize: (payload: unknown) => string): void;
    };
  const isUser = (it: unknown) => it instanceof User;

  it.each<[string, BootOptions['adapter'], NonNullable<BootOptions['prepare']>]>([
    [
      'a res.json() of all responses',
      'Express',
      (app) => {
        const { response } = express(app);
        const json = response.json;
        response.json = function (this: unknown, body: unknown) {
          return json.call(this, instanceToPlain(body));
        };
      },
    ],
    [
      'a replacer',
      'Express',
      (app) =>
        express(app).set('json replacer', (_name: string, it: unknown) =>
          isUser(it) ? instanceToPlain(it) : it,
        ),
    ],
    [
      'a hook before serialization',
      'Fastify',
      (app) =>
        fastify(app).addHook(
          'preSerialization',
          async (_request: unknown, _reply: unknown, payload: unknown) =>
            Promise.resolve(instanceToPlain(payload)),
        ),
    ],
    [
      'a serializer',
      'Fastify',
      (app) => fastify(app).setReplySerializer((payload) => JSON.stringify(instanceToPlain(payload))),
    ],
  ])('%s on %s: gets the objects of the handler', async (_what, adapter, prepare) => {
    const app = await boot({ adapter, prepare });
    expect(await twice(app, '/users/one')).toEqual([
      [200, '{"id":1}'],
      [200, '{"id":1}'],
    ]);
  });

  it('spaces in JSON are no such code', async () => {
    const app = await boot({ prepare: (it) => express(it).set('json spaces', 1) });
    app.origin.script = () => ({
      at: new Date(0),
      of: new (class Money {
        readonly cents = 5;
      })(),
    });
    const [first, second] = await twice(app, '/users/one');
    expect(second).toEqual(first);
    expect(app.origin.requests).toHaveLength(1);
  });
});

describe.each(matrix)('T70: a serializer of Nest outside of the cache, on %s with %s', (adapter, tier) => {
  it('that goes by a schema: gets the dates of the handler as dates', async () => {
    const app = await boot({ adapter, tier, ...outside({ useClass: StandardSchemaSerializerInterceptor }) });
    app.origin.script = () => ({ createdAt: new Date(0), secret: 1 });
    expect(await twice(app, '/users/schema')).toEqual([
      [200, '{"createdAt":"1970-01-01T00:00:00.000Z"}'],
      [200, '{"createdAt":"1970-01-01T00:00:00.000Z"}'],
    ]);
    expect(app.origin.requests).toHaveLength(1);
  });

  it.each([ClassSerializerInterceptor, StandardSchemaSerializerInterceptor])(
    '%p: is not overruled by plain: true',
    async (serializer) => {
      const app = await boot({ adapter, tier, ...outside({ useClass: serializer }) });
      await twice(app, '/users/plain');
      expect(handling(await app.fetch('/users/plain'))).toContain('detail=class-instances');
    },
  );
});

describe('T66: an answer that is not stored because of its classes', () => {
  it('is told once for each route, with the class, the interceptor and the ways out', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
    try {
      const app = await boot(outside({ useClass: Envelope }));
      await twice(app, '/users/one');
      const said = warn.mock.calls.map(([message]) => String(message));
      expect(said.filter((message) => message.includes('lose their class'))).toEqual([
        'UsersController.one returns objects (User) that would lose their class in the cache, and Envelope may depend on the class: these responses are not stored. Return plain objects, or bind HttpCacheInterceptor outside of Envelope; or set @HttpCache({ plain: true }) if the response is the same without the class',
      ]);
    } finally {
      warn.mockRestore();
    }
  });
});
