import { describe, expect, it } from '@jest/globals';

import { handling, matrix, siteOf } from '../support/http-cache-app.js';
import { CachedController } from '../support/http-cache-routes.js';

describe.each(matrix)('HttpCacheInterceptor on %s with %s', (adapter, tier) => {
  const site = siteOf({ adapter, tier, controllers: [CachedController] });
  const { get } = site;

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
      site.origin.script = () => 'same';
      const etag = (await get('/cached/plain/again')).headers.get('etag') ?? '';
      site.clock.advance(61_000);

      const response = await get('/cached/plain/again', { 'If-None-Match': etag });

      expect(response.status).toBe(304);
      expect(handling(response)).toContain('stored');
    });

    it("keeps the handler's own ETag and Last-Modified", async () => {
      const modified = 'Wed, 01 Jan 2020 00:00:00 GMT';
      site.origin.script = (_request, reply) => {
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
      site.clock.advance(10_000);

      expect(handling(await get('/cached/plain/wants', { 'Cache-Control': directives }))).toContain(expected);
    });

    it('only-if-cached gets 504 instead of the handler', async () => {
      const response = await get('/cached/plain/only', { 'Cache-Control': 'only-if-cached' });

      expect([response.status, site.runs]).toEqual([504, 0]);
      expect(handling(response)).toContain('fwd=uri-miss');
    });

    it('max-stale gets a stale response while it is kept', async () => {
      await get('/cached/stale/max');
      site.clock.advance(35_000);

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
});
