import { describe, expect, it } from '@jest/globals';
import { HttpException, NotFoundException } from '@nestjs/common';

import { deferred } from '../support/deferred.js';
import { handling, matrix, OriginController, siteOf, type Reply } from '../support/http-cache-app.js';
import { CachedController } from '../support/http-cache-routes.js';
import { until } from '../support/until.js';

describe.each(matrix)('HttpCacheInterceptor on %s with %s', (adapter, tier) => {
  const site = siteOf({ adapter, tier, controllers: [CachedController, OriginController] });
  const { get, text, joined } = site;
  const withHost = async (path: string, Host: string) => handling(await get(path, { Host }));

  describe('storing', () => {
    it('answers the second request without the handler: same body, status and headers', async () => {
      site.origin.script = (_request, reply) => {
        reply.header('X-Run', String(++site.runs));
        return site.runs;
      };

      const first = await get('/cached/number/1?q=a');
      site.clock.advance(3000);
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
      const before = site.cache.stats();
      await get('/cached/plain/once');
      const { hits, misses, l1, l2 } = site.cache.stats();
      expect([hits - before.hits, misses - before.misses]).toEqual([1, 0]);
      expect([l1.hits - before.l1.hits, l2.hits - before.l2.hits, l2.misses - before.l2.misses]).toEqual([
        1, 0, 0,
      ]);
    });

    it('says in Cache-Status what it did (RFC 9211)', async () => {
      const first = handling(await get('/cached/plain/status'));
      site.clock.advance(1000);
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
      site.origin.script = () => {
        site.runs += 1;
        return value;
      };
      const path = `/cached/plain/body-${encodeURIComponent(name)}`;

      const first = await get(path);
      const second = await get(path);

      expect([await first.text(), await second.text()]).toEqual([expected, expected]);
      expect(second.headers.get('content-type')).toBe(first.headers.get('content-type'));
      expect(site.runs).toBe(1);
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
      site.origin.script = (_request, reply) => {
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

      await site.cache.invalidateTags('shared', 'computed');

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
      site.origin.script = (_request, reply) => {
        site.runs += 1;
        return script(reply);
      };
      await get(path, headers);
      const second = await get(path, headers);
      expect(site.runs).toBe(2);
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
        reply
          .header('Set-Cookie', `session=${String(site.runs)}`)
          .header('Cache-Control', 'public, max-age=60');
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
      site.runs = 0;
      await notStored('/cached/plain/returned', (reply) => {
        reply.status(404);
        return 'none';
      });

      site.origin.script = (_request, reply) => {
        reply.status(404);
        return 'none';
      };
      await get('/cached/missing');
      const second = await get('/cached/missing');
      expect([second.status, await second.text()]).toEqual([404, 'none']);
      expect(handling(second)).toContain('hit');
    });

    it('stores an error that is thrown where the route lets it, and throws one like it', async () => {
      const setsBefore = site.cache.stats().sets;
      site.origin.script = (_request, reply) => {
        reply.header('X-Run', String(++site.runs));
        throw site.runs === 1
          ? new NotFoundException(`no such thing, run ${String(site.runs)}`)
          : new Error('no');
      };

      // It is stored when its headers have gone: a filter may set a cookie.
      const answers = [await get('/cached/missing')];
      await until(() => site.cache.stats().sets - setsBefore === 2);
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
      site.origin.script = async () => {
        site.runs += 1;
        await gate.promise;
        throw new HttpException('a text', 404);
      };

      const requests = [1, 2, 3].map((i) => get('/cached/missing', { Accept: `text/${String(i)}` }));
      await joined(2);
      gate.resolve();

      const answers = await Promise.all(requests);
      expect(answers.map(({ status }) => status)).toEqual([404, 404, 404]);
      expect(site.runs).toBe(1);
    });

    it('stores 201 and 302 only when they say for how long they hold', async () => {
      await notStored('/cached/plain/created', (reply) => {
        reply.status(201);
        return 'x';
      });
      site.origin.script = (_request, reply) => {
        reply.status(302).header('Location', '/there').header('Cache-Control', 'max-age=60');
      };
      await get('/cached/plain/found');

      const second = await get('/cached/plain/found');

      expect([second.status, second.headers.get('location')]).toEqual([302, '/there']);
      expect(handling(second)).toContain('hit');
    });

    it('stores nothing without @HttpCache(), unless the response says how long it is fresh', async () => {
      await notStored('/origin/silent', () => 'x');

      site.origin.script = (_request, reply) => {
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

      expect(site.runs).toBe(8);
      expect(await text('/cached/stream')).toBe('stream [object Object]');
    });

    it('passes requests for a range', async () => {
      await get('/cached/plain/range');

      const response = await get('/cached/plain/range', { Range: 'bytes=0-1' });

      expect(await response.json()).toEqual({ run: 2 });
      expect(handling(response)).toBe('nestjs-cache-infra-http; fwd=bypass; detail=range');
    });
  });
});
