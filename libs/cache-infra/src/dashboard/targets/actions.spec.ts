import { describe, expect, it } from '@jest/globals';

import { key, site } from '../../../../../test/support/dashboard-site.js';
import { DashboardRefusal } from '../refusal.js';

describe('the token', () => {
  it('is another one for each process, unless the processes share a secret', async () => {
    const random = [await site({ readOnly: false }), await site({ readOnly: false })];
    const shared = await Promise.all(
      ['one secret of all', 'one secret of all', 'another secret'].map((tokenSecret) =>
        site({ readOnly: false, tokenSecret }),
      ),
    );
    const tokens = await Promise.all([...random, ...shared].map((each) => each.token()));

    expect(tokens.every((each) => /^[\w-]{43}$/.test(each))).toBe(true);
    expect(tokens[2]).toBe(tokens[3]);
    expect(new Set(tokens).size).toBe(4);
  });
});

describe('actions', () => {
  it('are refused read-only, which is the default, and there is no token', async () => {
    const { post, targets, token } = await site();
    expect(await token()).toBe('');
    for (const path of ['/api/invalidate', '/api/preview']) {
      const answer = await post(path, key);
      expect(answer.status).toBe(403);
      expect(answer.text).toContain('readOnly: false');
    }
    expect(targets).toEqual([]);
  });

  it('are refused where the source cannot invalidate', async () => {
    const { post } = await site({ readOnly: false, withoutActions: true });
    expect((await post('/api/invalidate', key)).status).toBe(403);
  });

  it.each<[string, Record<string, string>, number]>([
    ['no token', { 'x-cache-dashboard-token': '' }, 403],
    ['a wrong token', { 'x-cache-dashboard-token': 'A'.repeat(43) }, 403],
    ['another site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['a neighbour of the site', { 'sec-fetch-site': 'same-site' }, 403],
    ['a request that no page has sent', { 'sec-fetch-site': 'none' }, 403],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['a text', { 'content-type': 'text/plain; application/json' }, 415],
  ])('are refused for %s', async (_, headers, status) => {
    const { post, targets } = await site({ readOnly: false });
    expect((await post('/api/invalidate', key, headers)).status).toBe(status);
    expect(targets).toEqual([]);
  });

  it('need an origin of their own from browsers that name no site', async () => {
    const { ask, token, port, targets } = await site({ readOnly: false });
    const send = async (more: Record<string, string>): Promise<number> => {
      const headers = {
        'content-type': 'application/json',
        'x-cache-dashboard-token': await token(),
        host: `localhost:${String(port)}`,
        ...more,
      };
      return (await ask('/api/invalidate', { method: 'POST', headers, body: JSON.stringify(key) })).status;
    };
    expect(await send({})).toBe(403);
    expect(await send({ origin: 'http://evil.com' })).toBe(403);
    expect(await send({ origin: 'null' })).toBe(403);
    expect(await send({ origin: 'http://localhost:1' })).toBe(403);
    expect(targets).toEqual([]);
    expect(await send({ origin: `http://localhost:${String(port)}` })).toBe(200);
  });

  it.each<[string, unknown, number]>([
    ['bad JSON', '{"kind":', 400],
    ['an empty body', '', 400],
    ['another kind', { kind: 'everything', cache: 'default' }, 400],
    ['a kind from the prototype', { kind: 'constructor', cache: 'default', constructor: 'a' }, 400],
    ['a list', [key], 400],
    ['no cache', { kind: 'key', key: 'a' }, 400],
    ['an empty key', { kind: 'key', cache: 'default', key: '' }, 400],
    ['a key that is no text', { kind: 'key', cache: 'default', key: { $ne: null } }, 400],
    ['an empty pattern', { kind: 'pattern', cache: 'default', pattern: '' }, 400],
    ['the group of the others', { kind: 'group', cache: 'default', group: '(other)' }, 400],
    ['a group of everything', { kind: 'group', cache: 'default', group: '**' }, 400],
    ['namespaces that are no list', { ...key, namespaces: 'a' }, 400],
    ['an empty namespace', { ...key, namespaces: [''] }, 400],
    ['a body above 16 kB', { ...key, more: 'x'.repeat(20_000) }, 413],
  ])('are refused for %s', async (_, body, status) => {
    const { post, targets } = await site({ readOnly: false });
    const answer = await post('/api/invalidate', body);
    expect(answer.status).toBe(status);
    expect(answer.json()).toEqual({ error: expect.any(String) });
    expect(targets).toEqual([]);
  });

  it('are refused for a body above 16 kB of unknown length', async () => {
    const { post } = await site({ readOnly: false });
    const answer = await post('/api/invalidate', 'x'.repeat(20_000), { 'transfer-encoding': 'chunked' });
    expect(answer.status).toBe(413);
  });

  it('pass on what the source refuses', async () => {
    const invalidate = (): Promise<never> => Promise.reject(new DashboardRefusal(404, 'no such cache'));
    const { post, audits } = await site({ readOnly: false }, { invalidate });
    const answer = await post('/api/invalidate', key);
    expect(answer).toMatchObject({ status: 404 });
    expect(answer.json()).toEqual({ error: 'no such cache' });
    expect(audits).toEqual([expect.objectContaining({ removed: null, failed: true })]);
  });
});
