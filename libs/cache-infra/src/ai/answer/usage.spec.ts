import { InMemoryCache } from '../../cache/in-memory-cache.js';
import { AiCacheService } from '../ai-cache.service.js';
import type { AiOutput } from './output.js';
import { usageOf } from './usage.js';

describe('A12: the usage of', () => {
  const all = { inputTokens: 100, outputTokens: 50, cachedInputTokens: 40 };

  it.each<[string, object]>([
    [
      'OpenAI chat',
      { prompt_tokens: 100, completion_tokens: 50, prompt_tokens_details: { cached_tokens: 40 } },
    ],
    [
      'OpenAI responses',
      { input_tokens: 100, output_tokens: 50, input_tokens_details: { cached_tokens: 40 } },
    ],
    [
      'Anthropic, which counts cached tokens beside the others',
      { input_tokens: 50, cache_read_input_tokens: 40, cache_creation_input_tokens: 10, output_tokens: 50 },
    ],
    [
      'Gemini, which counts thoughts beside the answer',
      {
        promptTokenCount: 100,
        candidatesTokenCount: 30,
        thoughtsTokenCount: 20,
        cachedContentTokenCount: 40,
      },
    ],
    ['LangChain', { input_tokens: 100, output_tokens: 50, input_token_details: { cache_read: 40 } }],
    [
      'AI SDK results',
      { inputTokens: 100, outputTokens: 50, inputTokenDetails: { cacheReadTokens: 40 }, totalTokens: 150 },
    ],
    [
      'AI SDK middleware',
      { inputTokens: { total: 100, noCache: 60, cacheRead: 40 }, outputTokens: { total: 50, text: 50 } },
    ],
  ])('A12: %s is read', (_name, usage) => {
    expect(usageOf(usage)).toEqual(all);
  });

  it.each([[null], [undefined], ['100'], [100], [{}], [[]], [{ inputTokens: NaN }], [{ prompt_tokens: -5 }]])(
    'A12: %j counts as none',
    (usage) => {
      expect(usageOf(usage)).toBeUndefined();
    },
  );
});

describe('A10: an answer that is paid for reaches its caller', () => {
  const hostile = {
    get inputTokens(): number {
      throw new Error('no');
    },
  };

  it.each<[string, object]>([
    ['usage null', { usage: null }],
    ['usage text', { usage: 'many' }],
    ['usage that throws', { usage: hostile }],
    ['status null', { status: null }],
    ['status text', { status: '200' }],
    ['status a symbol', { status: Symbol('ok') }],
    ['model null', { model: null }],
    ['model an object', { model: {} }],
    ['finishReason a symbol', { finishReason: Symbol('stop') }],
    ['finishReason without a prototype', { finishReason: Object.create(null) as object }],
  ])('A10: with %s', async (_name, facts) => {
    const ai = new AiCacheService(new InMemoryCache());
    const output = { value: 'paid', ...facts } as AiOutput<string>;

    const result = await ai.run('o', { q: 1 }, () => output);

    expect(result.value).toBe('paid');
    expect(result.usage).toBeUndefined();
  });

  it('A10: with usage null it is stored', async () => {
    const ai = new AiCacheService(new InMemoryCache());
    await ai.run('o', { q: 1 }, () => ({ value: 'paid', usage: null }));

    expect(await ai.run('o', { q: 1 }, () => ({ value: 'again' }))).toMatchObject({
      value: 'paid',
      cached: true,
    });
  });
});
