import { gunzipSync } from 'node:zlib';

import { describe, expect, it } from '@jest/globals';

import { hostile, key, site, view } from '../../../../test/support/dashboard-site.js';
import { pageAssets } from './page/assets.js';

const page = String(pageAssets.get('index.html')?.body).replace('%TOKEN%', '');

describe('the files of the page', () => {
  it('are sent with a policy that allows no inline code, and with no foreign source', async () => {
    const { ask } = await site();
    const answer = await ask('/');

    expect(answer).toMatchObject({ status: 200, text: page });
    expect(answer.headers['content-security-policy']).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    expect(answer.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
    });
  });

  it('are revalidated, and compressed for clients that take gzip', async () => {
    const { ask } = await site();
    const [path, asset] =
      [...pageAssets]
        .filter(([path]) => path.startsWith('assets/'))
        .sort(([, a], [, b]) => b.body.length - a.body.length)[0] ?? [];
    const plain = await ask(`/${String(path)}`);
    const gzipped = await ask(`/${String(path)}`, { headers: { 'accept-encoding': 'br, gzip;q=0.5' } });
    const none = await ask(`/${String(path)}`, { headers: { 'accept-encoding': 'gzip;q=0, br' } });

    expect(plain.text).toBe(asset?.body.toString());
    expect(none.headers['content-encoding']).toBeUndefined();
    expect(gunzipSync(gzipped.body).toString()).toBe(asset?.body.toString());
    const again = await ask(`/${String(path)}`, {
      headers: { 'if-none-match': String(gzipped.headers.etag) },
    });
    expect(again).toMatchObject({ status: 304, text: '' });
    expect(again.headers['content-security-policy']).toBeDefined();
  });

  it('redirects the route without a slash by a relative address', async () => {
    const { ask } = await site();
    const answer = await ask('?instance=a');
    expect(answer.status).toBe(302);
    expect(answer.headers.location).toBe('./cache/?instance=a');
    expect(new URL(String(answer.headers.location), 'https://a.test/x/tools/cache').pathname).toBe(
      '/x/tools/cache/',
    );
  });

  it.each(['/nothing', '/assets/../../package.json', '/assets/%2e%2e/x', '//evil.test', '/api', '/api/'])(
    'answers 404 to %s',
    async (path) => {
      const answer = await (await site()).ask(path);
      expect(answer.status).toBe(404);
      expect(answer.json()).toEqual({ error: expect.any(String) });
    },
  );

  it.each([
    ['/', 'POST', 'GET, HEAD'],
    ['/api/state', 'DELETE', 'GET, HEAD'],
    ['/api/invalidate', 'GET', 'POST'],
    ['/api/preview', 'OPTIONS', 'POST'],
  ])('%s refuses %s', async (path, method, allowed) => {
    const answer = await (await site({ readOnly: false })).ask(path, { method });
    expect(answer.status).toBe(405);
    expect(answer.headers.allow).toBe(allowed);
  });

  it('answers HEAD without a body', async () => {
    const { ask } = await site();
    for (const path of ['/', '/api/state', '/api/events'])
      expect(await ask(path, { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
  });
});

describe('the state', () => {
  it('is that of the named instance, with the rights, and is stored nowhere', async () => {
    const { ask, asked } = await site();
    const answer = await ask('/api/state?instance=b');

    expect(answer.json()).toEqual({
      ...view('b'),
      rights: { readOnly: true, showsValues: false },
    });
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    await ask('/api/state?instance=');
    expect(asked).toEqual(['b', null]);
  });

  it('that fails is logged, and not told', async () => {
    const { ask, errors } = await site({}, { state: () => Promise.reject(new Error('redis://u:secret@h')) });
    const answer = await ask('/api/state');

    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('secret');
    expect(errors).toHaveLength(1);
  });

  it('holds no HTML, whatever keys are named', async () => {
    const { post } = await site({ readOnly: false });
    const answer = await post('/api/preview', key);
    expect(answer.text).not.toMatch(/[<>&\u2028]/);
    expect(answer.json()).toMatchObject({ examples: [hostile] });
  });
});

describe('the stream', () => {
  it('has a message at once and then every tick', async () => {
    const { stream } = await site();
    const events = await stream('/api/events?instance=c');

    expect(await events.next()).toBe('retry: 20');
    for (let i = 0; i < 3; i++) {
      const message = await events.next();
      expect(JSON.parse(message.replace('data: ', ''))).toMatchObject({ shown: 'c' });
    }
  });

  it('computes one state for all clients of a tick', async () => {
    let states = 0;
    const { stream } = await site(
      { everyMs: 50 },
      {
        state: () => {
          states++;
          return Promise.resolve(view(String(states)));
        },
      },
    );
    const all = await Promise.all([stream(), stream(), stream()]);
    // Each has its own first message; from then on they are equal.
    for (const each of all) for (let i = 0; i < 2; i++) await each.next();
    const seconds = await Promise.all(all.map((each) => each.next()));

    expect(new Set(seconds).size).toBe(1);
  });

  it('tells that it lives while there is no state, and goes on', async () => {
    let fails = true;
    const { stream, errors } = await site(
      {},
      {
        state: (shown) => (fails ? Promise.reject(new Error('away')) : Promise.resolve(view(shown))),
      },
    );
    const events = await stream();
    await events.next();
    expect(await events.next()).toBe(': no state');
    fails = false;
    let message = '';
    while (!message.startsWith('data: ')) message = await events.next();
    expect(errors.length).toBeGreaterThan(0);
  });

  it('forgets a client that leaves, and asks for no state without clients', async () => {
    const { stream, asked, ask } = await site({ maxClients: 1 });
    const events = await stream();
    await events.next();
    expect((await ask('/api/events')).status).toBe(503);
    events.leave();

    let status = 503;
    while (status === 503) {
      const next = await stream();
      status = next.status;
      next.leave();
    }
    expect(status).toBe(200);
    expect(asked.length).toBeGreaterThan(0);
  });

  it('ends when the dashboard closes, and takes no more clients', async () => {
    const { stream, ask, close } = await site();
    const events = await stream();
    close();
    await events.ended;
    expect((await ask('/api/events')).status).toBe(503);
  });
});
