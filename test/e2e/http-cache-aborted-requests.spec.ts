import { request as httpRequest, type ClientRequest } from 'node:http';

import { describe, expect, it } from '@jest/globals';

import { deferred } from '../support/deferred.js';
import { handling, matrix, siteOf, type AppRequest } from '../support/http-cache-app.js';
import { CachedController } from '../support/http-cache-routes.js';
import { until } from '../support/until.js';

describe.each(matrix)('HttpCacheInterceptor on %s with %s', (adapter, tier) => {
  const site = siteOf({ adapter, tier, controllers: [CachedController] });
  const { get, joined } = site;
  const open = (path: string): ClientRequest => {
    const sent = httpRequest(`${site.url}${path}`);
    sent.on('error', () => undefined);
    sent.end();
    return sent;
  };

  describe('requests that end early', () => {
    it('what ran for one that left is stored, and others get it', async () => {
      const gate = deferred();
      site.origin.script = async () => {
        site.runs += 1;
        await gate.promise;
        return `run ${String(site.runs)}`;
      };
      const leaving = open('/cached/plain/left');
      await until(() => site.runs === 1);
      const staying = get('/cached/plain/left');
      await joined(1);
      leaving.destroy();
      gate.resolve();

      expect(await (await staying).text()).toBe('run 1');
      expect(handling(await get('/cached/plain/left'))).toContain('hit');
    });

    it('a handler that gives up with its client fails for nobody else', async () => {
      site.origin.script = async (request) => {
        site.runs += 1;
        if (site.runs > 1) return `run ${String(site.runs)}`;
        const { raw = request } = request as AppRequest & { raw?: object };
        await new Promise((resolve) => {
          (raw as { socket: NodeJS.EventEmitter }).socket.once('close', resolve);
        });
        throw new Error('aborted');
      };
      const leaving = open('/cached/plain/gives-up');
      await until(() => site.runs === 1);
      const staying = [get('/cached/plain/gives-up'), get('/cached/plain/gives-up')];
      await joined(2);
      leaving.destroy();

      const answers = await Promise.all(staying);
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
      expect(await Promise.all(answers.map((answer) => answer.text()))).toEqual(['run 2', 'run 2']);
    });

    it('one that waits for another and leaves disturbs nobody', async () => {
      const gate = deferred();
      site.origin.script = async () => {
        site.runs += 1;
        await gate.promise;
        return `run ${String(site.runs)}`;
      };
      const staying = get('/cached/plain/waits');
      await until(() => site.runs === 1);
      const leaving = open('/cached/plain/waits');
      await joined(1);
      leaving.destroy();
      gate.resolve();

      expect(await (await staying).text()).toBe('run 1');
    });
  });
});
