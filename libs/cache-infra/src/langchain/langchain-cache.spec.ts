import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AIMessage, HumanMessage } from '@langchain/core/messages';
import { ChatOpenAI } from '@langchain/openai';

import { deferred } from '../../../../test/support/deferred.js';
import { StubLlm } from '../../../../test/support/stub-llm.js';
import { until } from '../../../../test/support/until.js';
import { AiCacheService, type AiCacheSettings } from '../ai/index.js';
import { ValidationError } from '../base/errors.js';
import { InMemoryCache } from '../cache/in-memory-cache.js';
import { LangChainCache, type LangChainCacheOptions } from './index.js';

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

type Fields = ConstructorParameters<typeof ChatOpenAI>[0];

function chat(fields: Fields = {}, options?: LangChainCacheOptions, service = ai): ChatOpenAI {
  const base = { model: 'small', apiKey: 'sk-one', maxRetries: 0, configuration: { baseURL: llm.baseURL } };
  const cache = new LangChainCache(service, options);
  return new ChatOpenAI({ ...base, cache, callbacks: [cache.failures], ...fields });
}

function service(settings: AiCacheSettings): AiCacheService {
  return new AiCacheService(cache, settings);
}

describe('LangChainCache', () => {
  it('answers an equal call from the cache, by a message of the same class', async () => {
    const first = await chat().invoke('hello');
    const second = await chat().invoke('hello');
    expect(llm.calls).toBe(1);
    expect(second).toBeInstanceOf(AIMessage);
    expect(second.content).toBe(first.content);
    expect(second.id).toBe(first.id);
    expect(second.response_metadata).toMatchObject({ finish_reason: 'stop' });
  });

  it('asks the model once for equal calls at a time', async () => {
    const model = chat();
    const answers = await Promise.all([1, 2, 3].map(async () => model.invoke('hello')));
    expect(llm.calls).toBe(1);
    expect(new Set(answers.map(({ content }) => content)).size).toBe(1);
    expect(ai.stats().totals).toMatchObject({ misses: 1, collapsed: 2 });
  });

  it('counts tokens and time saved, by model', async () => {
    const priced = service({
      prices: { small: { inputPerMillion: 1_000_000, outputPerMillion: 1_000_000 } },
    });
    const model = chat({}, {}, priced);
    const { response_metadata: metadata } = await model.invoke('hello');
    await model.invoke('hello');
    const usage = metadata['usage'] as { prompt_tokens: number; total_tokens: number };
    expect(usage.prompt_tokens).toBeGreaterThan(0);
    expect(priced.stats({ by: 'model' }).groups).toMatchObject([
      { name: 'small', hits: 1, inputTokensSaved: usage.prompt_tokens, costSaved: usage.total_tokens },
    ]);
  });

  it('keeps the answers when an API key is rotated', async () => {
    await chat({ apiKey: 'sk-one' }).invoke('hello');
    await chat({ apiKey: 'sk-two' }).invoke('hello');
    expect(llm.calls).toBe(1);
  });

  it('stores neither the prompt nor an API key', async () => {
    await chat({ apiKey: 'sk-secret' }).invoke('my very private question');
    const keys: string[] = [];
    for await (const key of cache.keys()) keys.push(key);
    const values = await cache.getMany(keys);
    expect(values.size).toBe(1);
    const text = JSON.stringify([...values]);
    expect(text).toContain('finish_reason');
    expect(text).not.toContain('sk-secret');
    // The stub's answer repeats the question.
    const [entry] = [...values.values()] as {
      value: { generation: { message: { data: { content: string } } } }[];
    }[];
    const answer = entry?.value[0]?.generation.message.data.content ?? '';
    expect(text.replaceAll(JSON.stringify(answer).slice(1, -1), '')).not.toContain('private question');
  });

  it('does not store an incomplete answer', async () => {
    llm.next({ finishReason: 'length' });
    await chat().invoke('hello');
    await chat().invoke('hello');
    await chat().invoke('hello');
    expect(llm.calls).toBe(2);
  });

  it('keeps tools and their calls', async () => {
    const tool = {
      type: 'function' as const,
      function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
    };
    const [first, second] = [
      await chat().bindTools([tool]).invoke('weather in Rome?'),
      await chat().bindTools([tool]).invoke('weather in Rome?'),
    ];
    expect(llm.calls).toBe(1);
    expect(first.tool_calls).toHaveLength(1);
    expect(second.tool_calls).toEqual(first.tool_calls);
  });

  it('hands on the error of a model, and asks again', async () => {
    llm.next({ error: { status: 429 } });
    await expect(chat().invoke('hello')).rejects.toThrow('429');
    await expect(chat().invoke('hello')).resolves.toBeInstanceOf(AIMessage);
    await chat().invoke('hello');
    expect(llm.calls).toBe(2);
  });

  it('lets calls that joined a failed one ask the model after maxWait', async () => {
    llm.next({ error: { status: 429 } });
    const model = chat({ callbacks: [] }, { maxWait: '100ms' });
    const answers = await Promise.allSettled([1, 2, 3].map(async () => model.invoke('hello')));
    expect(answers.map(({ status }) => status).sort()).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(llm.calls).toBe(3);
    await model.invoke('hello');
    expect(llm.calls).toBe(3);
  });

  it('lets calls that joined a failed one ask the model at once, told by failures', async () => {
    llm.next({ error: { status: 429 } });
    const model = chat({}, { maxWait: '1h' });
    const answers = await Promise.allSettled([1, 2].map(async () => model.invoke('hello')));
    expect(answers.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(llm.calls).toBe(2);
  });

  it('stores an answer that comes after maxWait', async () => {
    const gate = deferred();
    llm.next({ pace: async () => gate.promise });
    const model = chat({ callbacks: [] }, { maxWait: '20ms' });
    const slow = model.invoke('hello');
    await until(() => llm.calls === 1);
    // The load of the first call gives up: the next call asks the model itself.
    await model.invoke('other', {});
    await until(() => ai.stats().totals.failures === 1);
    gate.resolve();
    await slow;
    await model.invoke('hello');
    expect(llm.calls).toBe(2);
  });

  it('does not wait for itself if one generate has a prompt twice', async () => {
    const model = chat({}, { maxWait: '1h' });
    const messages = [[new HumanMessage('a')], [new HumanMessage('a')], [new HumanMessage('b')]];
    const { generations } = await model.generate(messages);
    expect(generations.map(([first]) => typeof first?.text)).toEqual(['string', 'string', 'string']);
    await model.generate(messages);
    expect(llm.calls).toBe(3);
  });

  it('does not store an answer that an invalidation has overtaken', async () => {
    const [old, young] = [deferred(), deferred()];
    llm.next({ pace: async () => old.promise }, { pace: async () => young.promise });
    const model = chat();
    const before = model.invoke('hello');
    await until(() => llm.calls === 1);
    await ai.invalidate({ operation: 'langchain' });
    const after = model.invoke('hello');
    await until(() => llm.calls === 2);
    young.resolve();
    await after;
    old.resolve();
    await before;
    await model.invoke('hello');
    expect(llm.calls).toBe(3);
  });

  it('never caches pictures, which LangChain does not tell apart', async () => {
    const picture = (url: string) =>
      new HumanMessage({
        content: [
          { type: 'image_url', image_url: { url } },
          { type: 'text', text: 'what is it?' },
        ],
      });
    const model = chat();
    await model.invoke([picture('data:image/png;base64,AAAA')]);
    await model.invoke([picture('data:image/png;base64,BBBB')]);
    expect(llm.calls).toBe(2);
    expect(ai.stats().totals).toMatchObject({ hits: 0, misses: 0 });
  });

  it('keeps tenants apart', async () => {
    let tenant = 'a';
    const model = chat({}, { tenant: () => tenant });
    await model.invoke('hello');
    tenant = 'b';
    await model.invoke('hello');
    expect(llm.calls).toBe(2);
    await ai.invalidate({ tenant: 'a' });
    await model.invoke('hello');
    expect(llm.calls).toBe(2);
    tenant = 'a';
    await model.invoke('hello');
    expect(llm.calls).toBe(3);
  });

  it('uses the ttl of its operation', async () => {
    const model = chat({}, { operation: 'faq', control: { ttl: '10m', tags: ['faq'] } });
    await model.invoke('hello');
    await ai.invalidate({ tags: ['faq'] });
    await model.invoke('hello');
    expect(llm.calls).toBe(2);
    expect(ai.stats({ by: 'operation' }).groups).toMatchObject([{ name: 'faq', misses: 2 }]);
  });

  it('refuses options it does not know, and another service', () => {
    expect(() => new LangChainCache(ai, { maxWait: 0 })).toThrow('maxWait must be longer than 0');
    expect(() => new LangChainCache({} as AiCacheService)).toThrow(ValidationError);
  });
});
