import { beforeEach, describe, expect, it } from '@jest/globals';

import { handling, matrix, OriginController, siteOf } from '../support/http-cache-app.js';
import { CachedController } from '../support/http-cache-routes.js';

/** The keys that events tell of, without their namespace. */
function keysOf(events: readonly string[]): string[] {
  return events.map((event) => String((JSON.parse(event) as { key?: string }).key));
}

describe.each(matrix)('HttpCacheInterceptor on %s with %s', (adapter, tier) => {
  const site = siteOf({ adapter, tier, controllers: [CachedController, OriginController] });
  const { get, text } = site;

  describe("users (pitfall: HTTP caching by URL alone gave one user's page to another) (guarantee 16)", () => {
    beforeEach(() => {
      site.origin.script = ({ headers }, reply) => {
        site.runs += 1;
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
      expect(site.runs).toBe(3);
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

      expect(site.runs).toBe(3);
    });

    it('keeps no credential in the cache', async () => {
      site.origin.script = () => 'x';
      const stored: string[] = [];
      const cache = site.cache;
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
      site.origin.script = ({ headers }, reply) => {
        site.runs += 1;
        reply.header('Vary', vary);
        return `in ${headers['accept-language'] ?? 'none'}`;
      };
    };

    it('is honoured for what the response names', async () => {
      greet('Accept-Language');
      for (const language of ['de', 'fr', 'de', 'fr']) {
        expect(await text('/cached/plain/vary', { 'Accept-Language': language })).toBe(`in ${language}`);
      }

      expect(site.runs).toBe(2);
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

      expect(site.runs).toBe(2);
    });
  });
});
