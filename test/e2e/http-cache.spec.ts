import { Readable } from 'node:stream';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Body,
  Catch,
  ClassSerializerInterceptor,
  Controller,
  Delete,
  Get,
  Head,
  Header,
  HttpCode,
  HttpException,
  Injectable,
  NotFoundException,
  Param,
  Post,
  Query,
  Redirect,
  Req,
  Res,
  Sse,
  StreamableFile,
  UseFilters,
  UseInterceptors,
  type ArgumentsHost,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { Exclude } from 'class-transformer';
import { Cache, HttpCache, HttpCacheInterceptor } from 'nestjs-cache-infra';
import { map, of, type Observable } from 'rxjs';

import { deferred } from '../support/deferred.js';
import { until } from '../support/until.js';
import {
  bootApp,
  handling,
  matrix,
  Origin,
  OriginController,
  type AppRequest,
  type Reply,
  type TestApp,
} from '../support/http-cache-app.js';

class Account {
  constructor(readonly id: string) {}
  @Exclude() readonly password = 'secret';
}

@Injectable()
class Wrapping implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((data: unknown) => ({ data })));
  }
}

/** Adds to the body, as those do that bring errors into the form of their API. */
@Catch(NotFoundException)
class SeeingFilter extends BaseExceptionFilter {
  override catch(exception: NotFoundException, host: ArgumentsHost): void {
    const body = { ...(exception.getResponse() as object), seenBy: exception.constructor.name };
    super.catch(new HttpException(body, exception.getStatus()), host);
  }
}

@Controller('cached')
@HttpCache({ ttl: '1m' })
class CachedController {
  constructor(private readonly origin: Origin) {}

  @Get('plain/:path')
  plain(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Get('number/:id')
  @HttpCode(203)
  @Header('X-Static', 'same')
  numbered(
    @Param('id') id: string,
    @Query('q') q: string,
    @Req() request: AppRequest,
    @Res({ passthrough: true }) reply: Reply,
  ): unknown {
    return { id, q, run: this.origin.answer(request, reply) };
  }

  @Post('number/:id')
  change(@Param('id') id: string, @Body() body: unknown): object {
    return { id, body };
  }

  @Delete('number/:id')
  remove(): never {
    throw new HttpException('no', 409);
  }

  @Get('shared/:path')
  @HttpCache({ shared: true, tags: ['shared'] })
  shared(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Get('language/:path')
  @HttpCache({ vary: ['Accept-Language'], tags: () => ['computed'] })
  language(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Get('stale/:path')
  @HttpCache({ ttl: '10s', staleWhileRevalidate: '20s', staleIfError: '40s' })
  stale(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Get('errors/:path')
  @HttpCache({ ttl: '10s', staleIfError: '40s', statuses: [503] })
  errors(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Get('keyed/:path')
  @HttpCache({
    key: (context) =>
      new URL(context.switchToHttp().getRequest<AppRequest>().url, 'http://x').searchParams.get('id') ??
      'none',
  })
  keyed(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Get('anyhost')
  @HttpCache({ host: false })
  anyHost(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Get('missing')
  @UseFilters(SeeingFilter)
  @HttpCache({ statuses: [404] })
  missing(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Get('fields')
  @HttpCache({ headers: ['X-Kept', 'X-Both'], withoutHeaders: ['X-Both'] })
  fields(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Get('deaf')
  @HttpCache({ clientControl: false })
  deaf(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Get('out')
  @HttpCache(false)
  out(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Get('own')
  own(@Req() request: AppRequest, @Res() reply: Reply): void {
    reply.header('X-Own', 'yes').send(`own ${String(this.origin.answer(request, reply))}`);
  }

  @Sse('events')
  events(@Req() request: AppRequest, @Res() reply: Reply): Observable<{ data: string }> {
    return of({ data: String(this.origin.answer(request, reply)) });
  }

  @Get('moved')
  @Redirect('/elsewhere', 302)
  moved(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): undefined {
    this.origin.answer(request, reply);
    return undefined;
  }

  @Get('stream')
  stream(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): StreamableFile {
    return new StreamableFile(
      Readable.from([Buffer.from(`stream ${String(this.origin.answer(request, reply))}`)]),
    );
  }

  @Get('observable')
  observable(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): Observable<unknown> {
    return of('first', { last: this.origin.answer(request, reply) });
  }

  @Get('wrapped')
  @UseInterceptors(HttpCacheInterceptor, Wrapping)
  wrapped(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Head('head-only')
  headOnly(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }
}

@Controller('route')
class RouteController {
  constructor(private readonly origin: Origin) {}

  @Get('here')
  @HttpCache()
  @UseInterceptors(HttpCacheInterceptor)
  here(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): unknown {
    return this.origin.answer(request, reply);
  }

  @Get('accounts/outside')
  @HttpCache()
  @UseInterceptors(ClassSerializerInterceptor, HttpCacheInterceptor)
  outside(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): Account {
    return new Account(String(this.origin.answer(request, reply)));
  }

  @Get('accounts/inside')
  @HttpCache()
  @UseInterceptors(HttpCacheInterceptor, ClassSerializerInterceptor)
  inside(@Req() request: AppRequest, @Res({ passthrough: true }) reply: Reply): Account {
    return new Account(String(this.origin.answer(request, reply)));
  }
}

describe.each(matrix)('HttpCacheInterceptor on %s with %s', (adapter, tier) => {
  let test: TestApp;
  let runs: number;
  let coalescedBefore: number;
  beforeAll(async () => {
    test = await bootApp({ adapter, tier, controllers: [CachedController, OriginController] });
  });
  afterAll(() => test.close());
  beforeEach(async () => {
    await test.app.get(Cache).clear();
    runs = 0;
    coalescedBefore = test.app.get(Cache).stats().coalesced;
    test.origin.script = () => ({ run: ++runs });
  });

  const get = (path: string, headers?: Record<string, string>, method?: string) =>
    test.fetch(path, headers, method);
  const withHost = async (path: string, Host: string) => handling(await get(path, { Host }));
  /** Until so many requests wait for the run of another. */
  const joined = (count: number) =>
    until(() => test.app.get(Cache).stats().coalesced - coalescedBefore === count);
  const text = async (path: string, headers?: Record<string, string>) => (await get(path, headers)).text();

  describe('storing', () => {
    it('answers the second request without the handler: same body, status and headers', async () => {
      test.origin.script = (_request, reply) => {
        reply.header('X-Run', String(++runs));
        return runs;
      };

      const first = await get('/cached/number/1?q=a');
      test.clock.advance(3000);
      const second = await get('/cached/number/1?q=a');

      expect([first.status, second.status]).toEqual([203, 203]);
      expect(await second.json()).toEqual({ id: '1', q: 'a', run: 1 });
      expect(second.headers.get('x-run')).toBe('1');
      expect(second.headers.get('x-static')).toBe('same');
      expect(second.headers.get('content-type')).toBe(first.headers.get('content-type'));
      expect(second.headers.get('date')).toBe(first.headers.get('date'));
      expect([first.headers.get('age'), second.headers.get('age')]).toEqual([null, '3']);
    });

    it('a hit misses nothing, and asks Redis for nothing', async () => {
      await get('/cached/plain/once');
      await get('/cached/plain/once');
      const before = test.app.get(Cache).stats();
      await get('/cached/plain/once');
      const { hits, misses, l1, l2 } = test.app.get(Cache).stats();
      expect([hits - before.hits, misses - before.misses]).toEqual([1, 0]);
      expect([l1.hits - before.l1.hits, l2.hits - before.l2.hits, l2.misses - before.l2.misses]).toEqual([
        1, 0, 0,
      ]);
    });

    it('says in Cache-Status what it did (RFC 9211)', async () => {
      const first = handling(await get('/cached/plain/status'));
      test.clock.advance(1000);
      const second = handling(await get('/cached/plain/status'));

      expect(first).toMatch(/^nestjs-cache-infra-http; fwd=uri-miss; stored; ttl=60; key="[\w-]{16}"$/);
      expect(second).toMatch(/^nestjs-cache-infra-http; hit; ttl=59; key="[\w-]{16}"$/);
    });

    it('knows a URL whatever the order of its parameters, and tells other values apart', async () => {
      await get('/cached/plain/q?b=2&a=1');

      expect(handling(await get('/cached/plain/q?a=1&b=2'))).toContain('hit');
      expect(handling(await get('/cached/plain/q?a=1&b=3'))).toContain('fwd=uri-miss');
    });

    it.each([
      ['text', 'words', 'words'],
      ['an empty body', undefined, ''],
      ['a list', [1, null, 'x'], '[1,null,"x"]'],
      ['a date within', { at: new Date(0) }, '{"at":"1970-01-01T00:00:00.000Z"}'],
    ])('gives back %s as it was', async (name, value, expected) => {
      test.origin.script = () => {
        runs += 1;
        return value;
      };
      const path = `/cached/plain/body-${encodeURIComponent(name)}`;

      const first = await get(path);
      const second = await get(path);

      expect([await first.text(), await second.text()]).toEqual([expected, expected]);
      expect(second.headers.get('content-type')).toBe(first.headers.get('content-type'));
      expect(runs).toBe(1);
    });

    it('stores the last value of an Observable', async () => {
      expect(await text('/cached/observable')).toBe('{"last":{"run":1}}');
      expect(await text('/cached/observable')).toBe('{"last":{"run":1}}');
    });

    it('stores what the interceptors inside of it made, and works once when it is bound twice', async () => {
      // Globally and on the route: the global one stands outside of Wrapping.
      expect(await text('/cached/wrapped')).toBe('{"data":{"run":1}}');
      expect(await text('/cached/wrapped')).toBe('{"data":{"run":1}}');
    });

    it('keeps the headers that the route allows, less those that it denies', async () => {
      test.origin.script = (_request, reply) => {
        reply.header('X-Kept', '1').header('X-Both', '2').header('X-Other', '3');
        return 'x';
      };
      await get('/cached/fields');

      const { headers } = await get('/cached/fields');

      expect(['x-kept', 'x-both', 'x-other'].map((name) => headers.get(name))).toEqual(['1', null, null]);
    });

    it('reaches entries by the tags of the route', async () => {
      await get('/cached/shared/tags');
      await get('/cached/language/tags');

      await test.app.get(Cache).invalidateTags('shared', 'computed');

      expect(handling(await get('/cached/shared/tags'))).toContain('fwd=uri-miss');
      expect(handling(await get('/cached/language/tags'))).toContain('fwd=uri-miss');
    });

    it('uses the key that the route makes', async () => {
      await get('/cached/keyed/a?id=1&x=1');

      expect(handling(await get('/cached/keyed/b?id=1&x=2'))).toContain('hit');
      expect(handling(await get('/cached/keyed/a?id=2'))).toContain('fwd=uri-miss');
    });

    it('tells hosts apart, unless the route says otherwise', async () => {
      await withHost('/cached/plain/host', 'a.example');
      await withHost('/cached/anyhost', 'a.example');

      expect(await withHost('/cached/plain/host', 'b.example')).toContain('fwd=uri-miss');
      expect(await withHost('/cached/plain/host', 'A.example')).toContain('hit');
      expect(await withHost('/cached/anyhost', 'b.example')).toContain('hit');
    });
  });

  describe('not storing', () => {
    const notStored = async (
      path: string,
      script: (reply: Reply) => unknown,
      headers?: Record<string, string>,
    ) => {
      test.origin.script = (_request, reply) => {
        runs += 1;
        return script(reply);
      };
      await get(path, headers);
      const second = await get(path, headers);
      expect(runs).toBe(2);
      return second;
    };

    it.each(['no-store', 'private', 'no-cache', 'max-age=0', 'private, max-age=60'])(
      'obeys Cache-Control: %s of the response',
      async (directives) => {
        await notStored('/cached/plain/refused', (reply) => {
          reply.header('Cache-Control', directives);
          return 'x';
        });
      },
    );

    it('never stores a response with Set-Cookie', async () => {
      const second = await notStored('/cached/shared/cookie', (reply) => {
        reply.header('Set-Cookie', `session=${String(runs)}`).header('Cache-Control', 'public, max-age=60');
        return 'x';
      });

      expect(second.headers.get('set-cookie')).toBe('session=2');
      expect(handling(second)).toContain('detail=set-cookie');
    });

    it('stores no error, thrown or returned, unless the route lets it', async () => {
      const thrown = await notStored('/cached/plain/thrown', () => {
        throw new HttpException('gone', 410);
      });
      expect(thrown.status).toBe(410);
      expect(handling(thrown)).toContain('fwd=uri-miss');
      runs = 0;
      await notStored('/cached/plain/returned', (reply) => {
        reply.status(404);
        return 'none';
      });

      test.origin.script = (_request, reply) => {
        reply.status(404);
        return 'none';
      };
      await get('/cached/missing');
      const second = await get('/cached/missing');
      expect([second.status, await second.text()]).toEqual([404, 'none']);
      expect(handling(second)).toContain('hit');
    });

    it('stores an error that is thrown where the route lets it, and throws one like it', async () => {
      const setsBefore = test.app.get(Cache).stats().sets;
      test.origin.script = (_request, reply) => {
        reply.header('X-Run', String(++runs));
        throw runs === 1 ? new NotFoundException(`no such thing, run ${String(runs)}`) : new Error('no');
      };

      // It is stored when its headers have gone: a filter may set a cookie.
      const answers = [await get('/cached/missing')];
      await until(() => test.app.get(Cache).stats().sets - setsBefore === 2);
      answers.push(await get('/cached/missing'));

      expect(answers.map(({ status, headers }) => [status, headers.get('x-run')])).toEqual([
        [404, '1'],
        [404, '1'],
      ]);
      expect(handling(answers[0] as Response)).toMatch(
        /fwd=uri-miss; ttl=60; key="[^"]*"; detail=stored-after-headers$/,
      );
      expect(handling(answers[1] as Response)).toMatch(/; hit; ttl=/);
      for (const answer of answers) {
        expect(await answer.json()).toEqual({
          statusCode: 404,
          error: 'Not Found',
          message: 'no such thing, run 1',
          seenBy: 'NotFoundException',
        });
      }
    });

    it('hands a thrown error that is stored to those who wait for it', async () => {
      const gate = deferred();
      test.origin.script = async () => {
        runs += 1;
        await gate.promise;
        throw new HttpException('a text', 404);
      };

      const requests = [1, 2, 3].map((i) => get('/cached/missing', { Accept: `text/${String(i)}` }));
      await joined(2);
      gate.resolve();

      const answers = await Promise.all(requests);
      expect(answers.map(({ status }) => status)).toEqual([404, 404, 404]);
      expect(runs).toBe(1);
    });

    it('stores 201 and 302 only when they say for how long they hold', async () => {
      await notStored('/cached/plain/created', (reply) => {
        reply.status(201);
        return 'x';
      });
      test.origin.script = (_request, reply) => {
        reply.status(302).header('Location', '/there').header('Cache-Control', 'max-age=60');
      };
      await get('/cached/plain/found');

      const second = await get('/cached/plain/found');

      expect([second.status, second.headers.get('location')]).toEqual([302, '/there']);
      expect(handling(second)).toContain('hit');
    });

    it('stores nothing without @HttpCache(), unless the response says how long it is fresh', async () => {
      await notStored('/origin/silent', () => 'x');

      test.origin.script = (_request, reply) => {
        reply.header('Cache-Control', 'max-age=60');
        return 'x';
      };
      // The first one teaches that the handler makes such responses.
      await get('/origin/speaking');
      await get('/origin/speaking');
      expect(handling(await get('/origin/speaking'))).toContain('hit');
    });

    it('leaves @HttpCache(false) alone', async () => {
      const second = await notStored('/cached/out', (reply) => {
        reply.header('Cache-Control', 'max-age=60');
        return 'x';
      });

      expect(handling(second)).toBe('');
    });

    it('passes handlers with @Res(), events, redirects and streams, untouched', async () => {
      const own = [await get('/cached/own'), await get('/cached/own')];
      expect(await Promise.all(own.map((response) => response.text()))).toEqual([
        'own [object Object]',
        'own [object Object]',
      ]);
      expect(own[1]?.headers.get('x-own')).toBe('yes');
      for (const path of ['/cached/events', '/cached/moved', '/cached/stream']) {
        await text(path);
        await text(path);
      }

      expect(runs).toBe(8);
      expect(await text('/cached/stream')).toBe('stream [object Object]');
    });

    it('passes requests for a range', async () => {
      await get('/cached/plain/range');

      const response = await get('/cached/plain/range', { Range: 'bytes=0-1' });

      expect(await response.json()).toEqual({ run: 2 });
      expect(handling(response)).toBe('nestjs-cache-infra-http; fwd=bypass; detail=range');
    });
  });

  describe("users (pitfall: HTTP caching by URL alone gave one user's page to another)", () => {
    beforeEach(() => {
      test.origin.script = ({ headers }, reply) => {
        runs += 1;
        const control = headers['x-control'];
        if (control !== undefined) reply.header('Cache-Control', control);
        return `for ${headers['authorization'] ?? headers['cookie'] ?? 'nobody'}`;
      };
    });

    it.each(['Authorization', 'Cookie'])('gives each %s its own response', async (name) => {
      const path = `/cached/plain/own-${name}`;
      expect(await text(path, { [name]: 'a' })).toBe('for a');
      expect(await text(path, { [name]: 'b' })).toBe('for b');
      expect(await text(path)).toBe('for nobody');

      expect(await text(path, { [name]: 'a' })).toBe('for a');
      expect(await text(path, { [name]: 'b' })).toBe('for b');
      expect(runs).toBe(3);
    });

    it('shares with all when the route says so', async () => {
      expect(await text('/cached/shared/all', { Authorization: 'a' })).toBe('for a');
      expect(await text('/cached/shared/all', { Authorization: 'b', Cookie: 'c' })).toBe('for a');
    });

    it.each(['public', 's-maxage=60', 'public, max-age=60'])(
      'shares when the response says %s',
      async (control) => {
        const path = `/cached/plain/says-${encodeURIComponent(control)}`;
        expect(await text(path, { Authorization: 'a', Cookie: 'c', 'X-Control': control })).toBe('for a');

        expect(await text(path, { Authorization: 'b' })).toBe('for a');
        expect(await text(path, { Cookie: 'd' })).toBe('for a');
        expect(await text(path)).toBe('for a');
      },
    );

    it('shares among Authorization, not among Cookie, when the response says must-revalidate (RFC 9111 §3.5)', async () => {
      const headers = { 'X-Control': 'must-revalidate, max-age=60' };
      await text('/cached/plain/must', { ...headers, Authorization: 'a' });

      expect(await text('/cached/plain/must', { ...headers, Authorization: 'b' })).toBe('for a');
      expect(await text('/cached/plain/must', { ...headers, Cookie: 'c' })).toBe('for c');
    });

    it('stores no answer to Authorization without a word of the route or the response', async () => {
      const headers = { Authorization: 'a', 'X-Control': 'max-age=60' };
      for (let i = 0; i < 3; i++) await get('/origin/secret', headers);

      expect(runs).toBe(3);
    });

    it('keeps no credential in the cache', async () => {
      test.origin.script = () => 'x';
      const stored: string[] = [];
      const cache = test.app.get(Cache);
      const listen = (event: unknown) => stored.push(JSON.stringify(event));
      cache.on('set', listen);
      await get('/cached/plain/digest', { Authorization: 'Bearer s3cret' });
      cache.off('set', listen);
      const entries = await cache.namespace('http').getMany(keysOf(stored));

      expect(stored.length).toBeGreaterThan(0);
      expect(JSON.stringify([...entries, ...stored])).not.toContain('s3cret');
    });
  });

  describe('Vary', () => {
    const greet = (vary: string) => {
      test.origin.script = ({ headers }, reply) => {
        runs += 1;
        reply.header('Vary', vary);
        return `in ${headers['accept-language'] ?? 'none'}`;
      };
    };

    it('is honoured for what the response names', async () => {
      greet('Accept-Language');
      for (const language of ['de', 'fr', 'de', 'fr']) {
        expect(await text('/cached/plain/vary', { 'Accept-Language': language })).toBe(`in ${language}`);
      }

      expect(runs).toBe(2);
      expect(handling(await get('/cached/plain/vary', { 'Accept-Language': 'it' }))).toContain(
        'fwd=vary-miss',
      );
    });

    it('gets the names that the route says', async () => {
      greet('Origin');

      const first = await get('/cached/language/x', { 'Accept-Language': 'de' });
      const other = await get('/cached/language/x', { 'Accept-Language': 'fr' });

      expect(first.headers.get('vary')).toBe('accept-language, origin');
      expect(await other.text()).toBe('in fr');
    });

    it('* is never reused', async () => {
      greet('*');
      await get('/cached/plain/star');
      await get('/cached/plain/star');

      expect(runs).toBe(2);
    });
  });

  describe('validators', () => {
    it('makes a strong ETag, the same each time, and answers 304 to who has it', async () => {
      const first = await get('/cached/plain/etag');
      const etag = first.headers.get('etag') ?? '';
      const second = await get('/cached/plain/etag', { 'If-None-Match': `"other", W/${etag}` });

      expect(etag).toMatch(/^"[\w-]{27}"$/);
      expect([second.status, await second.text()]).toEqual([304, '']);
      expect(second.headers.get('etag')).toBe(etag);
      expect(handling(second)).toContain('hit');
      expect((await get('/cached/plain/etag', { 'If-None-Match': '"other"' })).status).toBe(200);
    });

    it('answers 304 also when the handler had to run', async () => {
      test.origin.script = () => 'same';
      const etag = (await get('/cached/plain/again')).headers.get('etag') ?? '';
      test.clock.advance(61_000);

      const response = await get('/cached/plain/again', { 'If-None-Match': etag });

      expect(response.status).toBe(304);
      expect(handling(response)).toContain('stored');
    });

    it("keeps the handler's own ETag and Last-Modified", async () => {
      const modified = 'Wed, 01 Jan 2020 00:00:00 GMT';
      test.origin.script = (_request, reply) => {
        reply.header('ETag', 'W/"mine"').header('Last-Modified', modified);
        return 'x';
      };

      expect((await get('/cached/plain/mine')).headers.get('etag')).toBe('W/"mine"');
      expect((await get('/cached/plain/mine', { 'If-None-Match': '"mine"' })).status).toBe(304);
      expect((await get('/cached/plain/mine', { 'If-Modified-Since': modified })).status).toBe(304);
    });
  });

  describe('HEAD', () => {
    it('is answered from GET, and stores nothing itself', async () => {
      const miss = await get('/cached/plain/head', {}, 'HEAD');
      const full = await get('/cached/plain/head');
      const head = await get('/cached/plain/head', {}, 'HEAD');

      expect(handling(miss)).toContain('fwd=uri-miss');
      expect(handling(full)).toContain('stored');
      expect(handling(head)).toContain('hit');
      expect([head.status, await head.text()]).toEqual([200, '']);
      expect(head.headers.get('etag')).toBe(full.headers.get('etag'));
      expect(head.headers.get('content-length')).toBe(full.headers.get('content-length'));
    });
  });

  describe('requests that say what they want', () => {
    it.each([
      ['no-cache', 'fwd=request; stored'],
      ['max-age=0', 'fwd=request; stored'],
      ['max-age=5', 'fwd=request; stored'],
      ['max-age=20', 'hit'],
      ['min-fresh=51', 'fwd=request; stored'],
      ['min-fresh=50', 'hit'],
      ['no-store', 'fwd=request'],
      ['only-if-cached', 'hit'],
    ])('Cache-Control: %s on a response of 10 s, fresh for 50 s more: %s', async (directives, expected) => {
      await get('/cached/plain/wants');
      test.clock.advance(10_000);

      expect(handling(await get('/cached/plain/wants', { 'Cache-Control': directives }))).toContain(expected);
    });

    it('only-if-cached gets 504 instead of the handler', async () => {
      const response = await get('/cached/plain/only', { 'Cache-Control': 'only-if-cached' });

      expect([response.status, runs]).toEqual([504, 0]);
      expect(handling(response)).toContain('fwd=uri-miss');
    });

    it('max-stale gets a stale response while it is kept', async () => {
      await get('/cached/stale/max');
      test.clock.advance(35_000);

      expect(handling(await get('/cached/stale/max', { 'Cache-Control': 'max-stale=30' }))).toContain(
        'hit; ttl=-25',
      );
      expect(handling(await get('/cached/stale/max', { 'Cache-Control': 'max-stale=20' }))).toContain(
        'fwd=stale',
      );
    });

    it('Pragma: no-cache counts as Cache-Control: no-cache', async () => {
      await get('/cached/plain/pragma');

      expect(handling(await get('/cached/plain/pragma', { Pragma: 'no-cache' }))).toContain('fwd=request');
    });

    it('are not listened to where the route says so', async () => {
      await get('/cached/deaf');

      expect(handling(await get('/cached/deaf', { 'Cache-Control': 'no-cache' }))).toContain('hit');
    });
  });

  describe('stale responses', () => {
    it('are served while the handler makes a new one, with headers and status of its own', async () => {
      test.origin.script = (_request, reply) => {
        reply.header('X-Run', String(++runs));
        return runs;
      };
      await get('/cached/stale/while');
      test.clock.advance(15_000);

      const stale = await get('/cached/stale/while');
      await until(() => runs === 2);
      let fresh = await get('/cached/stale/while');
      await until(async () => (fresh = await get('/cached/stale/while')).headers.get('x-run') === '2');

      expect([await stale.text(), stale.headers.get('x-run')]).toEqual(['1', '1']);
      expect(handling(stale)).toContain('hit; ttl=-5');
      expect(await fresh.text()).toBe('2');
      expect(fresh.headers.get('age')).toBe('0');
      expect(runs).toBe(2);
    });

    it('are not, past the time that the route gives', async () => {
      await get('/cached/stale/past');
      test.clock.advance(31_000);

      expect(handling(await get('/cached/stale/past'))).toContain('fwd=stale; stored');
    });

    it('stand in when the handler fails, and not for what is no failure', async () => {
      await get('/cached/stale/error');
      test.clock.advance(45_000);
      test.origin.script = (_request, reply) => {
        reply.header('X-Half', 'done').status(201);
        throw new HttpException('down', 503);
      };

      const response = await get('/cached/stale/error');

      expect([response.status, await response.json()]).toEqual([200, { run: 1 }]);
      expect(response.headers.get('x-half')).toBeNull();
      expect(handling(response)).toContain('fwd=stale; fwd-status=503; ttl=-35');
      test.origin.script = () => {
        throw new HttpException('not yours', 403);
      };
      expect((await get('/cached/stale/error')).status).toBe(403);
      test.clock.advance(10_000);
      test.origin.script = () => {
        throw new Error('down');
      };
      expect((await get('/cached/stale/error')).status).toBe(500);
    });

    it.each(['returned', 'thrown'])(
      'are not replaced by an error that they stand in for, though it may be stored: %s, for all who wait',
      async (way) => {
        await get(`/cached/errors/${way}`);
        test.clock.advance(15_000);
        const gate = deferred();
        test.origin.script = async (_request, reply) => {
          runs += 1;
          await gate.promise;
          if (way === 'thrown') throw new HttpException('down', 503);
          reply.status(503);
          return 'down';
        };

        const requests = [1, 2, 3].map(() => get(`/cached/errors/${way}`));
        await joined(2);
        gate.resolve();
        const answers = await Promise.all(requests);

        expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
        expect(runs).toBe(2);
        expect(handling(await get(`/cached/errors/${way}`))).toContain('fwd=stale; fwd-status=503');
      },
    );

    it('are never served with must-revalidate', async () => {
      test.origin.script = (_request, reply) => {
        runs += 1;
        reply.header('Cache-Control', 'max-age=10, must-revalidate, stale-while-revalidate=60');
        return runs;
      };
      await get('/cached/stale/must');
      test.clock.advance(11_000);

      expect(await text('/cached/stale/must')).toBe('2');
    });
  });

  describe('collapsing', () => {
    it('runs the handler once for requests at the same time', async () => {
      const gate = deferred();
      test.origin.script = async () => {
        runs += 1;
        await gate.promise;
        return { run: runs };
      };

      const requests = Array.from({ length: 10 }, () => get('/cached/plain/many'));
      await joined(9);
      gate.resolve();
      const responses = await Promise.all(requests);

      expect(await Promise.all(responses.map((response) => response.json()))).toEqual(
        Array(10).fill({ run: 1 }),
      );
      expect(runs).toBe(1);
      expect(responses.filter((response) => handling(response).includes('collapsed'))).toHaveLength(9);
    });

    it.each([
      ['Authorization', 'Authorization'],
      ['a field that the response names in Vary', 'Accept-Language'],
    ])('keeps requests apart that differ in %s', async (_what, name) => {
      const gate = deferred();
      const path = `/cached/plain/apart-${name}`;
      test.origin.script = async ({ headers }, reply) => {
        const value = headers[name.toLowerCase()] ?? 'none';
        runs += 1;
        await gate.promise;
        reply.header('Vary', 'Accept-Language');
        return `for ${value}`;
      };
      const values = Array.from({ length: 20 }, (_, i) => `u${String(i % 4)}`);

      const requests = values.map((value) => text(path, { [name]: value }));
      await joined(name === 'Authorization' ? 16 : 19);
      gate.resolve();

      expect(await Promise.all(requests)).toEqual(values.map((value) => `for ${value}`));
      expect(runs).toBe(4);
    });

    it("hands a handler's failure only to requests that are alike", async () => {
      const gate = deferred();
      test.origin.script = async ({ headers }) => {
        runs += 1;
        await gate.promise;
        if (headers['accept'] === 'image/png') throw new HttpException('only text', 406);
        return 'fine';
      };

      const bad = [1, 2].map(() => get('/cached/plain/fails', { Accept: 'image/png' }));
      await until(() => runs > 0);
      const good = [1, 2].map(() => get('/cached/plain/fails', { Accept: 'text/plain' }));
      await joined(3);
      gate.resolve();

      expect((await Promise.all(bad)).map(({ status }) => status)).toEqual([406, 406]);
      expect((await Promise.all(good)).map(({ status }) => status)).toEqual([200, 200]);
    });

    it('hands a response that may not be stored to nobody else', async () => {
      const gate = deferred();
      test.origin.script = async (_request, reply) => {
        runs += 1;
        const run = runs;
        await gate.promise;
        reply.header('Cache-Control', 'private');
        return run;
      };

      const requests = [1, 2, 3].map(() => text('/cached/shared/private'));
      await joined(2);
      gate.resolve();

      expect(new Set(await Promise.all(requests)).size).toBe(3);
    });
  });

  describe('methods that change something', () => {
    it('invalidate their URL, in every variant (RFC 9111 §4.4)', async () => {
      for (const user of ['a', 'b']) await get('/cached/number/7', { Authorization: user });

      const { status } = await get('/cached/number/7', {}, 'POST');

      expect(status).toBe(201);
      for (const user of ['a', 'b']) {
        expect(handling(await get('/cached/number/7', { Authorization: user }))).toMatch(
          /fwd=(uri|vary)-miss/,
        );
      }
    });

    it('do not when they fail', async () => {
      await get('/cached/number/8');

      const { status } = await get('/cached/number/8', {}, 'DELETE');

      expect(status).toBe(409);
      expect(handling(await get('/cached/number/8'))).toContain('hit');
    });

    it('invalidate what they name by Location and Content-Location, on the same host', async () => {
      const paths = ['/cached/plain/loc', '/cached/plain/cl', '/cached/plain/foreign'];
      for (const path of paths) await get(path);
      test.origin.script = (_request, reply) => {
        reply
          .header('Location', '../cached/plain/loc')
          .header('Content-Location', `${test.url}/cached/plain/cl`);
        return 'done';
      };

      await get('/origin/change', {}, 'PUT');

      const after = await Promise.all(paths.map(async (path) => handling(await get(path))));
      expect(after.map((it) => it.includes('hit'))).toEqual([false, false, true]);
    });

    it('win over a handler that is at work (guarantee: an invalidation is never lost)', async () => {
      const gate = deferred();
      test.origin.script = async () => {
        runs += 1;
        await gate.promise;
        return { run: runs };
      };
      const before = get('/cached/number/9');
      await until(() => runs === 1);
      await get('/cached/number/9', {}, 'POST');
      gate.resolve();
      await before;

      test.origin.script = () => ++runs;
      expect(await text('/cached/number/9')).toContain('2');
    });
  });
});

/** The keys that events tell of, without their namespace. */
function keysOf(events: readonly string[]): string[] {
  return events.map((event) => String((JSON.parse(event) as { key?: string }).key));
}

describe.each(matrix)('HttpCacheInterceptor on routes of %s with %s', (adapter, tier) => {
  let test: TestApp;
  beforeAll(async () => {
    test = await bootApp({ adapter, tier, controllers: [RouteController], bound: false });
  });
  afterAll(() => test.close());
  beforeEach(() => {
    let runs = 0;
    test.origin.script = () => ++runs;
  });

  it('works where it is bound', async () => {
    expect(await (await test.fetch('/route/here')).text()).toBe('1');
    expect(await (await test.fetch('/route/here')).text()).toBe('1');
  });

  it('stores no object of a class that a serializer outside of it has to strip', async () => {
    const bodies: unknown[] = [];
    for (let i = 0; i < 2; i++) bodies.push(await (await test.fetch('/route/accounts/outside')).json());

    expect(bodies).toEqual([{ id: '1' }, { id: '2' }]);
  });

  it('stores what a serializer inside of it has stripped', async () => {
    const bodies: unknown[] = [];
    for (let i = 0; i < 2; i++) bodies.push(await (await test.fetch('/route/accounts/inside')).json());

    expect(bodies).toEqual([{ id: '1' }, { id: '1' }]);
  });
});
