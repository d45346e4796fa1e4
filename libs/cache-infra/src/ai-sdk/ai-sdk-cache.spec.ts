import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { jsonSchema } from 'ai';

import { makeSdk6, makeSdk7, type AiSdk } from '../../../../test/support/ai-sdks.js';
import { deferred } from '../../../../test/support/deferred.js';
import { StubLlm } from '../../../../test/support/stub-llm.js';
import { until } from '../../../../test/support/until.js';
import { AiCacheService } from '../ai/index.js';
import { ValidationError } from '../base/errors.js';
import { InMemoryCache } from '../cache/in-memory-cache.js';
import { aiSdkCache, type AiSdkCacheOptions } from './index.js';

let llm: StubLlm;
let cache: InMemoryCache;
let ai: AiCacheService;
beforeAll(async () => {
  llm = await StubLlm.start();
});
afterAll(() => llm.stop());
beforeEach(() => {
  cache = new InMemoryCache();
  ai = new AiCacheService(cache);
});
afterEach(async () => {
  llm.reset();
  await cache.close();
});

const weather = () => ({
  description: 'The weather',
  inputSchema: jsonSchema({ type: 'object', properties: { city: { type: 'string' } } }),
});

async function storedText(): Promise<string> {
  const keys: string[] = [];
  for await (const key of cache.keys()) keys.push(key);
  return JSON.stringify([...(await cache.getMany(keys))]);
}

const statusOf = ({
  response,
}: {
  response: { headers?: Readonly<Record<string, string>> | undefined };
}): string => String(response.headers?.['cache-status']);

describe.each([
  ['AI SDK 6', makeSdk6],
  ['AI SDK 7', makeSdk7],
])('aiSdkCache in %s', (_, makeSdk) => {
  const sdk = (options?: AiSdkCacheOptions): AiSdk => makeSdk(llm.baseURL, aiSdkCache(ai, options));

  it('answers an equal generateText from the cache', async () => {
    const first = await sdk().generate('hello');
    const second = await sdk().generate('hello');
    expect(llm.calls).toBe(1);
    expect(second.text).toBe(first.text);
    expect(second.usage).toEqual(first.usage);
    expect(second.finishReason).toBe('stop');
    expect(statusOf(first)).toContain('fwd=miss');
    expect(statusOf(second)).toContain('hit');
    expect(second.response.timestamp).toEqual(first.response.timestamp);
    expect(second.response.timestamp).toBeInstanceOf(Date);
  });

  it('replays an equal streamText, chunk by chunk', async () => {
    const first = await sdk().stream('hello');
    const second = await sdk().stream('hello');
    expect(llm.calls).toBe(1);
    expect(first.chunks.length).toBeGreaterThan(1);
    expect(second.chunks).toEqual(first.chunks);
    expect(second.usage).toEqual(first.usage);
    expect(second.response.timestamp).toBeInstanceOf(Date);
    expect(statusOf(second)).toContain('hit');
  });

  it('generateText and streamText share an answer, whichever comes first', async () => {
    const generated = await sdk().generate('one');
    expect((await sdk().stream('one')).text).toBe(generated.text);
    const streamed = await sdk().stream('two');
    const { text, usage, finishReason } = await sdk().generate('two');
    expect({ text, finishReason }).toEqual({ text: streamed.text, finishReason: streamed.finishReason });
    expect(usage).toEqual(streamed.usage);
    expect(llm.calls).toBe(2);
  });

  it('keeps tool calls, generated and streamed', async () => {
    const options = { tools: { weather: weather() } };
    const generated = await sdk().generate('weather in Rome?', options);
    const streamed = await sdk().stream('weather in Rome?', options);
    expect(llm.calls).toBe(1);
    expect(generated.toolCalls).toHaveLength(1);
    expect(streamed.toolCalls).toMatchObject(
      generated.toolCalls.map(({ toolName, input }) => ({ toolName, input })),
    );
    const other = await sdk().stream('weather in Oslo?', options);
    const again = await sdk().generate('weather in Oslo?', options);
    expect(llm.calls).toBe(2);
    expect(again.toolCalls).toMatchObject(
      other.toolCalls.map(({ toolName, input }) => ({ toolName, input })),
    );
    expect(again.finishReason).toBe('tool-calls');
  });

  it('asks the model once for equal calls at a time, streamed or not', async () => {
    const own = sdk();
    const answers = await Promise.all([own.generate('hello'), own.generate('hello'), own.stream('hello')]);
    expect(llm.calls).toBe(1);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  });

  it('stores neither the prompt nor headers', async () => {
    await sdk().generate('my very private question');
    const text = await storedText();
    expect(text).toContain('finishReason');
    expect(text).not.toMatch(/set-cookie|x-ratelimit|x-request-id|sk-test|"messages"/);
  });

  it.each(['length', 'content_filter'])('does not store an answer that ends by %s', async (finishReason) => {
    llm.next({ finishReason }, { finishReason });
    await sdk().generate('hello');
    await sdk().stream('hello');
    expect(llm.calls).toBe(2);
    expect(await storedText()).toBe('[]');
  });

  it('hands on a 429 before a stream begins, and asks again', async () => {
    llm.next({ error: { status: 429 } });
    await expect(sdk().generate('hello')).rejects.toMatchObject({ statusCode: 429 });
    llm.next({ error: { status: 429 } });
    // The SDK repeats a call that fails before its stream begins.
    const streamed = await sdk().stream('hello', { maxRetries: 1 });
    expect(streamed.finishReason).toBe('stop');
    expect(llm.calls).toBe(3);
  });

  it.each([
    ['breaks', { cutAfter: 3 }],
    ['ends with an error', { errorAfter: 3 }],
  ])('does not store a stream that %s', async (_name, behaviour) => {
    llm.next(behaviour);
    await sdk()
      .stream('hello')
      .catch(() => undefined);
    await sdk().stream('hello');
    await sdk().stream('hello');
    expect(llm.calls).toBe(2);
  });

  it('a reader that leaves takes the stream from nobody', async () => {
    const gate = deferred();
    llm.next({ pace: async (event) => (event < 4 ? undefined : gate.promise) });
    const own = sdk();
    const leaving = new AbortController();
    const left = own.textStream('hello', { abortSignal: leaving.signal })[Symbol.asyncIterator]();
    await left.next();
    const staying = own.textStream('hello')[Symbol.asyncIterator]();
    const chunks = [await staying.next()];
    leaving.abort();
    while ((await left.next().catch(() => undefined))?.done === false);
    gate.resolve();
    while (chunks.at(-1)?.done !== true) chunks.push(await staying.next());
    const again = await own.stream('hello');
    expect(again.chunks).toEqual(chunks.flatMap(({ value }) => value ?? []));
    expect(again.finishReason).toBe('stop');
    expect(llm.calls).toBe(1);
  });

  it('the last reader that leaves ends the call of the model', async () => {
    llm.next({ hangAfter: 4 });
    const leaving = new AbortController();
    const chunks = sdk().textStream('hello', { abortSignal: leaving.signal })[Symbol.asyncIterator]();
    await chunks.next();
    leaving.abort();
    while ((await chunks.next().catch(() => undefined))?.done === false);
    await until(() => llm.abandoned === 1);
    expect(await storedText()).toBe('[]');
  });

  it('keeps tenants apart', async () => {
    let tenant = 'a';
    const own = sdk({ tenant: () => tenant });
    await own.generate('hello');
    tenant = 'b';
    await own.stream('hello');
    expect(llm.calls).toBe(2);
    await ai.invalidate({ tenant: 'b' });
    await own.stream('hello');
    expect(llm.calls).toBe(3);
  });

  it('takes control and operation of each call', async () => {
    const own = sdk({
      operation: ({ model }) => `chat-${model.modelId}`,
      control: ({ params }) => ({ noStore: 'seed' in params && params.seed === 7, tags: ['chat'] }),
    });
    await own.generate('hello', { seed: 7 });
    await own.generate('hello', { seed: 7 });
    expect(llm.calls).toBe(2);
    await own.generate('hello');
    await ai.invalidate({ tags: ['chat'] });
    await own.generate('hello');
    expect(llm.calls).toBe(4);
    expect(ai.stats({ by: 'operation' }).groups).toMatchObject([{ name: 'chat-small', calls: 4 }]);
  });

  it('does not cache a call that continues a response on the server', async () => {
    const providerOptions = { openai: { previousResponseId: 'resp_1' } };
    await sdk().generate('and now?', { providerOptions });
    await sdk().generate('and now?', { providerOptions });
    expect(llm.calls).toBe(2);
    expect(ai.stats().totals).toMatchObject({ bypassed: 2 });
  });

  it('asks for the embeddings that are missing, in one call, and keeps the order', async () => {
    const own = sdk();
    const known = await own.embed(['b', 'd']);
    const all = await own.embed(['a', 'b', 'c', 'd', 'a']);
    expect(llm.calls).toBe(2);
    expect(llm.requests[1]?.body['input']).toEqual(['a', 'c']);
    expect([all.embeddings[1], all.embeddings[3]]).toEqual(known.embeddings);
    expect(all.embeddings[4]).toEqual(all.embeddings[0]);
    expect(new Set(all.embeddings.map((vector) => JSON.stringify(vector))).size).toBe(4);
    const again = await own.embed(['c', 'a']);
    expect(llm.calls).toBe(2);
    expect(again.embeddings).toEqual([all.embeddings[2], all.embeddings[0]]);
    expect(again.usage.tokens).toBe(0);
    const { totals } = ai.stats();
    expect(totals.inputTokensSaved).toBeGreaterThan(0);
  });

  it('hands on a 429 of embeddings', async () => {
    llm.next({ error: { status: 429 } });
    await expect(sdk().embed(['a'])).rejects.toMatchObject({ statusCode: 429 });
    await sdk().embed(['a']);
    expect(llm.calls).toBe(2);
  });
});

describe('aiSdkCache', () => {
  it('refuses options it does not know, and another service', () => {
    expect(() => aiSdkCache(ai, { operation: '' })).toThrow(
      'operation must be a non-empty string or a function',
    );
    expect(() => aiSdkCache({} as AiCacheService)).toThrow(ValidationError);
  });
});
