import { describe, expect, it, jest } from '@jest/globals';
import {
  Controller,
  Get,
  Logger,
  Patch,
  Req,
  Res,
  VersioningType,
  type CallHandler,
  type ExecutionContext,
  type Type,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { Test } from '@nestjs/testing';
import {
  Cache,
  CacheInfraModule,
  CacheMonitoringInterceptor,
  getCacheToken,
  HttpCache,
  HttpCacheInterceptor,
} from 'nestjs-cache-infra';
import { lastValueFrom, of } from 'rxjs';

import { ownRedisServer } from '../support/redis.js';
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

@Controller()
class PagesController {
  constructor(
    private readonly origin: Origin,
    private readonly cache: Cache,
  ) {}

  @Get('page')
  @HttpCache()
  page(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Get('reading')
  @HttpCache()
  async reading(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): Promise<unknown> {
    await this.cache.get('absent');
    return this.origin.answer(request, reply);
  }
}

@Controller('other')
class OtherCacheController {
  constructor(private readonly origin: Origin) {}

  @Get('page')
  @HttpCache({ cache: 'pages' })
  page(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Patch('page')
  change(): void {
    // What it does is nothing to the cache.
  }
}

interface UserRequest {
  readonly headers: Record<string, string | undefined>;
}

const userOf = (context: ExecutionContext): string => {
  const { headers } = context.switchToHttp().getRequest<UserRequest>();
  const user = headers['x-user'] === undefined ? undefined : { id: headers['x-user'] };
  return (user as { id: string }).id;
};

@Controller('of-users')
class UsersController {
  constructor(private readonly origin: Origin) {}

  @Get('keyed')
  @HttpCache({ key: userOf })
  keyed(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Get('empty')
  @HttpCache({ key: () => '' })
  empty(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Get('tagged')
  @HttpCache({ tags: (context) => [userOf(context)] })
  tagged(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }
}

/** As two files of two versions would have it: one name, one URL. */
function versioned(version: string): Type {
  @Controller({ path: 'versioned', version })
  class VersionedController {
    @Get()
    @HttpCache()
    answer(): string {
      return `version ${version}`;
    }
  }
  return VersionedController;
}

describe.each(adapters)('HttpCacheInterceptor in an application on %s', (adapter) => {
  async function boot(options: Partial<BootOptions>): Promise<TestApp> {
    const app = await bootApp({ adapter, tier: 'memory', controllers: [PagesController], ...options });
    let runs = 0;
    app.origin.script = () => ++runs;
    return app;
  }

  it('refuses to start when a route names a cache that there is not', async () => {
    await expect(boot({ controllers: [OtherCacheController] })).rejects.toThrow(
      "@HttpCache() of OtherCacheController.page uses the cache 'pages', which no CacheInfraModule creates; registered: 'default'",
    );
  });

  it('keeps responses in the cache that the route names, and invalidates them there', async () => {
    const { app, fetch } = await boot({
      controllers: [OtherCacheController],
      cache: { caches: { pages: {} } },
    });
    await fetch('/other/page');
    expect(handling(await fetch('/other/page'))).toContain('hit');
    // The response, and by which fields it is selected.
    expect(app.get<Cache>(getCacheToken('pages')).stats().sets).toBe(2);
    expect(app.get(Cache).stats().sets).toBe(0);

    await fetch('/other/page', {}, 'PATCH');

    expect(handling(await fetch('/other/page'))).toContain('fwd=uri-miss');
  });

  it('runs the handlers when the cache is in trouble', async () => {
    const { app, fetch } = await boot({});
    await app.get(Cache).close();

    const responses = [await fetch('/page'), await fetch('/page')];

    expect(await Promise.all(responses.map((response) => response.text()))).toEqual(['1', '2']);
    expect(handling(responses[1] as Response)).toMatch(/fwd=bypass; key=".*"; detail=cache-error/);
  });

  it.each(['degrade', 'throw'])('runs the handlers when Redis is away, with onError: %s', async (onError) => {
    await using redis = await ownRedisServer();
    const { fetch } = await boot({ cache: { redisUrl: redis.url, onError, enableL1Cache: false } });
    await fetch('/page');
    expect(handling(await fetch('/page'))).toContain('hit');

    await redis.stop();
    const response = await fetch('/page');

    expect([response.status, await response.text()]).toEqual([200, '2']);
  });

  it('tells versions apart that a header chooses', async () => {
    const { fetch } = await boot({
      controllers: [versioned('1'), versioned('2')],
      prepare: (app) => app.enableVersioning({ type: VersioningType.HEADER, header: 'X-Version' }),
    });

    for (const version of ['1', '2', '1', '2']) {
      expect(await (await fetch('/versioned', { 'X-Version': version })).text()).toBe(`version ${version}`);
    }
    expect(handling(await fetch('/versioned', { 'X-Version': '2' }))).toContain('hit');
  });

  it.each([
    [
      'keyed',
      'detail=key-failed',
      /^key of @HttpCache\(\) on UsersController.keyed failed, so the handler responds without the cache: Cannot read/,
    ],
    [
      'empty',
      'detail=key-failed',
      /^key of @HttpCache\(\) on UsersController.empty failed, .*: must return a non-empty string, returned ''$/,
    ],
    ['tagged', 'detail=cache-error', /^tags of @HttpCache\(\) on UsersController.tagged failed, /],
  ])('T81: runs the handler where an option throws, and warns once: %s', async (path, detail, message) => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const { fetch } = await boot({ controllers: [UsersController] });

    const answers = [await fetch(`/of-users/${path}`), await fetch(`/of-users/${path}`)];

    expect(await Promise.all(answers.map((answer) => answer.text()))).toEqual(['1', '2']);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(handling(answers[1] as Response)).toContain(detail);
    expect(warn.mock.calls.map(([said]) => String(said))).toEqual([expect.stringMatching(message)]);
    warn.mockRestore();
  });

  it('stands beside the monitoring interceptor: each adds its member to Cache-Status', async () => {
    const { fetch } = await boot({
      more: [{ provide: APP_INTERCEPTOR, useExisting: CacheMonitoringInterceptor }],
    });

    const response = await fetch('/reading');

    expect(handling(response)).toMatch(
      /nestjs-cache-infra-http; fwd=uri-miss; stored.*, nestjs-cache-infra; fwd=miss/,
    );
  });

  it('answers from what another instance stored', async () => {
    await using redis = await ownRedisServer();
    const cache = { redisUrl: redis.url };
    const first = await bootApp({ adapter, tier: 'memory', controllers: [PagesController], cache });
    const second = await boot({ cache });
    first.origin.script = () => 'first';
    // Under one name, as behind a load balancer.
    const headers = { Host: 'shop.example' };
    await first.fetch('/page', headers);

    const response = await second.fetch('/page', headers);

    expect(await response.text()).toBe('first');
    expect(handling(response)).toContain('hit');
  });
});

describe('HttpCacheInterceptor elsewhere', () => {
  it.each(['rpc', 'ws', 'graphql'])('lets %s pass', async (type) => {
    const module = await Test.createTestingModule({ imports: [CacheInfraModule.forRoot()] }).compile();
    const context = new ExecutionContextHost([{}], PagesController, PagesController.prototype.page);
    context.setType(type);
    const next: CallHandler = { handle: () => of('passed') };

    const value = await lastValueFrom(module.get(HttpCacheInterceptor).intercept(context, next));

    expect(value).toBe('passed');
    await module.close();
  });
});
