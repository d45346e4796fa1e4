import { describe, expect, it } from '@jest/globals';
import {
  All,
  Controller,
  Get,
  Injectable,
  Module,
  UnauthorizedException,
  VersioningType,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  type NestInterceptor,
} from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { Cache, HttpCacheInterceptor } from 'nestjs-cache-infra';
import { CacheDashboardModule } from 'nestjs-cache-infra/dashboard';

import type { DashboardState } from '../../libs/cache-infra/src/dashboard/state.js';
import { dashboardApps, type DashboardApp } from '../support/dashboard-app.js';
import { hostile } from '../support/dashboard-site.js';
import { adapters } from '../support/http-cache-app.js';

const boot = dashboardApps();

@Controller()
class EverythingController {
  @Get('products')
  products(): string {
    return 'products';
  }

  @All('*')
  all(): string {
    return 'everything else';
  }
}

@Injectable()
class RefusingGuard implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

@Injectable()
class CountingInterceptor implements NestInterceptor {
  static runs = 0;

  intercept(_context: ExecutionContext, next: CallHandler): ReturnType<CallHandler['handle']> {
    CountingInterceptor.runs++;
    return next.handle();
  }
}

async function stateOf({ ask }: DashboardApp, path = '/cache/api/state'): Promise<DashboardState> {
  return JSON.parse((await ask(path)).text) as DashboardState;
}

describe.each(adapters)('the dashboard on %s', (adapter) => {
  it('shows the caches of the application and their counts', async () => {
    const running = await boot({ adapter, cache: { caches: { sessions: {} } } });
    const cache = running.app.get(Cache);
    await cache.set('a', 1);
    await cache.get('a');

    const page = await running.ask('/cache/');
    expect(page.status).toBe(200);
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    const [, script = ''] = /src="(?:\.\/)?(assets\/[^"]+)"/.exec(page.text) ?? [];
    expect(await running.ask(`/cache/${script}`)).toMatchObject({ status: 200 });

    const state = await stateOf(running);
    expect(state).toMatchObject({ source: 'application', shown: null, rights: { readOnly: true } });
    expect(state.instances).toEqual([expect.objectContaining({ status: 'up' })]);
    expect(state.summary.caches.map(({ name }) => name)).toEqual(['default', 'sessions']);
    expect(state.summary.caches[0]?.stats).toMatchObject({ hits: 1, sets: 1 });
    const [own] = state.instances;
    expect(await stateOf(running, `/cache/api/state?instance=${String(own?.id)}`)).toMatchObject({
      shown: own?.id,
    });
  });

  it('is found without a slash, below a global prefix and beside versioned routes that match everything', async () => {
    const running = await boot({
      adapter,
      dashboard: { route: 'admin/cache' },
      more: { controllers: [EverythingController] },
      prepare: (app) => {
        app.setGlobalPrefix('api');
        app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
      },
    });
    const redirect = await running.ask('/api/admin/cache?a=1');
    expect(redirect.status).toBe(302);
    expect(redirect.headers.location).toBe('./cache/?a=1');
    expect((await running.ask('/api/admin/cache/')).text).toContain('cache-dashboard-token');
    expect(await stateOf(running, '/api/admin/cache/api/state')).toMatchObject({ source: 'application' });
    expect((await running.ask('/admin/cache/')).text).not.toContain('cache-dashboard-token');
    expect((await running.ask('/api/v1/products')).text).toBe('products');
    expect((await running.ask('/api/admin/cached')).text).not.toContain('cache-dashboard-token');
  });

  it('stays at its route where the global prefix excludes it', async () => {
    const running = await boot({
      adapter,
      prepare: (app) => app.setGlobalPrefix('api', { exclude: ['cache'] }),
    });
    expect((await running.ask('/cache/')).status).toBe(200);
    expect((await running.ask('/api/cache/')).status).toBe(404);
  });

  it('is left alone by global guards, interceptors and the HTTP cache, and is in no API document', async () => {
    CountingInterceptor.runs = 0;
    const running = await boot({
      adapter,
      more: {
        controllers: [EverythingController],
        providers: [
          { provide: APP_GUARD, useClass: RefusingGuard },
          { provide: APP_INTERCEPTOR, useClass: CountingInterceptor },
          { provide: APP_INTERCEPTOR, useExisting: HttpCacheInterceptor },
        ],
      },
    });
    const first = await running.ask('/cache/api/state');
    const second = await running.ask('/cache/api/state');

    expect([first.status, second.status]).toEqual([200, 200]);
    expect(first.headers).not.toHaveProperty('cache-status');
    expect(CountingInterceptor.runs).toBe(0);
    expect((await running.ask('/products')).status).toBe(403);
    const document = SwaggerModule.createDocument(running.app, new DocumentBuilder().build());
    expect(Object.keys(document.paths).filter((path) => path.includes('cache'))).toEqual([]);
  });

  it('takes its options from a factory', async () => {
    const dashboard = CacheDashboardModule.forRootAsync({
      useFactory: () => ({ route: '/late', basicAuth: { user: 'u', password: 'p' } }),
    });
    const running = await boot({ adapter, dashboard });
    const authorization = `Basic ${Buffer.from('u:p').toString('base64')}`;
    expect((await running.ask('/late/')).status).toBe(401);
    expect((await running.ask('/late/', { headers: { authorization } })).status).toBe(200);
  });

  it('invalidates, previews, and writes an audit line that nothing can forge', async () => {
    const running = await boot({ adapter, dashboard: { readOnly: false } });
    const cache = running.app.get(Cache);
    const key = `${hostile}\nforged line`;
    await cache.set(key, 'secret value');
    const target = { kind: 'key', cache: 'default', key };

    expect(JSON.parse((await running.act('/api/preview', target)).text)).toEqual({
      ...{ count: 1, isComplete: true, examples: [key] },
    });
    const answer = await running.act('/api/invalidate', target);

    expect(JSON.parse(answer.text)).toEqual({ removed: 1 });
    expect(await cache.has(key)).toBe(false);
    const audit = running.log.filter((line) => line.includes('invalidated key'));
    expect(audit).toHaveLength(1);
    expect(audit[0]).toMatch(
      /^log invalidated key ".*" of cache "default", 1 removed; by an unnamed user from .*127\.0\.0\.1$/,
    );
    expect(running.log.join('\n')).not.toContain('secret value');
  });

  it('shows a hostile key as data', async () => {
    const running = await boot({ adapter, dashboard: { readOnly: false, showValues: true } });
    await running.app.get(Cache).set(hostile, hostile);
    const answer = await running.ask(`/cache/api/key?cache=default&key=${encodeURIComponent(hostile)}`);

    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.text).not.toMatch(/[<>&]/);
    expect(JSON.parse(answer.text)).toMatchObject({
      key: hostile,
      l1: { held: true, fresh: true },
      l2: null,
    });
    const unknown = await running.ask(`/cache/api/key?cache=${encodeURIComponent(hostile)}&key=a`);
    expect(unknown).toMatchObject({ status: 404 });
    expect(unknown.text).not.toMatch(/[<>&]/);
  });

  it.each([
    ['hides the value of a key by default', undefined, null],
    ['shows the value of a key with showValues', true, "'secret value'"],
  ])('%s', async (_, showValues, value) => {
    const running = await boot({ adapter, dashboard: { readOnly: false, showValues } });
    await running.app.get(Cache).set('user:42', 'secret value');
    const answer = await running.ask('/cache/api/key?cache=default&key=user:42');

    expect(JSON.parse(answer.text)).toMatchObject({ key: 'user:42', l1: { held: true }, value });
    expect(answer.text.includes('secret')).toBe(value !== null);
  });

  it('refuses bad bodies, whichever parser reads them', async () => {
    const running = await boot({ adapter, dashboard: { readOnly: false } });
    const target = { kind: 'key', cache: 'default', key: 'a' };
    expect((await running.act('/api/invalidate', '{"kind":')).status).toBe(400);
    expect((await running.act('/api/invalidate', 'null')).status).toBe(400);
    expect((await running.act('/api/invalidate', { ...target, more: 'x'.repeat(20_000) })).status).toBe(413);
    expect((await running.act('/api/invalidate', { ...target, cache: 'none' })).status).toBe(404);
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await running.act('/api/invalidate', 'kind=key', { headers: form })).status).toBe(415);
  });

  it('is not opened to other sites by the CORS of the application', async () => {
    const running = await boot({
      adapter,
      prepare: (app) => {
        app.enableCors({ origin: true, credentials: true });
      },
    });
    const headers = { origin: 'https://evil.com' };
    for (const path of ['/cache/', '/cache/api/state', '/cache/api/events']) {
      const answer = await running.ask(path, { headers });
      expect(answer.status).toBe(403);
      expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
    }
  });
});

describe('a mistake in the set-up', () => {
  it.each<[object, string]>([
    [{ route: '/' }, 'route must be a path'],
    [{ route: '/cache/../x' }, 'route must be a path'],
    [{ route: '/:id' }, 'route must be a path'],
    [{ guard: 'me' }, 'guard must be a guard'],
    [{ basicAuth: { user: 'a' } }, 'basicAuth.password is required'],
    [{ basicAuth: { user: 'a:b', password: 'x' } }, "basicAuth.user must not contain ':'"],
    [{ readOnly: 'no' }, 'readOnly must be true or false'],
    [{ frameAncestors: ["'self'; script-src *"] }, 'frameAncestors must be a list'],
    [{ tokenSecret: 'hunter2' }, 'tokenSecret must be a text of at least 16 characters'],
    [{ readonly: false }, "did you mean 'readOnly'"],
  ])('%j is told', async (options, message) => {
    const error = await boot({ adapter: 'Express', dashboard: options }).catch((it: unknown) => it);
    expect(String(error)).toContain(message);
    expect(String(error)).not.toContain('hunter2');
  });

  it('names the missing module', async () => {
    @Module({ imports: [CacheDashboardModule.forRoot()] })
    class Application {}
    const { Test } = await import('@nestjs/testing');
    const module = await Test.createTestingModule({ imports: [Application] }).compile();
    const app: INestApplication = module.createNestApplication({ logger: false });
    await expect(app.init()).rejects.toThrow('needs CacheInfraModule');
    await app.close();
  });
});

describe('a guard that answers by itself', () => {
  it.each(adapters)('is not answered over on %s', async (adapter) => {
    interface Redirecting {
      redirect(url: string, status?: number): unknown;
    }
    @Injectable()
    class LoginGuard implements CanActivate {
      canActivate(context: ExecutionContext): boolean {
        context.switchToHttp().getResponse<Redirecting>().redirect('/login');
        return false;
      }
    }
    const running = await boot({ adapter, dashboard: { guard: LoginGuard } });
    const answer = await running.ask('/cache/');
    expect(answer.status).toBe(302);
    expect(answer.headers.location).toBe('/login');
  });
});

describe('a guard that throws', () => {
  it.each(adapters)('refuses on %s with its status', async (adapter) => {
    const guard: CanActivate = {
      canActivate: () => {
        throw new UnauthorizedException('log in first');
      },
    };
    const answer = await (await boot({ adapter, dashboard: { guard } })).ask('/cache/api/state');
    expect(answer.status).toBe(401);
    expect(JSON.parse(answer.text)).toEqual({ error: 'log in first' });
  });
});
