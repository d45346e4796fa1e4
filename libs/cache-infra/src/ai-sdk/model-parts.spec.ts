import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { generateText as generate6, simulateReadableStream, wrapLanguageModel as wrap6 } from 'ai';
import { generateText as generate7, wrapLanguageModel as wrap7 } from 'ai-7';
import { MockLanguageModelV4 } from 'ai-7/test';
import { MockLanguageModelV3 } from 'ai/test';

import { AiCacheService } from '../ai/index.js';
import { InMemoryCache } from '../cache/in-memory-cache.js';
import type { Part } from './parts.js';
import { aiSdkCache } from './index.js';

let cache: InMemoryCache;
let ai: AiCacheService;
beforeEach(() => {
  cache = new InMemoryCache();
  ai = new AiCacheService(cache);
});
afterEach(() => cache.close());

const usage = {
  inputTokens: { total: 3, noCache: 3, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 5, text: 5, reasoning: 0 },
};
const end = (unified: string): Part => ({ type: 'finish', finishReason: { unified, raw: unified }, usage });
const text: Part[] = [
  { type: 'stream-start', warnings: [] },
  { type: 'text-start', id: '1' },
  { type: 'text-delta', id: '1', delta: 'hello' },
  { type: 'text-end', id: '1' },
];
const content = [
  { type: 'reasoning', text: 'hm' },
  { type: 'text', text: 'hello' },
  { type: 'source', sourceType: 'url', id: 's1', url: 'https://example.com', title: 'a' },
];

/** Models that answer by `parts`, or by `content`, wrapped by the cache; and the number of their calls. */
function models(parts: readonly Part[]) {
  const streamed = { doStream: async () => ({ stream: simulateReadableStream({ chunks: [...parts] }) }) };
  const finishReason = { unified: 'stop', raw: 'stop' };
  const generated = { doGenerate: async () => ({ content, finishReason, usage, warnings: [] }) };
  const [v3, v4] = [
    new MockLanguageModelV3({ ...streamed, ...generated } as object),
    new MockLanguageModelV4({ ...streamed, ...generated } as object),
  ];
  return {
    v3: wrap6({ model: v3, middleware: aiSdkCache(ai) }),
    v4: wrap7({ model: v4, middleware: aiSdkCache(ai) }),
    streams: () => v3.doStreamCalls.length + v4.doStreamCalls.length,
    generations: () => v3.doGenerateCalls.length + v4.doGenerateCalls.length,
  };
}

const prompt = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'hi' }] }];

async function partsOf({ stream }: { stream: ReadableStream }): Promise<unknown[]> {
  const parts: unknown[] = [];
  for await (const part of stream) parts.push(part);
  return parts;
}

describe('the parts of a model, in both versions', () => {
  it.each([
    ['error', [...text, end('error')]],
    ['length', [...text, end('length')]],
    ['other', [...text, end('other')]],
    ['interrupted', [...text, end('interrupted')]],
    ['an error part', [...text, { type: 'error', error: { message: 'overloaded' } }, end('stop')]],
    ['nothing', text],
  ])('a stream that ends by %s is not stored', async (_, parts) => {
    const { v3, v4, streams } = models(parts);
    for (const model of [v3, v3]) expect(await partsOf(await model.doStream({ prompt }))).toEqual(parts);
    for (const model of [v4, v4]) expect(await partsOf(await model.doStream({ prompt }))).toEqual(parts);
    expect(streams()).toBe(4);
  });

  it('a stream that ends well is replayed, part by part', async () => {
    const parts = [...text, end('stop')];
    const { v3, v4, streams } = models(parts);
    for (const model of [v3, v3]) expect(await partsOf(await model.doStream({ prompt }))).toEqual(parts);
    for (const model of [v4, v4]) expect(await partsOf(await model.doStream({ prompt }))).toEqual(parts);
    expect(streams()).toBe(2);
  });

  it('thoughts and sources of a generated answer come back', async () => {
    const { v3, v4, generations } = models([]);
    const [a, b] = [
      await generate6({ model: v3, prompt: 'hi' }),
      await generate6({ model: v3, prompt: 'hi' }),
    ];
    const [c, d] = [
      await generate7({ model: v4, prompt: 'hi' }),
      await generate7({ model: v4, prompt: 'hi' }),
    ];
    expect(generations()).toBe(2);
    expect([b.reasoningText, b.sources, b.content]).toEqual([a.reasoningText, a.sources, a.content]);
    expect([d.sources, d.content]).toEqual([c.sources, c.content]);
    expect(b.reasoningText).toBe('hm');
    expect(d.sources).toHaveLength(1);
  });
});
