import { StubLlm } from '../../../../test/support/stub-llm.js';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import { AiCacheService } from '../ai/index.js';
import { ValidationError } from '../base/errors.js';
import { InMemoryCache } from '../cache/in-memory-cache.js';
import { aiControl } from '../nestjs/ai/ai-control.js';
import { cachingFetch, type CachingFetchOptions, type Fetch } from './index.js';

let llm: StubLlm;
beforeAll(async () => {
  llm = await StubLlm.start();
});
afterEach(() => llm.reset());
afterAll(() => llm.stop());

const chat = { model: 'small', messages: [{ role: 'user', content: 'Hi' }] };

function setUp(options: CachingFetchOptions = {}) {
  const ai = new AiCacheService(new InMemoryCache(), { operationTtls: { summary: '5m' } });
  const fetching = cachingFetch(ai, options);
  const ask = (body: unknown = chat) =>
    fetching(`${llm.baseURL}/chat/completions`, { method: 'POST', body: JSON.stringify(body) });
  return { ai, fetching, ask };
}

describe('cachingFetch', () => {
  it.each<[string, unknown, RegExp]>([
    ['no service', undefined, /ai must be an AiCacheService/],
    ['a cache', new InMemoryCache(), /ai must be an AiCacheService/],
  ])('refuses %s', (_name, ai, words) => {
    expect(() => cachingFetch(ai as AiCacheService)).toThrow(words);
  });

  it.each<[object, RegExp]>([
    [{ tenant: '' }, /tenant must be a non-empty string or a function/],
    [{ tenant: 'a', shared: true }, /shared cannot be combined with tenant/],
    [{ shared: 'yes' }, /shared/],
    [{ operation: 7n }, /operation/],
    [{ control: {} }, /control/],
    [{ fetch: 'fetch' }, /fetch/],
    [{ tenants: 'a' }, /tenants is not a known option/],
  ])('refuses the options %j', (options, words) => {
    expect(() => setUp(options)).toThrow(ValidationError);
    expect(() => setUp(options)).toThrow(words);
  });

  it('refuses a request whose tenant is not found, and sends nothing', async () => {
    const { ask } = setUp({ tenant: () => '' });
    await expect(ask()).rejects.toThrow('tenant must return a non-empty string or a number');
    expect(llm.calls).toBe(0);
  });

  it('names the tenant, for invalidations', async () => {
    const { ai, ask } = setUp({ tenant: ({ headers }) => headers.get('x-tenant') ?? 'none' });
    await ask();
    await ai.invalidate({ tenant: 'none' });
    await ask();
    expect(llm.calls).toBe(2);
  });

  it('names the operation, for its ttl and for stats', async () => {
    const { ai, ask } = setUp({ operation: ({ api }) => (api === 'chat' ? 'summary' : api) });
    const response = await ask();
    expect(response.headers.get('cache-status')).toBe('default; fwd=miss; stored; ttl=300');
    expect(ai.stats({ by: 'operation' }).groups).toMatchObject([{ name: 'summary', misses: 1 }]);
  });

  it('asks for the control of each request', async () => {
    const { ai, ask } = setUp({
      control: ({ body }) => ({ refresh: body['model'] === 'small', tags: ['document:1'] }),
    });
    await ask();
    expect((await ask()).headers.get('cache-status')).toContain('fwd=request');
    expect(llm.calls).toBe(2);

    await ask({ ...chat, model: 'large' });
    await ai.invalidate({ tags: ['document:1'] });
    await ask({ ...chat, model: 'large' });
    expect(llm.calls).toBe(4);
  });

  it.each<[string, string, object]>([
    ['chat/completions', 'plain', chat],
    ['chat/completions', 'streamed', { ...chat, stream: true }],
    ['embeddings', 'of a list', { model: 'small', input: ['a', 'b'] }],
  ])('reads the control of %s (%s) from Cache-Control', async (path, _kind, body) => {
    const { fetching } = setUp({ control: ({ headers }) => aiControl(headers) });
    const ask = async (cacheControl: string) => {
      const headers = { 'cache-control': cacheControl };
      const init = { method: 'POST', headers, body: JSON.stringify(body) };
      const response = await fetching(`${llm.baseURL}/${path}`, init);
      await response.text();
      return response;
    };
    const missing = await ask('only-if-cached');
    expect(missing.status).toBe(504);
    expect(missing.headers.get('x-should-retry')).toBe('false');
    expect(llm.calls).toBe(0);

    await ask('no-store');
    await ask('max-age=60');
    expect(llm.calls).toBe(2);
    expect((await ask('only-if-cached')).headers.get('cache-status')).toContain('hit');
    await ask('no-cache');
    expect(llm.calls).toBe(3);
  });

  it('sends by the fetch that it is given, what it was given', async () => {
    const sent: [unknown, RequestInit | undefined][] = [];
    const send: Fetch = (input, init) => {
      sent.push([input, init]);
      return fetch(input, init);
    };
    const { fetching } = setUp({ fetch: send });
    const url = new URL(`${llm.baseURL}/chat/completions`);
    const init = { method: 'POST', headers: { 'x-a': 'b' }, body: JSON.stringify(chat), keepalive: true };
    await fetching(url, init);

    expect(sent).toEqual([[url, { ...init, signal: expect.any(AbortSignal) as AbortSignal }]]);
  });

  it.each<[string, RequestInit]>([
    ['another method', { method: 'GET' }],
    ['no body', { method: 'POST' }],
    ['a body that is not JSON', { method: 'POST', body: 'model=small' }],
    ['a list', { method: 'POST', body: '[]' }],
    ['a form', { method: 'POST', body: new URLSearchParams({ model: 'small' }) }],
  ])('hands on a request with %s', async (_name, init) => {
    const answered = new Response('untouched');
    const { fetching } = setUp({ fetch: () => Promise.resolve(answered) });
    expect(await fetching(`${llm.baseURL}/chat/completions`, init)).toBe(answered);
  });

  it.each([
    '/v1/threads/t/messages',
    '/v1/messages/count_tokens',
    '/v1/messages/batches',
    '/v1/responses/resp_1/cancel',
    '/v1/chat/completions/chatcmpl-1',
    '/v1/audio/speech',
    '/v1/images/generations',
  ])('hands on %s', async (path) => {
    const answered = new Response('untouched');
    const { fetching } = setUp({ fetch: () => Promise.resolve(answered) });
    const init = { method: 'POST', body: JSON.stringify(chat) };
    expect(await fetching(`${llm.origin}${path}`, init)).toBe(answered);
  });

  it.each<[string, (json: unknown) => unknown, string]>([
    ['an empty answer', () => ({ choices: [{ message: { content: '' }, finish_reason: 'stop' }] }), 'empty'],
    ['an error with the status 200', () => ({ error: { message: 'overloaded' } }), 'unfinished'],
    ['another shape', () => ['hello'], 'unfinished'],
  ])('hands on %s, and stores nothing', async (_name, edit, detail) => {
    const { ask } = setUp();
    llm.behaviour = { edit };
    for (const _call of [1, 2]) {
      const response = await ask();
      expect(await response.json()).toEqual(edit(undefined));
      expect(response.headers.get('cache-status')).toBe(`default; fwd=miss; detail=${detail}`);
    }
    expect(llm.calls).toBe(2);
  });

  it('hands on a page of a proxy with the status 200, and stores nothing', async () => {
    let calls = 0;
    const page = () => {
      calls++;
      return Promise.resolve(new Response('<html>', { headers: { 'content-type': 'text/html' } }));
    };
    const { ask } = setUp({ fetch: page });
    for (const _call of [1, 2]) {
      const response = await ask();
      expect(response.headers.get('content-type')).toBe('text/html');
      expect(await response.text()).toBe('<html>');
    }
    expect(calls).toBe(2);
  });

  it('gives callers who share an error a response each', async () => {
    const { ask } = setUp();
    llm.next({ error: { status: 503, headers: { 'retry-after': '3' } } });
    const responses = await Promise.all([ask(), ask()]);
    for (const response of responses) {
      expect(response.status).toBe(503);
      expect(response.headers.get('retry-after')).toBe('3');
      expect(await response.json()).toMatchObject({ error: { type: 'api_error' } });
    }
    expect(llm.calls).toBe(1);
  });

  it('hands on a response without a body', async () => {
    const { ask } = setUp({ fetch: () => Promise.resolve(new Response(null, { status: 204 })) });
    expect(await ask()).toMatchObject({ status: 204, body: null });
  });

  it('serves a stale answer within its grace while the provider fails', async () => {
    const clock = new ManualClock();
    const cache = new InMemoryCache({ grace: '1h', defaultTtl: 60, advanced: { clock } });
    const fetching = cachingFetch(new AiCacheService(cache, { clock }));
    const ask = () =>
      fetching(`${llm.baseURL}/chat/completions`, { method: 'POST', body: JSON.stringify(chat) });
    const first = await (await ask()).text();
    clock.advance(61_000);
    llm.behaviour = { error: { status: 500 } };

    const stale = await ask();
    expect(stale.status).toBe(200);
    expect(await stale.text()).toBe(first);
  });
});
