import Anthropic from '@anthropic-ai/sdk';
import type OpenAI6 from 'openai6';
import { deferred, type Deferred } from '../../../../test/support/deferred.js';
import { StubLlm } from '../../../../test/support/stub-llm.js';
import { until } from '../../../../test/support/until.js';
import { AiCacheService } from '../ai/index.js';
import { InMemoryCache } from '../cache/in-memory-cache.js';
import { cachingFetch } from './index.js';

let llm: StubLlm;
beforeAll(async () => {
  llm = await StubLlm.start();
});
afterEach(() => llm.reset());
afterAll(() => llm.stop());

const messages = [{ role: 'user' as const, content: 'Grüße 👋, what is a cache?' }];
const bodies: Readonly<Record<string, object>> = {
  '/v1/chat/completions': {
    ...{ model: 'small', stream: true, messages },
    stream_options: { include_usage: true },
  },
  '/v1/responses': { model: 'small', stream: true, input: messages },
  '/v1/messages': { model: 'small', stream: true, max_tokens: 100, messages },
};

function setUp() {
  const ai = new AiCacheService(new InMemoryCache(), {
    prices: { small: { inputPerMillion: 1, outputPerMillion: 4 } },
  });
  return { ai, fetching: cachingFetch(ai) };
}

/** A gate that the stub waits at before an event. */
function gateAt(event: number): Deferred<void> {
  const gate = deferred();
  llm.behaviour = { pace: (index) => (index === event ? gate.promise : Promise.resolve()) };
  return gate;
}

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const events: T[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

describe.each(Object.keys(bodies))('a stream of %s', (path) => {
  const ask = (fetching: ReturnType<typeof cachingFetch>, signal?: AbortSignal) =>
    fetching(`${llm.origin}${path}`, {
      method: 'POST',
      body: JSON.stringify(bodies[path]),
      ...(signal && { signal }),
    });

  it('is replayed byte for byte, with nothing of the first call but its type', async () => {
    const { ai, fetching } = setUp();
    const live = await ask(fetching);
    expect(live.headers.get('cache-status')).toBe('default; fwd=miss');
    expect(live.headers.get('x-request-id')).toBe('req_1');
    const bytes = await live.arrayBuffer();

    const hit = await ask(fetching);
    expect([...hit.headers]).toEqual([
      ['cache-status', 'default; hit; ttl=3600'],
      ['content-type', 'text/event-stream'],
    ]);
    expect(Buffer.from(await hit.arrayBuffer()).equals(Buffer.from(bytes))).toBe(true);
    expect(Buffer.from(bytes).toString()).toContain('👋');
    expect(llm.calls).toBe(1);
    const { totals } = ai.stats();
    expect(totals).toMatchObject({ hits: 1, misses: 1, unmetered: 0, unpriced: 0 });
    expect(totals.inputTokensSaved).toBeGreaterThan(0);
    expect(totals.outputTokensSaved).toBeGreaterThan(1);
  });

  it('has an entry apart from the answer without a stream', async () => {
    const { fetching } = setUp();
    await (await ask(fetching)).text();
    const body = JSON.stringify({ ...bodies[path], stream: false });
    const plain = await fetching(`${llm.origin}${path}`, { method: 'POST', body });
    expect(plain.headers.get('content-type')).toBe('application/json');
    expect(llm.calls).toBe(2);
  });

  it('is shared while it runs, from its beginning', async () => {
    const { ai, fetching } = setUp();
    const gate = gateAt(3);
    const first = await ask(fetching);
    const second = await ask(fetching);
    expect(second.headers.get('cache-status')).toBe('default; fwd=miss; collapsed');
    gate.resolve();

    expect(await second.text()).toBe(await first.text());
    expect(llm.calls).toBe(1);
    await until(() => ai.stats().totals.collapsed === 1);
  });

  it('that is cut breaks for its readers, and is not stored', async () => {
    const { fetching } = setUp();
    llm.next({ cutAfter: 3 });
    const live = await ask(fetching);
    await expect(live.text()).rejects.toThrow();

    await (await ask(fetching)).text();
    expect(llm.calls).toBe(2);
  });

  it('with an error event reaches its readers, and is not stored', async () => {
    const { fetching } = setUp();
    llm.next({ errorAfter: 3 });
    expect(await (await ask(fetching)).text()).toContain('event: error');

    await (await ask(fetching)).text();
    expect(llm.calls).toBe(2);
  });

  it('of an incomplete answer reaches its readers, and is not stored', async () => {
    const { fetching } = setUp();
    llm.behaviour = { finishReason: 'length' };
    await (await ask(fetching)).text();
    await (await ask(fetching)).text();
    expect(llm.calls).toBe(2);
  });

  it('breaks with the signal of its reader, and goes on for another', async () => {
    const { fetching } = setUp();
    const gate = gateAt(3);
    const leaving = new AbortController();
    const left = (await ask(fetching, leaving.signal)).text();
    const stays = await ask(fetching);
    leaving.abort();
    await expect(left).rejects.toThrow('aborted');
    gate.resolve();

    await stays.text();
    expect(llm).toMatchObject({ calls: 1, abandoned: 0 });
    expect((await ask(fetching)).headers.get('cache-status')).toContain('hit');
  });

  it('is stored when its only reader leaves after the last event, before the end of the response', async () => {
    const { ai, fetching } = setUp();
    const reader = (await ask(fetching)).body?.getReader();
    const last = /data: \[DONE\]|"type":"(response.completed|message_stop)"/;
    for (let text = ''; !last.test(text);) {
      const { value } = (await reader?.read()) ?? {};
      text += Buffer.from(value ?? []).toString();
    }
    await reader?.cancel();
    await until(() => ai.stats().totals.misses === 1);

    expect((await ask(fetching)).headers.get('cache-status')).toContain('hit');
  });

  it('ends at the provider when its only reader cancels it, and is not stored', async () => {
    const { fetching } = setUp();
    llm.next({ hangAfter: 3 });
    const live = await ask(fetching);
    await live.body?.cancel();
    await until(() => llm.abandoned === 1);

    await (await ask(fetching)).text();
    expect(llm.calls).toBe(2);
  });

  it('ends at the provider when its only reader aborts before the first event', async () => {
    const { fetching } = setUp();
    llm.next({ hangAfter: 0 });
    const leaving = new AbortController();
    const asked = ask(fetching, leaving.signal);
    await until(() => llm.calls === 1);
    leaving.abort();
    await expect(asked).rejects.toThrow('aborted');
    await until(() => llm.abandoned === 1);
  });

  it('that the provider refuses is its error, for all who ask at once', async () => {
    const { fetching } = setUp();
    llm.next({ error: { status: 429, headers: { 'retry-after': '7' } } });
    for (const response of await Promise.all([ask(fetching), ask(fetching)])) {
      expect(response.status).toBe(429);
      expect(response.headers.get('retry-after')).toBe('7');
      expect(await response.json()).toMatchObject({ error: { type: 'rate_limit_error' } });
    }
    expect(llm.calls).toBe(1);
  });
});

describe('a stream', () => {
  it('that the provider answers without one reaches the caller, and is not stored', async () => {
    let calls = 0;
    const send = () => {
      calls++;
      return Promise.resolve(Response.json({ choices: [] }));
    };
    const fetching = cachingFetch(setUp().ai, { fetch: send });
    for (const _call of [1, 2]) {
      const init = { method: 'POST', body: JSON.stringify({ model: 'small', stream: true }) };
      expect(await (await fetching('https://llm.test/v1/chat/completions', init)).json()).toEqual({
        choices: [],
      });
    }
    expect(calls).toBe(2);
  });

  it('that ends cleanly before its last event is not stored', async () => {
    let calls = 0;
    const events = 'data: {"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\n';
    const send = () => {
      calls++;
      return Promise.resolve(new Response(events, { headers: { 'content-type': 'text/event-stream' } }));
    };
    const fetching = cachingFetch(setUp().ai, { fetch: send });
    for (const _call of [1, 2]) {
      const init = { method: 'POST', body: JSON.stringify({ model: 'small', stream: true }) };
      expect(await (await fetching('https://llm.test/v1/chat/completions', init)).text()).toBe(events);
    }
    expect(calls).toBe(2);
  });
});

describe.each(['openai6', 'openai7'])('streams of %s', (name) => {
  let OpenAI: typeof OpenAI6;
  beforeAll(async () => {
    ({ default: OpenAI } = (await import(name)) as { default: typeof OpenAI6 });
  });
  const clientOf = () =>
    new OpenAI({ apiKey: 'k', baseURL: llm.baseURL, maxRetries: 0, fetch: setUp().fetching });

  it('of a chat are read from the cache as if they were live', async () => {
    const client = clientOf();
    const options = { include_usage: true };
    const ask = async () =>
      collect(
        await client.chat.completions.create({
          model: 'small',
          messages,
          stream: true,
          stream_options: options,
        }),
      );
    const [live, hit] = [await ask(), await ask()];

    expect(hit).toEqual(live);
    expect(hit.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toContain('👋');
    expect(hit.at(-1)?.usage?.total_tokens).toBeGreaterThan(0);
    expect(llm.calls).toBe(1);
  });

  it('with a call of a tool are read from the cache', async () => {
    const client = clientOf();
    const parameters = { type: 'object', properties: { city: { type: 'string' } } };
    const tools = [{ type: 'function' as const, function: { name: 'weather', parameters } }];
    const ask = () =>
      client.chat.completions.stream({ model: 'small', messages, tools }).finalChatCompletion();
    const [live, hit] = [await ask(), await ask()];

    expect(hit).toEqual(live);
    expect(hit.choices[0]?.message.tool_calls?.[0]).toMatchObject({ function: { name: 'weather' } });
    expect(llm.calls).toBe(1);
  });

  it('of the Responses API are read from the cache', async () => {
    const client = clientOf();
    const ask = () => client.responses.stream({ model: 'small', input: messages }).finalResponse();
    const [live, hit] = [await ask(), await ask()];

    expect(hit).toEqual(live);
    expect(hit.output_text).toContain('👋');
    expect(llm.calls).toBe(1);
  });

  it('that are cut reject in the loop', async () => {
    const client = clientOf();
    llm.next({ cutAfter: 3 });
    const stream = await client.chat.completions.create({ model: 'small', messages, stream: true });
    await expect(collect(stream)).rejects.toThrow();
  });

  it('that the loop leaves end at the provider', async () => {
    const client = clientOf();
    llm.next({ hangAfter: 3 });
    const stream = await client.chat.completions.create({ model: 'small', messages, stream: true });
    for await (const _chunk of stream) break;
    await until(() => llm.abandoned === 1);
  });

  it('that hang run into the time limit of the client, and its retry is answered', async () => {
    const client = clientOf();
    llm.next({ hangAfter: 0 });
    const asked = client.chat.completions.create(
      { model: 'small', messages, stream: true },
      { timeout: 100, maxRetries: 1 },
    );
    expect((await collect(await asked)).length).toBeGreaterThan(3);
    expect(llm.calls).toBe(2);
  });
});

describe('streams of @anthropic-ai/sdk', () => {
  const clientOf = () =>
    new Anthropic({ apiKey: 'k', baseURL: llm.origin, maxRetries: 0, fetch: setUp().fetching });
  const asked = { model: 'small', max_tokens: 100, messages };

  it('are read from the cache as if they were live', async () => {
    const client = clientOf();
    const ask = () => client.messages.stream(asked).finalMessage();
    const [live, hit] = [await ask(), await ask()];

    expect(hit).toEqual(live);
    expect(hit.content[0]).toMatchObject({ type: 'text', text: expect.stringContaining('👋') as string });
    expect(hit.usage.output_tokens).toBeGreaterThan(1);
    expect(llm.calls).toBe(1);
  });

  it('with a use of a tool are read from the cache', async () => {
    const client = clientOf();
    const tools = [
      {
        name: 'weather',
        input_schema: { type: 'object' as const, properties: { city: { type: 'string' } } },
      },
    ];
    const ask = () => client.messages.stream({ ...asked, tools }).finalMessage();
    const [live, hit] = [await ask(), await ask()];

    expect(hit).toEqual(live);
    expect(hit).toMatchObject({ stop_reason: 'tool_use', content: [{ type: 'tool_use', name: 'weather' }] });
    expect(llm.calls).toBe(1);
  });

  it('that are cut reject', async () => {
    const client = clientOf();
    llm.next({ cutAfter: 4 });
    await expect(client.messages.stream(asked).finalMessage()).rejects.toThrow();
  });
});
