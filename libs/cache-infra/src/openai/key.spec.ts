import { StubLlm } from '../../../../test/support/stub-llm.js';
import { AiCacheService } from '../ai/index.js';
import { InMemoryCache } from '../cache/in-memory-cache.js';
import { cachingFetch, type CachingFetchOptions } from './index.js';

type Body = Record<string, unknown>;

/** A request, to be changed. */
interface Sent {
  method?: string;
  path: string;
  headers: Record<string, string>;
  body: Body;
}

const chat: Sent = {
  path: '/v1/chat/completions?api-version=1',
  headers: {
    authorization: 'Bearer sk-one',
    'user-agent': 'OpenAI/JS 7.59.0',
    'x-stainless-retry-count': '0',
    'openai-organization': 'org-one',
  },
  body: {
    model: 'small',
    messages: [
      { role: 'system', content: 'Be short.' },
      { role: 'user', content: [{ type: 'text', text: 'What is this?' }, picture('AAAA')] },
    ],
    temperature: 0.5,
    tools: [tool('weather', 'city')],
    tool_choice: 'auto',
  },
};
const responses: Sent = {
  path: '/v1/responses',
  headers: { authorization: 'Bearer sk-one' },
  body: { model: 'small', input: 'Hello', instructions: 'Be short.', reasoning: { effort: 'low' } },
};
const messages: Sent = {
  path: '/v1/messages',
  headers: { 'x-api-key': 'sk-one', 'anthropic-version': '2023-06-01' },
  body: {
    model: 'small',
    max_tokens: 100,
    system: [{ type: 'text', text: 'Be short.' }],
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'Hello' }] },
      { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'w', input: { cache_control: 1 } }] },
      {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: 'dry' }] }],
      },
    ],
  },
};

function picture(data: string): Body {
  return { type: 'image_url', image_url: { url: `data:image/png;base64,${data}` } };
}

function tool(name: string, parameter: string): Body {
  const parameters = { type: 'object', properties: { [parameter]: { type: 'string' } } };
  return { type: 'function', function: { name, parameters } };
}

const body = (sent: Sent, change: Body): Sent => ({ ...sent, body: { ...sent.body, ...change } });
const headers = (sent: Sent, change: Record<string, string>): Sent => ({
  ...sent,
  headers: { ...sent.headers, ...change },
});
const without = (sent: Sent, name: string): Sent => ({
  ...sent,
  body: Object.fromEntries(Object.entries(sent.body).filter(([each]) => each !== name)),
});
const path = (sent: Sent, change: string): Sent => ({ ...sent, path: change });
const asked = (content: unknown): Body => ({
  messages: [
    { role: 'system', content: 'Be short.' },
    { role: 'user', content },
  ],
});
/** The messages of Anthropic, with other blocks of the first, the input of the tool, and its result. */
const talk = (first: Body, input: Body, result: Body): Body => ({
  messages: [
    { role: 'user', content: [{ type: 'text', text: 'Hello', ...first }] },
    { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'w', input }] },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 't', content: [{ type: 'text', text: 'dry', ...result }] },
      ],
    },
  ],
});
const mark = { cache_control: { type: 'ephemeral' } };

type Change = readonly [name: string, from: Sent, to: Sent];

/** Changes that get another answer. */
const significant: readonly Change[] = [
  ['another model', chat, body(chat, { model: 'large' })],
  ['another question', chat, body(chat, asked('What is that?'))],
  [
    'a blank more in the question',
    chat,
    body(chat, asked([{ type: 'text', text: 'What is this? ' }, picture('AAAA')])),
  ],
  ['another picture', chat, body(chat, asked([{ type: 'text', text: 'What is this?' }, picture('AAAB')]))],
  [
    'parts in another order',
    chat,
    body(chat, asked([picture('AAAA'), { type: 'text', text: 'What is this?' }])),
  ],
  ['another system prompt', chat, body(chat, { messages: [{ role: 'system', content: 'Be long.' }] })],
  ['another role', chat, body(chat, { messages: [{ role: 'developer', content: 'Be short.' }] })],
  ['another temperature', chat, body(chat, { temperature: 0.6 })],
  ['temperature 0 instead of none', without(chat, 'temperature'), body(chat, { temperature: 0 })],
  ['another name of a tool', chat, body(chat, { tools: [tool('climate', 'city')] })],
  ['another parameter of a tool', chat, body(chat, { tools: [tool('weather', 'town')] })],
  ['one tool more', chat, body(chat, { tools: [tool('weather', 'city'), tool('news', 'city')] })],
  ['no tools', chat, without(chat, 'tools')],
  ['another tool_choice', chat, body(chat, { tool_choice: 'required' })],
  ['a seed', chat, body(chat, { seed: 7 })],
  ['n', chat, body(chat, { n: 2 })],
  ['top_p', chat, body(chat, { top_p: 0.9 })],
  ['max_tokens', chat, body(chat, { max_tokens: 10 })],
  ['max_completion_tokens', chat, body(chat, { max_completion_tokens: 10 })],
  ['stop', chat, body(chat, { stop: ['.'] })],
  ['logit_bias', chat, body(chat, { logit_bias: { 50256: -100 } })],
  ['logprobs', chat, body(chat, { logprobs: true })],
  ['response_format', chat, body(chat, { response_format: { type: 'json_object' } })],
  ['reasoning_effort', chat, body(chat, { reasoning_effort: 'high' })],
  ['user, by which applications scope', chat, body(chat, { user: 'ann' })],
  ['metadata, by which applications scope', chat, body(chat, { metadata: { tenant: 'a' } })],
  ['store: false', chat, body(chat, { store: false })],
  ['a field that is not known', chat, body(chat, { top_k: 4 })],
  ['a field named like a header', chat, body(chat, { authorization: 'x' })],
  ['another organization', chat, headers(chat, { 'openai-organization': 'org-two' })],
  ['another project', chat, headers(chat, { 'openai-project': 'proj' })],
  ['a header that is not known', chat, headers(chat, { 'x-scope': 'hr' })],
  ['another API version in the address', chat, path(chat, '/v1/chat/completions?api-version=2')],
  ['another deployment in the path', chat, path(chat, '/v1/chat/completions?deployment=b')],
  ['another API key', chat, headers(chat, { authorization: 'Bearer sk-two' })],
  ['another Azure key', chat, headers(chat, { 'api-key': 'two' })],
  ['another cookie', chat, headers(chat, { cookie: 'session=2' })],
  ['another key in the address', chat, path(chat, '/v1/chat/completions?api-version=1&key=two')],
  ['other instructions', responses, body(responses, { instructions: 'Be long.' })],
  ['another input', responses, body(responses, { input: 'Hi' })],
  ['another effort', responses, body(responses, { reasoning: { effort: 'high' } })],
  ['another format of text', responses, body(responses, { text: { format: { type: 'json_object' } } })],
  ['another max_tokens of Anthropic', messages, body(messages, { max_tokens: 50 })],
  ['another system prompt of Anthropic', messages, body(messages, { system: 'Be long.' })],
  ['thinking', messages, body(messages, { thinking: { type: 'enabled', budget_tokens: 1024 } })],
  ['another version of the API', messages, headers(messages, { 'anthropic-version': '2024-01-01' })],
  ['a beta', messages, headers(messages, { 'anthropic-beta': 'context-1m' })],
  ['another key of Anthropic', messages, headers(messages, { 'x-api-key': 'sk-two' })],
  ['the input of a tool named cache_control', messages, body(messages, talk({}, { cache_control: 2 }, {}))],
  ['metadata of Anthropic', messages, body(messages, { metadata: { user_id: 'ann' } })],
];

/** Changes that get the stored answer. */
const insignificant: readonly Change[] = [
  [
    'fields in another order',
    chat,
    { ...chat, body: Object.fromEntries(Object.entries(chat.body).reverse()) },
  ],
  ['stream: false', chat, body(chat, { stream: false })],
  ['service_tier', chat, body(chat, { service_tier: 'flex' })],
  ['prompt_cache_key', chat, body(chat, { prompt_cache_key: 'session-2' })],
  ['prompt_cache_retention', chat, body(chat, { prompt_cache_retention: '24h' })],
  ['safety_identifier', responses, body(responses, { safety_identifier: 'hash' })],
  ['user-agent', chat, headers(chat, { 'user-agent': 'OpenAI/JS 8.0.0' })],
  ['x-stainless headers', chat, headers(chat, { 'x-stainless-retry-count': '2', 'X-Stainless-OS': 'Linux' })],
  ['idempotency-key', chat, headers(chat, { 'Idempotency-Key': 'two' })],
  ['a trace', chat, headers(chat, { traceparent: '00-1-2-01', 'x-request-id': 'r' })],
  ['accept', messages, headers(messages, { accept: '*/*' })],
  ['the case of a name', chat, { ...chat, headers: renamed(chat.headers) }],
  ['a fragment', chat, path(chat, `${chat.path}#part`)],
  ['service_tier of Anthropic', messages, body(messages, { service_tier: 'standard_only' })],
  ['marks of the prompt cache', messages, body(messages, talk(mark, { cache_control: 1 }, mark))],
  ['a mark on system', messages, body(messages, { system: [{ type: 'text', text: 'Be short.', ...mark }] })],
  ['the mark of a whole request', messages, body(messages, mark)],
];

/** Changes of credentials, which get the stored answer only if the options say who shares answers. */
const credentials: readonly Change[] = [
  ['another API key', chat, headers(chat, { authorization: 'Bearer sk-two' })],
  ['another Azure key', chat, headers(chat, { 'api-key': 'two' })],
  ['another cookie', chat, headers(chat, { cookie: 'session=2' })],
  ['another key in the address', chat, path(chat, '/v1/chat/completions?api-version=1&key=two')],
  ['another key of Anthropic', messages, headers(messages, { 'x-api-key': 'sk-two' })],
];

function renamed(given: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name.toUpperCase(), value]));
}

describe('the key of a request', () => {
  let llm: StubLlm;
  beforeAll(async () => {
    llm = await StubLlm.start();
  });
  afterEach(() => llm.reset());
  afterAll(() => llm.stop());

  /** Sends both requests; the number of those that the provider got. */
  async function callsOf(from: Sent, to: Sent, options: CachingFetchOptions = {}): Promise<number> {
    await using cache = new InMemoryCache();
    const fetching = cachingFetch(new AiCacheService(cache), options);
    for (const { method = 'POST', path, headers, body } of [from, to]) {
      const init = { method, headers: { 'content-type': 'application/json', ...headers } };
      const response = await fetching(`${llm.origin}${path}`, { ...init, body: JSON.stringify(body) });
      expect(response.status).toBe(200);
      await response.text();
    }
    return llm.calls;
  }

  it('is tried with at least 60 changes', () => {
    expect(significant.length + insignificant.length).toBeGreaterThanOrEqual(60);
  });

  it.each(significant)('%s: another answer', async (_name, from, to) => {
    expect(await callsOf(from, to)).toBe(2);
  });

  it.each(insignificant)('%s: the stored answer', async (_name, from, to) => {
    expect(await callsOf(from, to)).toBe(1);
  });

  it.each(credentials)('%s, with a tenant or shared: the stored answer', async (_name, from, to) => {
    expect(await callsOf(from, to, { tenant: 'acme' })).toBe(1);
    llm.reset();
    expect(await callsOf(from, to, { shared: true })).toBe(1);
  });

  it('another tenant: another answer, although the API key is the same', async () => {
    const tenants = ['one', 'two'];
    expect(await callsOf(chat, chat, { tenant: () => tenants.shift() ?? '' })).toBe(2);
  });

  it('shows nothing of the request, nor a credential', async () => {
    await using cache = new InMemoryCache();
    const ai = new AiCacheService(cache);
    const init = { method: 'POST', headers: chat.headers, body: JSON.stringify(chat.body) };
    await cachingFetch(ai)(`${llm.baseURL}/chat/completions`, init);

    const keys: string[] = [];
    for await (const key of cache.keys()) keys.push(key);
    expect(keys).toHaveLength(1);
    expect(keys[0]).toMatch(/^ai:openai\.chat:small:sha256:[\w-]{43}$/);
    const entry = JSON.stringify(await cache.get(keys[0] ?? ''));
    expect(entry).toContain('chatcmpl-1');
    for (const secret of ['sk-one', 'org-one', 'Be short', 'set-cookie', 'session=', 'req_1', 'gzip']) {
      expect(entry).not.toContain(secret);
    }
  });
});
