import { describe, expect, it } from '@jest/globals';
import { HttpException } from '@nestjs/common';

import { deferred } from '../support/deferred.js';
import { handling, matrix, siteOf } from '../support/http-cache-app.js';
import { CachedController } from '../support/http-cache-routes.js';
import { until } from '../support/until.js';

describe.each(matrix)('HttpCacheInterceptor on %s with %s', (adapter, tier) => {
  const site = siteOf({ adapter, tier, controllers: [CachedController] });
  const { get, text, joined } = site;

  describe('stale responses', () => {
    it('are served while the handler makes a new one, with headers and status of its own', async () => {
      site.origin.script = (_request, reply) => {
        reply.header('X-Run', String(++site.runs));
        return site.runs;
      };
      await get('/cached/stale/while');
      site.clock.advance(15_000);

      const stale = await get('/cached/stale/while');
      await until(() => site.runs === 2);
      let fresh = await get('/cached/stale/while');
      await until(async () => (fresh = await get('/cached/stale/while')).headers.get('x-run') === '2');

      expect([await stale.text(), stale.headers.get('x-run')]).toEqual(['1', '1']);
      expect(handling(stale)).toContain('hit; ttl=-5');
      expect(await fresh.text()).toBe('2');
      expect(fresh.headers.get('age')).toBe('0');
      expect(site.runs).toBe(2);
    });

    it('are not, past the time that the route gives', async () => {
      await get('/cached/stale/past');
      site.clock.advance(31_000);

      expect(handling(await get('/cached/stale/past'))).toContain('fwd=stale; stored');
    });

    it('stand in when the handler fails, and not for what is no failure', async () => {
      await get('/cached/stale/error');
      site.clock.advance(45_000);
      site.origin.script = (_request, reply) => {
        reply.header('X-Half', 'done').status(201);
        throw new HttpException('down', 503);
      };

      const response = await get('/cached/stale/error');

      expect([response.status, await response.json()]).toEqual([200, { run: 1 }]);
      expect(response.headers.get('x-half')).toBeNull();
      expect(handling(response)).toContain('fwd=stale; fwd-status=503; ttl=-35');
      site.origin.script = () => {
        throw new HttpException('not yours', 403);
      };
      expect((await get('/cached/stale/error')).status).toBe(403);
      site.clock.advance(10_000);
      site.origin.script = () => {
        throw new Error('down');
      };
      expect((await get('/cached/stale/error')).status).toBe(500);
    });

    it.each(['returned', 'thrown'])(
      'are not replaced by an error that they stand in for, though it may be stored: %s, for all who wait',
      async (way) => {
        await get(`/cached/errors/${way}`);
        site.clock.advance(15_000);
        const gate = deferred();
        site.origin.script = async (_request, reply) => {
          site.runs += 1;
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
        expect(site.runs).toBe(2);
        expect(handling(await get(`/cached/errors/${way}`))).toContain('fwd=stale; fwd-status=503');
      },
    );

    it('are never served with must-revalidate', async () => {
      site.origin.script = (_request, reply) => {
        site.runs += 1;
        reply.header('Cache-Control', 'max-age=10, must-revalidate, stale-while-revalidate=60');
        return site.runs;
      };
      await get('/cached/stale/must');
      site.clock.advance(11_000);

      expect(await text('/cached/stale/must')).toBe('2');
    });
  });
});
