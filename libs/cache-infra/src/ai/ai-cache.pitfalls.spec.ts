import { jest } from '@jest/globals';
import { InMemoryCache } from '../cache/in-memory-cache.js';
import { AiCacheService } from './ai-cache.service.js';
import type { AiOutput } from './answer/output.js';
import type { AiContext } from './call/producer.js';

const request = { model: 'small', text: 'It works.' };

function setUp() {
  let now = Date.UTC(2026, 0, 1);
  const clock = { now: () => now };
  const cache = new InMemoryCache({ advanced: { clock } });
  const pass = (ms: number): void => {
    now += ms;
  };
  return { cache, pass, ai: new AiCacheService(cache, { clock }) };
}

/** A producer that waits until it is told what to give. */
function gate<T>() {
  let resolve!: (output: AiOutput<T>) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<AiOutput<T>>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  const produce = jest.fn((_ctx: AiContext) => promise);
  return { produce, resolve, reject };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('@langchain/core 1.4.0', () => {
  it('two pictures with the same question shared an answer', async () => {
    const { ai } = setUp();
    const ask = (image: Uint8Array) => ({
      model: 'vision',
      messages: [{ role: 'user', content: ['What is it?', image] }],
    });
    const produce = jest.fn(() => ({ value: `answer ${produce.mock.calls.length}` }));
    const cat = new Uint8Array(5000).fill(1);
    const dog = new Uint8Array(5000).fill(1);
    dog[4999] = 2;

    await ai.run('vision', ask(cat), produce);
    const second = await ai.run('vision', ask(dog), produce);
    const again = await ai.run('vision', ask(cat.slice()), produce);

    expect(second).toMatchObject({ value: 'answer 2', cached: false });
    expect(again).toMatchObject({ value: 'answer 1', cached: true });
  });

  it('two pictures as data URLs with the same question shared an answer', async () => {
    const { ai } = setUp();
    const ask = (url: string) => ({ messages: [{ content: [{ type: 'image_url', image_url: { url } }] }] });
    await ai.run('vision', ask(`data:image/png;base64,${'A'.repeat(2000)}`), () => ({ value: 1 }));

    const other = await ai.run('vision', ask(`data:image/png;base64,${'A'.repeat(1999)}B`), () => ({
      value: 2,
    }));

    expect(other).toMatchObject({ value: 2, cached: false });
  });

  it('three equal concurrent calls made three', async () => {
    const { ai } = setUp();
    const { produce, resolve } = gate<string>();
    const usage = { inputTokens: 10, outputTokens: 5 };

    const calls = [1, 2, 3].map(() => ai.run('sentiment', request, produce));
    await turn();
    resolve({ value: 'fine', usage });
    const results = await Promise.all(calls);

    expect(produce).toHaveBeenCalledTimes(1);
    expect(results.map(({ value, cached, collapsed }) => [value, cached, collapsed])).toEqual([
      ['fine', false, false],
      ['fine', false, true],
      ['fine', false, true],
    ]);
    expect(results[1]).toMatchObject({
      savings: { inputTokens: 10, outputTokens: 5 },
      cacheStatus: 'default; fwd=miss; stored; collapsed; ttl=3600',
    });
    expect(ai.stats().totals).toMatchObject({
      calls: 3,
      misses: 1,
      collapsed: 2,
      hits: 0,
      inputTokensSaved: 20,
    });
  });
});

describe('LiteLLM', () => {
  it.each([
    ['tool_choice', 'auto', 'none'],
    ['num_ctx', 2048, 4096],
    ['max_tokens', 100, 200],
    ['temperature', 0, 1],
    ['tenant', 'a', 'b'],
    ['promptVersion', 1, 2],
    ['a_parameter_of_tomorrow', 'x', 'y'],
  ])('#894, #42400: keys by allow-list missed %s', async (name, one, other) => {
    const { ai } = setUp();
    await ai.run('chat', { ...request, [name]: one }, () => ({ value: 1 }));

    expect(await ai.run('chat', { ...request, [name]: other }, () => ({ value: 2 }))).toMatchObject({
      value: 2,
      cached: false,
    });
  });

  it('hits carried no marker and wrong costs', async () => {
    const { cache } = setUp();
    const prices = { 'small-2026': { inputPerMillion: 1, outputPerMillion: 2 } };
    const ai = new AiCacheService(cache, { prices });
    const produce = () => ({
      value: 1,
      model: 'small-2026',
      usage: { inputTokens: 1_000_000, outputTokens: 1_000_000 },
    });
    const miss = await ai.run('chat', request, produce);
    const hit = await ai.run('chat', request, produce);

    expect(miss).toMatchObject({ cached: false });
    expect(miss.savings).toBeUndefined();
    expect(hit).toMatchObject({ cached: true, savings: { cost: 3 } });
    expect(hit.cacheStatus).toContain('; hit');
  });

  it('the life of an answer was extended on every hit', async () => {
    const { ai, pass } = setUp();
    const produce = jest.fn(() => ({ value: 1 }));
    await ai.run('chat', request, produce, { ttl: '10s' });
    pass(9000);
    await ai.run('chat', request, produce, { ttl: '10s' });
    pass(2000);
    await ai.run('chat', request, produce, { ttl: '10s' });

    expect(produce).toHaveBeenCalledTimes(2);
  });
});

describe('errors, 429s and truncated answers were replayed as good ones', () => {
  it.each<[string, AiOutput<unknown>]>([
    ['error-status', { value: { error: 'rate limited' }, status: 429 }],
    ['error-status', { value: 'oops', status: 500 }],
    ['unfinished', { value: 'The answer is', finishReason: 'length' }],
    ['unfinished', { value: 'I can', finishReason: 'content_filter' }],
    ['error', { value: new Error('as a value') }],
    ['empty', { value: '' }],
    ['undefined', { value: undefined }],
  ])('%s', async (reason, output) => {
    const { ai, cache } = setUp();
    const produce = jest.fn(() => output);

    const first = await ai.run('chat', request, produce);
    await ai.run('chat', request, produce);

    expect(produce).toHaveBeenCalledTimes(2);
    expect(first).toMatchObject({
      cached: false,
      bypassed: reason,
      cacheStatus: `default; fwd=miss; detail=${reason}`,
    });
    expect(first.value).toBe(output.value);
    expect(cache.stats().sets).toBe(0);
    expect(ai.stats().totals).toMatchObject({ misses: 2, notStored: 2 });
  });

  it('waiting callers get the unfinished answer too, marked', async () => {
    const { ai } = setUp();
    const { produce, resolve } = gate<string>();
    const calls = [ai.run('chat', request, produce), ai.run('chat', request, produce)];
    await turn();
    resolve({ value: 'The answer', finishReason: 'length' });

    expect(await Promise.all(calls)).toMatchObject([
      { value: 'The answer', bypassed: 'unfinished', collapsed: false },
      { value: 'The answer', bypassed: 'unfinished', collapsed: true },
    ]);
    expect(ai.stats().totals.notStored).toBe(1);
  });

  it('a refresh that fails to finish leaves the good answer in its place', async () => {
    const { ai } = setUp();
    await ai.run('chat', request, () => ({ value: 'good' }));
    await ai.run('chat', request, () => ({ value: 'go', finishReason: 'length' }), { refresh: true });

    expect(await ai.run('chat', request, () => ({ value: 'other' }))).toMatchObject({
      value: 'good',
      cached: true,
    });
  });
});

describe('nestjs-redisx 1.11', () => {
  it('a producer that throws ran twice', async () => {
    const { ai, cache } = setUp();
    const broken = new Error('provider down');
    const { produce, reject } = gate<string>();
    const calls = [1, 2, 3].map(() => ai.run('chat', request, produce));
    await turn();
    reject(broken);

    for (const call of calls) await expect(call).rejects.toBe(broken);
    expect(produce).toHaveBeenCalledTimes(1);
    expect(cache.stats().sets).toBe(0);
    expect(ai.stats().totals).toMatchObject({ calls: 3, failures: 3 });
  });
});

describe('aborted calls', () => {
  it('reject at once and store nothing later', async () => {
    const { ai, cache } = setUp();
    const { produce, resolve } = gate<string>();
    const controller = new AbortController();
    const call = ai.run('chat', request, produce, { signal: controller.signal });
    await turn();

    controller.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
    resolve({ value: 'late' });
    await turn();

    expect(produce.mock.calls[0]?.[0].signal.aborted).toBe(true);
    expect(await ai.peek('chat', request)).toBeUndefined();
    expect(cache.stats().size).toBe(0);
  });

  it('leave the answer to the other callers', async () => {
    const { ai } = setUp();
    const { produce, resolve } = gate<string>();
    const controller = new AbortController();
    const leaving = ai.run('chat', request, produce, { signal: controller.signal });
    const staying = ai.run('chat', request, produce);
    await turn();
    controller.abort(new Error('enough'));
    await expect(leaving).rejects.toThrow('enough');
    resolve({ value: 'fine' });

    expect(await staying).toMatchObject({ value: 'fine' });
    expect(await ai.peek('chat', request)).toMatchObject({ value: 'fine' });
  });

  it('reject at once past the cache too, before and while producing', async () => {
    const { ai } = setUp();
    const { produce, reject } = gate<string>();
    const controller = new AbortController();
    const options = { bypass: true, signal: controller.signal };
    const call = ai.run('chat', request, produce, options);
    await turn();
    controller.abort(new Error('enough'));

    await expect(call).rejects.toThrow('enough');
    reject(new Error('late, and nobody waits'));
    await expect(ai.run('chat', request, produce, options)).rejects.toThrow('enough');
    expect(produce).toHaveBeenCalledTimes(1);
  });
});

describe('bentocache, cacheable and cache-manager', () => {
  it('an invalidation during a running producer was lost', async () => {
    const { ai } = setUp();
    const { produce, resolve } = gate<string>();
    const call = ai.run('chat', request, produce);
    await turn();

    await ai.invalidate({ operation: 'chat', model: 'small' });
    resolve({ value: 'old' });

    expect(await call).toMatchObject({ value: 'old' });
    expect(await ai.peek('chat', request)).toBeUndefined();
  });
});
