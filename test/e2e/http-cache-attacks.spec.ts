import { request as httpRequest } from 'node:http';

import { describe, expect, it } from '@jest/globals';
import {
  Controller,
  Delete,
  Get,
  Header,
  HttpCode,
  Injectable,
  Param,
  Patch,
  Post,
  Put,
  Redirect,
  Req,
  Res,
  UnauthorizedException,
  UseGuards,
  UseInterceptors,
  VersioningType,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  type NestInterceptor,
} from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { HttpCache } from 'nestjs-cache-infra';
import { map, type Observable } from 'rxjs';

import { handling, matrix, Origin, siteOf, type AppRequest, type Reply } from '../support/http-cache-app.js';

@Injectable()
class TokenGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers } = context.switchToHttp().getRequest<AppRequest>();
    if (headers['x-ticket'] !== undefined) return true;
    throw new UnauthorizedException();
  }
}

/** Says which requests it has seen, and for whom it worked. */
@Injectable()
class Stamping implements NestInterceptor {
  seen = 0;
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((data: unknown) => ({ data, stamp: ++this.seen })));
  }
}

/** As express-session and @fastify/session do: for visitors who have none, at the last moment. */
function withSessions(app: INestApplication, sessions: { next: number }, isFastify: boolean): void {
  if (isFastify) {
    (app as NestFastifyApplication)
      .getHttpAdapter()
      .getInstance()
      .addHook('onSend', (request, reply, _payload, done) => {
        if (request.url.includes('/session/') && request.headers.cookie === undefined)
          void reply.header('Set-Cookie', `sid=${String(++sessions.next)}`);
        done();
      });
    return;
  }
  app.use(
    (
      request: AppRequest,
      response: { writeHead(...args: unknown[]): unknown } & Setter,
      next: () => void,
    ) => {
      if (request.url.includes('/session/') && request.headers['cookie'] === undefined) {
        const writeHead = response.writeHead.bind(response);
        response.writeHead = (...args) => {
          response.setHeader('Set-Cookie', `sid=${String(++sessions.next)}`);
          return writeHead(...args);
        };
      }
      next();
    },
  );
}

interface Setter {
  setHeader(name: string, value: string): unknown;
}

@Controller('attacked')
@HttpCache({ ttl: '1m' })
class AttackedController {
  constructor(private readonly origin: Origin) {}

  @Get('shared/:path')
  @HttpCache({ shared: true })
  shared(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Get('guarded/:path')
  @UseGuards(TokenGuard)
  guarded(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Get('stamped')
  @UseInterceptors(Stamping)
  stamped(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Get('header')
  @HttpCode(203)
  @Header('Cache-Control', 'max-age=5')
  header(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Get('session/:path')
  session(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Get(':kind/:path')
  page(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Put(':kind/:path')
  @HttpCode(204)
  put(): undefined {
    return undefined;
  }

  @Patch(':kind/:path')
  patch(@Res() reply: Reply): void {
    reply.status(200).send('sent by itself');
  }

  @Post(':kind/:path')
  @Redirect('/api/v1/attacked/plain/after', 303)
  post(@Param('path') path: string): object | undefined {
    return path === 'chosen' ? { url: 'other' } : undefined;
  }

  @Delete(':kind/:path')
  remove(@Param('path') path: string): string {
    return path;
  }
}

describe.each(matrix)('attacks on HttpCacheInterceptor, on %s with %s', (adapter, tier) => {
  const sessions = { next: 0 };
  const site = siteOf({
    adapter,
    tier,
    controllers: [AttackedController],
    prepare: (app) => {
      app.setGlobalPrefix('api');
      app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
      withSessions(app, sessions, adapter === 'Fastify');
    },
  });
  const get = (path: string, headers?: Record<string, string>, method?: string) =>
    site.get(`/api/v1/attacked${path}`, headers, method);
  const text = async (path: string, headers?: Record<string, string>) => (await get(path, headers)).text();

  describe('requests made to poison it', () => {
    it('a port in Host that is not that of others reaches nobody else', async () => {
      site.origin.script = ({ headers }) => `<a href="http://${headers['host'] ?? ''}/">`;
      await get('/shared/port', { Host: 'shop.example:1337' });

      expect(await text('/shared/port', { Host: 'shop.example' })).toBe('<a href="http://shop.example/">');
      expect(handling(await get('/shared/port', { Host: 'SHOP.example:80' }))).toContain('hit');
    });

    it('a GET with a body neither stores nor gets what is stored', async () => {
      const withBody = (body: string): Promise<string> =>
        new Promise((resolve, reject) => {
          const sent = httpRequest(
            `${site.url}/api/v1/attacked/shared/fat`,
            { headers: { 'Content-Type': 'application/json', 'Content-Length': body.length } },
            (message) => {
              message.resume();
              message.on('end', () => {
                resolve(String(message.headers['cache-status']));
              });
            },
          );
          sent.on('error', reject);
          sent.end(body);
        });

      expect(await withBody('{"query":"mine"}')).toBe('nestjs-cache-infra-http; fwd=bypass; detail=body');
      expect(handling(await get('/shared/fat'))).toMatch(/fwd=uri-miss; .*stored/);
      expect(await withBody('{"query":"mine"}')).toContain('fwd=bypass');
    });

    it('X-Forwarded-Host and -Proto mean nothing to an application that trusts no proxy', async () => {
      site.origin.script = () => ++site.runs;
      await get('/shared/forwarded', { 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'https' });

      expect(handling(await get('/shared/forwarded'))).toContain('hit');
    });

    it('other values, orders and encodings of a parameter are told apart where a handler tells them apart', async () => {
      const all = ['a=1&a=2', 'a=2&a=1', 'a=1%262', 'a=1&2', 'a[]=1', 'a[0]=1', 'a=%20', 'a=+', 'A=1&a=2'];
      site.origin.script = ({ url }) => url;
      for (const query of all) await get(`/plain/query?${query}`);
      site.runs = 0;

      for (const query of all) expect(await text(`/plain/query?${query}`)).toContain(`?${query}`);
    });
  });

  describe('guarantee 16: users', () => {
    it.each(['X-Api-Key', 'X-Auth-Token', 'X-Access-Token', 'Proxy-Authorization'])(
      'known by %s have their own answers',
      async (name) => {
        site.origin.script = ({ headers }) => `for ${headers[name.toLowerCase()] ?? 'nobody'}`;
        const path = `/plain/by-${name}`;

        for (const user of ['a', 'b']) expect(await text(path, { [name]: user })).toBe(`for ${user}`);
        expect(await text(path)).toBe('for nobody');
        expect(handling(await get(path, { [name]: 'a' }))).toContain('hit');
      },
    );

    it('whom a guard turns away get nothing that is stored, and what they get is not stored', async () => {
      await get('/guarded/page', { 'X-Ticket': 'yes' });

      expect((await get('/guarded/page')).status).toBe(401);
      expect(handling(await get('/guarded/page', { 'X-Ticket': 'yes' }))).toContain('hit');
      expect((await get('/guarded/other')).status).toBe(401);
      expect((await get('/guarded/other', { 'X-Ticket': 'yes' })).status).toBe(200);
    });

    it('that are new, and get a session at the last moment, do not get what was made for another', async () => {
      site.origin.script = () => ++site.runs;
      // Teaches that such answers come with a cookie that nobody could see when they were stored.
      await get('/session/page');
      const answers = await Promise.all([1, 2, 3].map(() => get('/session/page')));

      expect(new Set(await Promise.all(answers.map((answer) => answer.text()))).size).toBe(3);
      for (const answer of answers) expect(answer.headers.get('set-cookie')).toMatch(/^sid=/);
      expect(await text('/session/page', { Cookie: 'sid=1' })).toBe('5');
      expect(handling(await get('/session/page', { Cookie: 'sid=1' }))).toContain('hit');
    });

    it('Vary: Cookie tells apart also on a shared route', async () => {
      site.origin.script = ({ headers }, reply) => {
        reply.header('Vary', 'Cookie');
        return `for ${headers['cookie'] ?? 'nobody'}`;
      };

      for (const user of ['a', 'b', 'a']) {
        expect(await text('/shared/vary', { Cookie: user })).toBe(`for ${user}`);
      }
    });
  });

  describe('bodies', () => {
    it.each<[string, () => unknown]>([
      ['a Date', () => new Date(0)],
      ['an object that gives a text as JSON', () => ({ toJSON: () => 'text' })],
      ['a number that JSON does not have', () => Number.NaN],
      ['null', () => null],
      ['false', () => false],
      ['zero', () => 0],
      ['an empty text', () => ''],
      ['text in UTF-8', () => 'Grüße 🎉 漢字'],
      ['JSON in UTF-8', () => ({ text: 'Grüße 🎉 漢字\u2028' })],
      ['bytes', () => Buffer.from([0, 255, 128, 10, 13, 0])],
      ['a megabyte', () => Buffer.alloc(1 << 20, 'ab')],
      ['a long list', () => Array.from({ length: 20_000 }, (_, i) => ({ i }))],
    ])('of %s come back byte by byte, with the same type and length', async (name, make) => {
      site.origin.script = make;
      const path = `/plain/body-${encodeURIComponent(name)}`;

      const [first, second] = [await get(path), await get(path)];

      const bytes = async (response: Response) => Buffer.from(await response.arrayBuffer());
      expect((await bytes(first)).equals(await bytes(second))).toBe(true);
      for (const header of ['content-type', 'content-length']) {
        expect(second.headers.get(header)).toBe(first.headers.get(header));
      }
    });

    it('204 comes back', async () => {
      site.origin.script = (_request, reply) => {
        site.runs += 1;
        reply.status(204);
      };
      await get('/plain/none');
      const second = await get('/plain/none');

      expect([second.status, site.runs, await second.text()]).toEqual([204, 1, '']);
    });
  });

  describe('what Nest puts around a handler', () => {
    it('@Header and @HttpCode: said once for both, and obeyed', async () => {
      await get('/header');
      const second = await site.hit('/api/v1/attacked/header');

      expect([second.status, second.headers.get('cache-control')]).toEqual([203, 'max-age=5']);
      site.clock.advance(6000);
      expect(handling(await get('/header'))).toContain('fwd=uri-miss');
    });

    it('an interceptor inside works once, for what is stored', async () => {
      const first = await text('/stamped');

      expect(await text('/stamped')).toBe(first);
    });
  });

  describe('methods that change something', () => {
    const paths = { plain: '/plain/caf%C3%A9-a', same: '/plain/caf%c3%a9-%61' };

    it.each(['PUT', 'PATCH', 'POST', 'DELETE'])(
      '%s invalidates, by whatever means it answers and however its path is written',
      async (method) => {
        await get(paths.plain);
        expect(handling(await get(paths.plain))).toContain('hit');

        const { status } = await get(paths.same, {}, method);

        expect(status).toBeLessThan(400);
        expect(handling(await get(paths.plain))).toContain('fwd=uri-miss');
      },
    );

    it('invalidate what a redirect names', async () => {
      for (const path of ['/plain/after', '/plain/other']) await get(path);
      await get('/plain/fixed', {}, 'POST');

      expect(handling(await get('/plain/after'))).toContain('fwd=uri-miss');
      expect(handling(await get('/plain/other'))).toContain('hit');
      await get('/plain/chosen', {}, 'POST');
      expect(handling(await get('/plain/after'))).toContain('hit');
      expect(handling(await get('/plain/other'))).toContain('fwd=uri-miss');
    });
  });
});
