import { describe, expect, it } from '@jest/globals';

import { key, site, tokenIn } from '../../../../../test/support/dashboard-site.js';
import { pageAssets } from '../page/assets.js';
import { basicAuthRule } from './basic-auth.js';
import { closed } from './local-only.js';

describe('access to a dashboard without guard', () => {
  it.each<[string, Record<string, string>]>([
    ['a request through a proxy', { 'x-forwarded-for': '127.0.0.1' }],
    ['a request with Forwarded', { forwarded: 'for=127.0.0.1' }],
    ['a request with X-Real-IP', { 'x-real-ip': '127.0.0.1' }],
    ['a foreign host (DNS rebinding)', { host: 'evil.com' }],
    ['a host that begins like a local one', { host: 'localhost.evil.com' }],
    ['a host that ends like a local one', { host: '127.0.0.1.evil.com' }],
  ])('refuses %s, at every address, and says what to set', async (_, headers) => {
    const { ask, asked } = await site({ readOnly: false });
    for (const path of ['', '/', `/${String([...pageAssets.keys()][0])}`, '/api/state', '/api/events']) {
      const answer = await ask(path, { headers });
      expect(answer.status).toBe(403);
      expect(answer.text).toContain('set guard or basicAuth');
      expect(answer.headers['content-security-policy']).toBeDefined();
    }
    const post = await ask('/api/invalidate', { method: 'POST', headers, body: JSON.stringify(key) });
    expect(post.status).toBe(403);
    expect(asked).toEqual([]);
  });

  it.each(['localhost', 'app.localhost:3000', '127.0.0.1:3000', '[::1]:3000', 'LOCALHOST'])(
    'is given to the local host %s',
    async (host) => {
      expect((await (await site()).ask('/', { headers: { host } })).status).toBe(200);
    },
  );

  it('is given to nobody in production', async () => {
    const answer = await (await site({ access: closed })).ask('/');
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('set guard or basicAuth');
  });
});

describe('access by user and password', () => {
  const access = basicAuthRule({ user: 'anna', password: 'päss:wörd' });
  const basic = (text: string): Record<string, string> => ({
    authorization: `Basic ${Buffer.from(text).toString('base64')}`,
  });

  it('is given to the user alone', async () => {
    const { ask } = await site({ access });
    expect((await ask('/', { headers: basic('anna:päss:wörd') })).status).toBe(200);
    for (const headers of [
      {},
      basic('anna:päss'),
      basic('berta:päss:wörd'),
      basic('anna:päss:wörd '),
      basic(''),
      { authorization: 'Bearer x' },
      { authorization: 'Basic' },
    ]) {
      const answer = await ask('/api/state', { headers });
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toContain('Basic');
      expect(answer.text).not.toContain('anna');
    }
  });

  it('names the user in the audit', async () => {
    const { ask, audits } = await site({ access, readOnly: false });
    const headers = basic('anna:päss:wörd');
    const token = tokenIn((await ask('/', { headers })).text);
    const answer = await ask('/api/invalidate', {
      method: 'POST',
      headers: {
        ...headers,
        'content-type': 'application/json',
        'sec-fetch-site': 'same-origin',
        'x-cache-dashboard-token': token,
      },
      body: JSON.stringify(key),
    });

    expect(answer.json()).toEqual({ removed: 2 });
    expect(audits).toEqual([
      {
        who: 'anna',
        ip: expect.stringContaining('127.0.0.1'),
        target: { ...key, namespaces: [] },
        removed: 2,
        failed: false,
      },
    ]);
    expect(JSON.stringify(audits)).not.toContain('wörd');
  });
});

describe('a rule of access that fails', () => {
  it('refuses, and its error is logged', async () => {
    const { ask, errors } = await site({ access: () => Promise.reject(new Error('secret')) });
    const answer = await ask('/api/state');
    expect(answer.status).toBe(403);
    expect(answer.text).not.toContain('secret');
    expect(errors).toHaveLength(1);
  });
});

describe('data for other sites', () => {
  it.each<[string, Record<string, string>, number, number]>([
    ['a link', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }, 200, 403],
    ['a script', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' }, 403, 403],
    ['a script of a neighbour', { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' }, 403, 403],
    ['a script towards plain HTTP', { origin: 'https://evil.com' }, 403, 403],
    ['the address bar', { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }, 200, 200],
  ])('%s', async (_, headers, pageStatus, dataStatus) => {
    const { ask } = await site();
    expect((await ask('/', { headers })).status).toBe(pageStatus);
    expect((await ask('/api/state', { headers })).status).toBe(dataStatus);
    expect((await ask('/api/key?cache=a&key=b', { headers })).status).toBe(dataStatus === 200 ? 404 : 403);
  });
});
