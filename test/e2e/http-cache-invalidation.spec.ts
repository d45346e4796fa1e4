import { describe, expect, it } from '@jest/globals';

import { deferred } from '../support/deferred.js';
import { handling, matrix, OriginController, siteOf } from '../support/http-cache-app.js';
import { CachedController } from '../support/http-cache-routes.js';
import { until } from '../support/until.js';

describe.each(matrix)('HttpCacheInterceptor on %s with %s', (adapter, tier) => {
  const site = siteOf({ adapter, tier, controllers: [CachedController, OriginController] });
  const { get, text } = site;

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
      site.origin.script = (_request, reply) => {
        reply
          .header('Location', '../cached/plain/loc')
          .header('Content-Location', `${site.url}/cached/plain/cl`);
        return 'done';
      };

      await get('/origin/change', {}, 'PUT');

      const after = await Promise.all(paths.map(async (path) => handling(await get(path))));
      expect(after.map((it) => it.includes('hit'))).toEqual([false, false, true]);
    });

    it('win over a handler that is at work (guarantee 1)', async () => {
      const gate = deferred();
      site.origin.script = async () => {
        site.runs += 1;
        await gate.promise;
        return { run: site.runs };
      };
      const before = get('/cached/number/9');
      await until(() => site.runs === 1);
      await get('/cached/number/9', {}, 'POST');
      gate.resolve();
      await before;

      site.origin.script = () => ++site.runs;
      expect(await text('/cached/number/9')).toContain('2');
    });
  });
});
