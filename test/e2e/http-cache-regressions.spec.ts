import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, Req, Res, UseInterceptors } from '@nestjs/common';
import { Cacheable, HttpCache, HttpCacheInterceptor, type CacheContext } from 'nestjs-cache-infra';

import { until } from '../support/until.js';
import {
  adapters,
  appsOfTest,
  handling,
  Origin,
  type AppRequest,
  type BootOptions,
  type Reply,
  type TestApp,
} from '../support/http-cache-app.js';

const bootApp = appsOfTest();

function boot(options: Omit<BootOptions, 'tier'>): Promise<TestApp> {
  return bootApp({ tier: 'memory', ...options });
}

@Controller('items')
class ItemsController {
  constructor(private readonly origin: Origin) {}

  @Get(':id')
  @HttpCache({ ttl: 10, staleIfError: 3600 })
  item(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }
}

describe.each(adapters)('responses that a handler begins to share, on %s', (adapter) => {
  const ann = { cookie: 's=ann' };

  async function sharedFromNowOn(): Promise<TestApp> {
    const app = await boot({ adapter, controllers: [ItemsController] });
    let runs = 0;
    app.origin.script = () => `v${String(++runs)}`;
    expect(await (await app.fetch('/items/1', ann)).text()).toBe('v1');
    app.origin.script = (_request, reply) => {
      reply.header('Cache-Control', 'public, max-age=60');
      return `v${String(++runs)}`;
    };
    return app;
  }

  it('a user gets the most recent of those that suit (RFC 9111 §4)', async () => {
    const app = await sharedFromNowOn();
    app.clock.advance(5000);
    expect(await (await app.fetch('/items/1')).text()).toBe('v2');
    expect(await (await app.fetch('/items/1', { cookie: 's=bob' })).text()).toBe('v2');
    expect(await (await app.fetch('/items/1', ann)).text()).toBe('v2');
  });

  it('a stale one of a user does not hide a fresh one for all', async () => {
    const app = await sharedFromNowOn();
    app.clock.advance(11_000);
    await app.fetch('/items/1');
    const only = await app.fetch('/items/1', { ...ann, 'cache-control': 'only-if-cached' });
    expect([only.status, handling(only)]).toEqual([200, expect.stringContaining('hit')]);
  });
});

type Hook = (request: AppRequest, reply: unknown, done: () => void) => void;

describe('the origin is what the application says it is', () => {
  const fromProxy = (request: AppRequest) => request.headers['x-edge-proto'] ?? 'http';
  const overrides: [string, BootOptions['adapter'], NonNullable<BootOptions['prepare']>][] = [
    [
      'a getter on the requests of Express',
      'Express',
      (app) => {
        const express = app.getHttpAdapter().getInstance() as { request: object };
        Object.defineProperty(express.request, 'protocol', {
          configurable: true,
          get(this: AppRequest) {
            return fromProxy(this);
          },
        });
      },
    ],
    [
      'middleware',
      'Express',
      (app) =>
        app.use((request: AppRequest, _response: unknown, next: () => void) => {
          Object.defineProperty(request, 'protocol', { value: fromProxy(request) });
          next();
        }),
    ],
    [
      'a hook of Fastify',
      'Fastify',
      (app) => {
        const fastify = app.getHttpAdapter().getInstance() as { addHook(name: string, hook: Hook): void };
        fastify.addHook('onRequest', (request, _reply, done) => {
          Object.defineProperty(request, 'protocol', { value: fromProxy(request) });
          done();
        });
      },
    ],
  ];

  it.each(overrides)('by %s', async (_, adapter, prepare) => {
    const app = await boot({ adapter, controllers: [ItemsController], prepare });
    app.origin.script = (request) => `${(request as AppRequest & { protocol: string }).protocol}://link`;
    for (const proto of ['http', 'https', 'http']) {
      const response = await app.fetch('/items/1', { 'x-edge-proto': proto });
      expect(await response.text()).toBe(`${proto}://link`);
    }
  });
});

/** A fact with a default: what does not know its request would share with all. */
const vary = { tenant: ({ request }: CacheContext) => request?.headers['x-tenant'] ?? 'default' };

@Injectable()
class Greetings {
  runs = 0;

  @Cacheable({ key: 'greeting', vary: ['tenant'], ttl: 5 })
  async of(tenant: string): Promise<string> {
    this.runs++;
    return Promise.resolve(tenant);
  }
}

@Injectable()
class GreetingsBase {
  constructor(protected readonly greetings: Greetings) {}

  @Get()
  @HttpCache({ ttl: 10, staleWhileRevalidate: 60, vary: ['x-tenant'] })
  greeting(@Req() request: AppRequest): Promise<string> {
    return this.greetings.of(String(request.headers['x-tenant']));
  }
}

@Controller('greeting')
class GreetingsController extends GreetingsBase {}

@Controller('greeting')
@UseInterceptors(HttpCacheInterceptor)
class BindingController extends GreetingsBase {}

describe.each(adapters)('a response that is made anew behind the scenes, on %s', (adapter) => {
  it.each([
    ['for the application', GreetingsController, true],
    ['by a controller', BindingController, false],
  ] as const)('is made for the user who asked, bound %s', async (_, controller, bound) => {
    const app = await boot({
      ...{ adapter, bound, controllers: [controller], more: [Greetings] },
      cache: { vary },
    });
    const greetings = app.app.get(Greetings);
    const ask = async (tenant: string) => (await app.fetch('/greeting', { 'x-tenant': tenant })).text();
    expect([await ask('a'), await ask('b')]).toEqual(['a', 'b']);
    app.clock.advance(11_000);
    for (const [index, tenant] of ['a', 'b'].entries()) {
      expect(await ask(tenant)).toBe(tenant);
      await until(() => greetings.runs === 3 + index, 'the run behind the scenes');
    }
    await until(async () => {
      const response = await app.fetch('/greeting', { 'x-tenant': 'b' });
      return response.headers.get('age') === '0';
    }, 'the new response');
    expect([await ask('a'), await ask('b')]).toEqual(['a', 'b']);
  });
});
