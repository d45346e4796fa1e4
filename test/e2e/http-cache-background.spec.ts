import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, Logger, NotFoundException, Req, Res } from '@nestjs/common';
import { Cache, HttpCache } from 'nestjs-cache-infra';

import { until } from '../support/until.js';
import {
  appsOfTest,
  handling,
  matrix,
  Origin,
  type AppRequest,
  type Reply,
  type TestApp,
} from '../support/http-cache-app.js';

const bootApp = appsOfTest();
let logged: jest.SpiedFunction<Logger['error']>;
let warned: jest.SpiedFunction<Logger['warn']>;
beforeEach(() => {
  logged = jest.spyOn(Logger.prototype, 'error').mockReturnValue();
  warned = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
});
afterEach(async () => {
  logged.mockRestore();
  warned.mockRestore();
});

@Controller('lists')
class ListsController {
  constructor(private readonly origin: Origin) {}

  @Get()
  @HttpCache({ ttl: '1s', staleWhileRevalidate: '1h' })
  list(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Get('tagged')
  @HttpCache({ ttl: '1s', staleWhileRevalidate: '1h', tags: tagsOfUser })
  tagged(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }
}

let user: { readonly id: string } | undefined = { id: 'ann' };
function tagsOfUser(): readonly string[] {
  return [(user as { readonly id: string }).id];
}

describe.each(matrix)('T76: a handler that fails in the background, on %s with %s', (adapter, tier) => {
  function boot(): Promise<TestApp> {
    return bootApp({ adapter, tier, controllers: [ListsController] });
  }

  const failures: [string, (reply: Reply) => unknown, string][] = [
    [
      'throws',
      () => {
        throw new Error('database gone');
      },
      'database gone',
    ],
    [
      'answers 503',
      (reply) => {
        reply.status(503);
        return 'no';
      },
      'status 503',
    ],
  ];

  it.each(failures)(
    'and %s: is logged once, counted, and said with the next stale answer',
    async (_how, fail, message) => {
      const app = await boot();
      app.origin.script = () => [1];
      await app.fetch('/lists');
      app.clock.advance(1100);
      app.origin.script = (_request, reply) => fail(reply);

      expect(handling(await app.fetch('/lists'))).not.toContain('detail');
      await until(
        async () => handling(await app.fetch('/lists')).includes('detail=revalidation-failed'),
        'the word',
      );

      await until(async () => {
        await app.fetch('/lists');
        return app.origin.requests.length > 3;
      }, 'more runs');
      expect(logged.mock.calls.map(([text]) => String(text))).toEqual([
        `ListsController.list failed while revalidating in the background (staleWhileRevalidate), clients keep getting the stale response: ${message}`,
      ]);
      if (message === 'database gone') expect(app.app.get(Cache).stats().loadErrors).toBeGreaterThan(0);
    },
  );

  it('and succeeds again: nothing is said of it any more', async () => {
    const app = await boot();
    app.origin.script = () => [1];
    await app.fetch('/lists');
    app.clock.advance(1100);
    app.origin.script = () => {
      throw new Error('database gone');
    };
    await until(async () => handling(await app.fetch('/lists')).includes('revalidation-failed'), 'the word');
    app.origin.script = () => [2];
    await until(async () => (await (await app.fetch('/lists')).text()) === '[2]', 'the new answer');
    app.clock.advance(1100);
    const stale = handling(await app.fetch('/lists'));
    expect(stale).toContain('ttl=-1');
    expect(stale).not.toContain('detail');
  });

  it('and answers that there is nothing any more: the stale answer goes', async () => {
    const app = await boot();
    app.origin.script = () => [1];
    await app.fetch('/lists');
    app.clock.advance(1100);
    app.origin.script = () => {
      throw new NotFoundException();
    };
    await app.fetch('/lists');
    await until(async () => (await app.fetch('/lists')).status === 404, 'the end of the stale answer');
    expect(logged.mock.calls).toEqual([]);
  });
});

describe('T81: tags that throw in the background', () => {
  it('leave the stale answer and the process', async () => {
    const app = await bootApp({
      adapter: 'Express',
      tier: 'memory',
      controllers: [ListsController],
    });
    user = { id: 'ann' };
    app.origin.script = () => [1];
    await app.fetch('/lists/tagged');
    app.clock.advance(1100);
    user = undefined;
    await app.fetch('/lists/tagged');
    await until(() => warned.mock.calls.length > 0, 'the warning');
    expect(String(warned.mock.calls[0]?.[0])).toMatch(
      /^tags of @HttpCache\(\) on ListsController.tagged failed, /,
    );
    expect(await (await app.fetch('/lists/tagged')).text()).toBe('[1]');
  });
});
