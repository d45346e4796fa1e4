import Anthropic, { RateLimitError as AnthropicRateLimitError } from '@anthropic-ai/sdk';
import type OpenAI6 from 'openai6';
import OpenAI7 from 'openai7';
import { deferred } from '../../../../test/support/deferred.js';
import { StubLlm } from '../../../../test/support/stub-llm.js';
import { until } from '../../../../test/support/until.js';
import { AiCacheService } from '../ai/index.js';
import { InMemoryCache } from '../cache/in-memory-cache.js';
import { cachingFetch, type CachingFetchOptions } from './index.js';

const question = { role: 'user', content: 'What is a cache?' } as const;
const chat = { model: 'small', messages: [question] };
const weather = {
  name: 'weather',
  parameters: { type: 'object', properties: { city: { type: 'string' } } },
};

let llm: StubLlm;
beforeAll(async () => {
  llm = await StubLlm.start();
});
afterEach(() => llm.reset());
afterAll(() => llm.stop());

function setUp() {
  const cache = new InMemoryCache();
  const prices = { small: { inputPerMillion: 1, outputPerMillion: 4 } };
  return new AiCacheService(cache, { prices });
}

describe.each(['openai6', 'openai7'])('%s', (name) => {
  // The types of two majors are not assignable to each other; the calls of this file are in both.
  let OpenAI: typeof OpenAI6;
  beforeAll(async () => {
    ({ default: OpenAI } = (await import(name)) as { default: typeof OpenAI6 });
  });
  const clientOf = (ai: AiCacheService, options: CachingFetchOptions = {}) =>
    new OpenAI({
      apiKey: 'sk-one',
      baseURL: llm.baseURL,
      maxRetries: 0,
      fetch: cachingFetch(ai, options),
    });

  it('gets a stored chat completion, with its usage', async () => {
    const ai = setUp();
    const client = clientOf(ai);
    const first = await client.chat.completions.create(chat);
    const second = await client.chat.completions.create(chat);

    expect(second).toEqual(first);
    expect(first.choices[0]?.message.content).toMatch(/^Answer \w{12} to: What is a cache\?$/);
    expect(llm.calls).toBe(1);
    const { prompt_tokens: input, completion_tokens: output } = first.usage ?? {};
    expect(ai.stats().totals).toMatchObject({
      ...{ hits: 1, misses: 1, unmetered: 0, unpriced: 0 },
      ...{ inputTokensSaved: input, outputTokensSaved: output },
    });
  });

  it('sees what the cache did, and the headers of the provider on its own call only', async () => {
    const client = clientOf(setUp());
    const headersOf = async () =>
      (await client.chat.completions.create(chat).withResponse()).response.headers;
    const [miss, hit] = [await headersOf(), await headersOf()];

    expect(miss.get('cache-status')).toBe('default; fwd=miss; stored; ttl=3600');
    expect(miss.get('x-request-id')).toBe('req_1');
    expect([...hit.keys()]).toEqual(['cache-status', 'content-type']);
    expect(hit.get('cache-status')).toMatch(/^default; hit; ttl=3600$/);
    expect(hit.get('content-type')).toBe('application/json');
  });

  it('gets a stored call of a tool, and another answer to its result', async () => {
    const client = clientOf(setUp());
    const tools = [{ type: 'function', function: weather }] as const;
    const ask = () => client.chat.completions.create({ ...chat, tools: [...tools] });
    const [first, second] = [await ask(), await ask()];
    expect(second).toEqual(first);
    const message = first.choices[0]?.message;
    const call = message?.tool_calls?.[0];
    if (message === undefined || call?.type !== 'function') throw new Error('no call of a tool');
    expect(JSON.parse(call.function.arguments)).toHaveProperty('city');

    const result = { role: 'tool', tool_call_id: call.id, content: 'dry' } as const;
    const answer = await client.chat.completions.create({
      ...{ ...chat, tools: [...tools] },
      messages: [question, message, result],
    });
    expect(answer.choices[0]?.message.content).toContain('dry');
    expect(llm.calls).toBe(2);
  });

  it('gets a stored answer in JSON', async () => {
    const client = clientOf(setUp());
    const ask = () => client.chat.completions.create({ ...chat, response_format: { type: 'json_object' } });
    const [first, second] = [await ask(), await ask()];

    expect(second).toEqual(first);
    expect(JSON.parse(first.choices[0]?.message.content ?? '')).toHaveProperty('answer');
    expect(llm.calls).toBe(1);
  });

  it('gets a stored response of the Responses API', async () => {
    const client = clientOf(setUp());
    const ask = () => client.responses.create({ model: 'small', input: 'Hello' });
    const [first, second] = [await ask(), await ask()];

    expect(second).toEqual(first);
    expect(second.output_text).toContain('Hello');
    expect(llm.calls).toBe(1);
  });

  it('is answered once for equal calls at the same time', async () => {
    const gate = deferred();
    llm.behaviour = { pace: () => gate.promise };
    const ai = setUp();
    const client = clientOf(ai);
    const calls = Array.from({ length: 3 }, () => client.chat.completions.create(chat));
    await until(() => llm.calls === 1);
    gate.resolve();

    const answers = await Promise.all(calls);
    expect(new Set(answers.map(({ id }) => id))).toEqual(new Set(['chatcmpl-1']));
    expect(llm.calls).toBe(1);
    expect(ai.stats().totals).toMatchObject({ misses: 1, collapsed: 2 });
  });

  it('gets a 429 with its headers, retries it, and the cache stores the answer of the retry', async () => {
    const ai = setUp();
    const client = clientOf(ai);
    const limited = { error: { status: 429, headers: { 'retry-after-ms': '1', 'retry-after': '7' } } };
    llm.next(limited, limited);

    const error: unknown = await client.chat.completions.create(chat).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(OpenAI.RateLimitError);
    expect(error).toMatchObject({
      status: 429,
      type: 'rate_limit_error',
      requestID: 'req_1',
    });
    const { headers } = error as { headers: Headers };
    expect(headers.get('retry-after')).toBe('7');

    const answer = await client.chat.completions.create(chat, { maxRetries: 1 });
    expect(answer.id).toBe('chatcmpl-3');
    expect((await client.chat.completions.create(chat)).id).toBe('chatcmpl-3');
    expect(llm.calls).toBe(3);
  });

  it.each([400, 401, 404, 500, 503])('gets a %i as its own error, and nothing is stored', async (status) => {
    const client = clientOf(setUp());
    llm.next({ error: { status } });

    await expect(client.chat.completions.create(chat)).rejects.toMatchObject({ status });
    await client.chat.completions.create(chat);
    expect(llm.calls).toBe(2);
  });

  it('gets a broken answer as an error, and nothing is stored', async () => {
    const client = clientOf(setUp());
    llm.next({ cutAfter: 0 });

    await expect(client.chat.completions.create(chat)).rejects.toThrow('Connection error');
    await client.chat.completions.create(chat);
    expect(llm.calls).toBe(2);
  });

  it.each(['length', 'content_filter', null])(
    'finish reason %s: an answer that is not stored',
    async (reason) => {
      const client = clientOf(setUp());
      llm.behaviour = { finishReason: reason };
      for (const call of [1, 2]) {
        const { data, response } = await client.chat.completions.create(chat).withResponse();
        expect(data.id).toBe(`chatcmpl-${String(call)}`);
        expect(data.choices[0]?.finish_reason).toBe(reason);
        expect(response.headers.get('cache-status')).toBe('default; fwd=miss; detail=unfinished');
      }
    },
  );

  it.each(['max_output_tokens', 'content_filter', 'failed', 'in_progress', 'queued', 'cancelled'])(
    'a response that is not completed (%s) is not stored',
    async (reason) => {
      const client = clientOf(setUp());
      llm.behaviour = { finishReason: reason };
      for (let call = 1; call <= 2; call++) {
        const response = await client.responses.create({ model: 'small', input: 'Hello' });
        expect(response.id).toBe(`resp_${String(call)}`);
      }
    },
  );

  it.each([
    ['previous_response_id', { previous_response_id: 'resp_0' }],
    ['conversation', { conversation: 'conv_0' }],
    ['background', { background: true }],
    ['store', { store: true }],
    ['a prompt without a version', { prompt: { id: 'pmpt_0' } }],
    ['an MCP server', { tools: [{ type: 'mcp' as const, server_label: 's', server_url: 'https://s.test' }] }],
  ])('%s: state on the server bypasses the cache', async (_name, change) => {
    const ai = setUp();
    const client = clientOf(ai);
    for (let call = 1; call <= 2; call++) {
      const asked = client.responses.create({ model: 'small', input: 'Hello', ...change });
      const { data, response } = await asked.withResponse();
      expect(data.id).toBe(`resp_${String(call)}`);
      expect(response.headers.get('cache-status')).toBe('default; fwd=bypass; detail=requested');
    }
    expect(ai.stats().totals).toMatchObject({ bypassed: 2 });
  });

  it('is aborted by its signal, and leaves an equal call its answer', async () => {
    const gate = deferred();
    llm.behaviour = { pace: () => gate.promise };
    const client = clientOf(setUp());
    const leaving = new AbortController();
    const left = client.chat.completions.create(chat, { signal: leaving.signal });
    const stays = client.chat.completions.create(chat);
    await until(() => llm.calls === 1);
    leaving.abort();
    await expect(left).rejects.toBeInstanceOf(OpenAI.APIUserAbortError);
    gate.resolve();

    expect((await stays).id).toBe('chatcmpl-1');
    expect(llm).toMatchObject({ calls: 1, abandoned: 0 });
  });

  it('ends the call of the provider when its only caller leaves', async () => {
    llm.behaviour = { hangAfter: 0 };
    const client = clientOf(setUp());
    const leaving = new AbortController();
    const left = client.chat.completions.create(chat, { signal: leaving.signal });
    await until(() => llm.calls === 1);
    leaving.abort();

    await expect(left).rejects.toBeInstanceOf(OpenAI.APIUserAbortError);
    await until(() => llm.abandoned === 1);
  });

  it('reaches other endpoints as without a cache', async () => {
    const client = clientOf(setUp());
    for (let call = 1; call <= 2; call++) {
      const { data, response } = await client.models.list().withResponse();
      expect(data.data).toHaveLength(1);
      expect(response.headers.has('cache-status')).toBe(false);
    }
    expect(llm.calls).toBe(2);
  });
});

it('has the type that openai 7 wants, too', async () => {
  const client = new OpenAI7({ apiKey: 'sk-one', baseURL: llm.baseURL, fetch: cachingFetch(setUp()) });
  expect((await client.chat.completions.create(chat)).id).toBe('chatcmpl-1');
});

describe('@anthropic-ai/sdk', () => {
  const messages = { model: 'small', max_tokens: 100, messages: [question] };
  const clientOf = (ai: AiCacheService) =>
    new Anthropic({ apiKey: 'sk-one', baseURL: llm.origin, maxRetries: 0, fetch: cachingFetch(ai) });

  it('gets a stored message, with its usage', async () => {
    const ai = setUp();
    const client = clientOf(ai);
    const first = await client.messages.create(messages);
    const second = await client.messages.create(messages);

    expect(second).toEqual(first);
    expect(first.content[0]).toMatchObject({
      type: 'text',
      text: expect.stringContaining('cache') as string,
    });
    expect(llm.calls).toBe(1);
    expect(ai.stats().totals).toMatchObject({ inputTokensSaved: first.usage.input_tokens, unpriced: 0 });
  });

  it('gets a stored use of a tool', async () => {
    const client = clientOf(setUp());
    const tools = [
      {
        name: 'weather',
        input_schema: { type: 'object' as const, properties: weather.parameters.properties },
      },
    ];
    const ask = () => client.messages.create({ ...messages, tools });
    const [first, second] = [await ask(), await ask()];

    expect(second).toEqual(first);
    expect(first).toMatchObject({
      stop_reason: 'tool_use',
      content: [{ type: 'tool_use', name: 'weather' }],
    });
    expect(llm.calls).toBe(1);
  });

  it.each(['max_tokens', 'pause_turn', 'refusal', 'model_context_window_exceeded', null])(
    'stop reason %s: an answer that is not stored',
    async (reason) => {
      const client = clientOf(setUp());
      llm.behaviour = { finishReason: reason };
      for (let call = 1; call <= 2; call++) {
        expect(await client.messages.create(messages)).toMatchObject({
          id: `msg_${String(call)}`,
          stop_reason: reason,
        });
      }
    },
  );

  it('gets a 429 as its own error', async () => {
    const client = clientOf(setUp());
    llm.next({ error: { status: 429 } });

    await expect(client.messages.create(messages)).rejects.toBeInstanceOf(AnthropicRateLimitError);
    await client.messages.create(messages);
    expect(llm.calls).toBe(2);
  });

  it('counts tokens as without a cache', async () => {
    const client = clientOf(setUp());
    await expect(client.messages.countTokens({ model: 'small', messages: [question] })).rejects.toThrow(
      '404',
    );
    expect(llm.requests[0]?.path).toBe('/v1/messages/count_tokens');
  });
});
