import { describe, expect, it } from '@jest/globals';
import { HttpException } from '@nestjs/common';

import { deferred } from '../support/deferred.js';
import { handling, matrix, siteOf } from '../support/http-cache-app.js';
import { CachedController } from '../support/http-cache-routes.js';
import { until } from '../support/until.js';

describe.each(matrix)('HttpCacheInterceptor on %s with %s', (adapter, tier) => {
  const site = siteOf({ adapter, tier, controllers: [CachedController] });
  const { get, text, joined } = site;

  describe('collapsing', () => {
    it('runs the handler once for requests at the same time', async () => {
      const gate = deferred();
      site.origin.script = async () => {
        site.runs += 1;
        await gate.promise;
        return { run: site.runs };
      };

      const requests = Array.from({ length: 10 }, () => get('/cached/plain/many'));
      await joined(9);
      gate.resolve();
      const responses = await Promise.all(requests);

      expect(await Promise.all(responses.map((response) => response.json()))).toEqual(
        Array(10).fill({ run: 1 }),
      );
      expect(site.runs).toBe(1);
      expect(responses.filter((response) => handling(response).includes('collapsed'))).toHaveLength(9);
    });

    it.each([
      ['Authorization', 'Authorization'],
      ['a field that the response names in Vary', 'Accept-Language'],
    ])('keeps requests apart that differ in %s', async (_what, name) => {
      const gate = deferred();
      const path = `/cached/plain/apart-${name}`;
      site.origin.script = async ({ headers }, reply) => {
        const value = headers[name.toLowerCase()] ?? 'none';
        site.runs += 1;
        await gate.promise;
        reply.header('Vary', 'Accept-Language');
        return `for ${value}`;
      };
      const values = Array.from({ length: 20 }, (_, i) => `u${String(i % 4)}`);

      const requests = values.map((value) => text(path, { [name]: value }));
      await joined(name === 'Authorization' ? 16 : 19);
      gate.resolve();

      expect(await Promise.all(requests)).toEqual(values.map((value) => `for ${value}`));
      expect(site.runs).toBe(4);
    });

    it("hands a handler's failure only to requests that are alike", async () => {
      const gate = deferred();
      site.origin.script = async ({ headers }) => {
        site.runs += 1;
        await gate.promise;
        if (headers['accept'] === 'image/png') throw new HttpException('only text', 406);
        return 'fine';
      };

      const bad = [1, 2].map(() => get('/cached/plain/fails', { Accept: 'image/png' }));
      await until(() => site.runs > 0);
      const good = [1, 2].map(() => get('/cached/plain/fails', { Accept: 'text/plain' }));
      await joined(3);
      gate.resolve();

      expect((await Promise.all(bad)).map(({ status }) => status)).toEqual([406, 406]);
      expect((await Promise.all(good)).map(({ status }) => status)).toEqual([200, 200]);
    });

    it('hands a response that may not be stored to nobody else', async () => {
      const gate = deferred();
      site.origin.script = async (_request, reply) => {
        site.runs += 1;
        const run = site.runs;
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
});
