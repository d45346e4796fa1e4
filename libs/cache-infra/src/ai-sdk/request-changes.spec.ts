import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { jsonSchema } from 'ai';

import { makeSdk6, makeSdk7 } from '../../../../test/support/ai-sdks.js';
import { StubLlm } from '../../../../test/support/stub-llm.js';
import { AiCacheService } from '../ai/index.js';
import { InMemoryCache } from '../cache/in-memory-cache.js';
import { aiSdkCache, type AiSdkCacheOptions } from './index.js';

let llm: StubLlm;
beforeAll(async () => {
  llm = await StubLlm.start();
});
afterAll(() => llm.stop());

interface Change {
  readonly options?: object;
  readonly cache?: AiSdkCacheOptions;
  readonly model?: string;
  readonly streamed?: true;
}

const weather = (description = 'The weather', city: object = { type: 'string' }) => ({
  description,
  inputSchema: jsonSchema({ type: 'object', properties: { city } }),
});
const user = (...content: object[]) => ({ role: 'user', content });
const text = (value: string) => ({ type: 'text', text: value });
const call = (city: string, toolCallId = 'c1') => ({
  role: 'assistant',
  content: [{ type: 'tool-call', toolCallId, toolName: 'weather', input: { city } }],
});
const result = (value: string, toolCallId = 'c1') => ({
  role: 'tool',
  content: [{ type: 'tool-result', toolCallId, toolName: 'weather', output: { type: 'text', value } }],
});
const png = (...bytes: number[]) => ({
  ...{ type: 'file', mediaType: 'image/png' },
  data: new Uint8Array([0x89, 0x50, 0x4e, 0x47, ...bytes]),
});

const messages = [user(text('Rome or Oslo?')), call('Rome'), result('sunny')];
const base = {
  ...{ messages, temperature: 0.5, topP: 0.9, maxOutputTokens: 100, stopSequences: ['END'], seed: 1 },
  ...{ tools: { weather: weather() }, toolChoice: 'none', headers: { 'x-scope': 'hr' } },
  providerOptions: { stub: { user: 'ann', metadata: { team: 'a' } } },
};
const asking = (...content: object[]) => ({ messages: [user(...content)] });

const other: [string, Change][] = [
  ['the model', { model: 'large' }],
  ['temperature', { options: { temperature: 0.6 } }],
  ['no temperature', { options: { temperature: undefined } }],
  ['topP', { options: { topP: 0.8 } }],
  ['topK', { options: { topK: 3 } }],
  ['maxOutputTokens', { options: { maxOutputTokens: 101 } }],
  ['no maxOutputTokens', { options: { maxOutputTokens: undefined } }],
  ['presencePenalty', { options: { presencePenalty: 1 } }],
  ['frequencyPenalty', { options: { frequencyPenalty: 1 } }],
  ['stopSequences', { options: { stopSequences: ['STOP'] } }],
  ['two stopSequences', { options: { stopSequences: ['END', 'STOP'] } }],
  ['seed', { options: { seed: 2 } }],
  ['no tools', { options: { tools: undefined, toolChoice: undefined } }],
  ['the description of a tool', { options: { tools: { weather: weather('Weather') } } }],
  ['the schema of a tool', { options: { tools: { weather: weather('The weather', { type: 'number' }) } } }],
  ['the name of a tool', { options: { tools: { climate: weather() } } }],
  ['one more tool', { options: { tools: { weather: weather(), climate: weather() } } }],
  ['toolChoice', { options: { toolChoice: 'auto' } }],
  ['tools that may be called', { options: { ...asking(text('weather?')), toolChoice: 'auto' } }],
  ['tools that must be called', { options: { ...asking(text('weather?')), toolChoice: 'required' } }],
  [
    'one tool that must be called',
    { options: { ...asking(text('weather?')), toolChoice: { type: 'tool', toolName: 'weather' } } },
  ],
  ['a system prompt', { options: { system: 'Be brief' } }],
  ['another system prompt', { options: { system: 'Be long' } }],
  ['the text', { options: asking(text('Rome?')) }],
  ['a blank more', { options: asking(text('Rome? ')) }],
  ['case', { options: asking(text('rome?')) }],
  ['two texts', { options: asking(text('Rome'), text('?')) }],
  ['two texts, turned', { options: asking(text('?'), text('Rome')) }],
  ['the role', { options: { messages: [{ role: 'assistant', content: [text('Rome?')] }] } }],
  ['one message less', { options: { messages: messages.slice(0, 1) } }],
  ['one message more', { options: { messages: [...messages, user(text('and now?'))] } }],
  ['the arguments of a tool call', { options: { messages: [messages[0], call('Oslo'), result('sunny')] } }],
  ['the result of a tool', { options: { messages: [messages[0], call('Rome'), result('rain')] } }],
  [
    'the id of a tool call',
    { options: { messages: [messages[0], call('Rome', 'c2'), result('sunny', 'c2')] } },
  ],
  ['a picture', { options: asking(text('what?'), png(1)) }],
  ['another picture', { options: asking(text('what?'), png(2)) }],
  ['the name of a file', { options: asking(text('what?'), { ...png(1), filename: 'map.png' }) }],
  ['a header', { options: { headers: { 'x-scope': 'it' } } }],
  ['no header', { options: { headers: {} } }],
  ['a credential in a header', { options: { headers: { 'x-scope': 'hr', authorization: 'Bearer a' } } }],
  ['another credential', { options: { headers: { 'x-scope': 'hr', authorization: 'Bearer b' } } }],
  ['user, by whom applications scope', { options: { providerOptions: { stub: { user: 'bob' } } } }],
  ['metadata', { options: { providerOptions: { stub: { user: 'ann', metadata: { team: 'b' } } } } }],
  ['an option of the provider', { options: { providerOptions: { stub: { reasoningEffort: 'high' } } } }],
  ['an option of another provider', { options: { providerOptions: { other: { reasoningEffort: 'high' } } } }],
  ['the tenant', { cache: { tenant: 'a' } }],
  ['another tenant', { cache: { tenant: 'b' } }],
  ['the tenant of the call', { cache: { tenant: () => 'c' } }],
  ['the version of the prompt', { cache: { promptVersion: 2 } }],
  ['the operation', { cache: { operation: 'faq' } }],
];

const same: [string, Change][] = [
  ['nothing', {}],
  ['streaming', { streamed: true }],
  ['streaming with raw chunks', { streamed: true, options: { includeRawChunks: true } }],
  ['a signal', { options: { abortSignal: new AbortController().signal } }],
  ['maxRetries', { options: { maxRetries: 1 } }],
  ['the time-out', { options: { timeout: 10_000 } }],
  ['user-agent', { options: { headers: { 'x-scope': 'hr', 'User-Agent': 'app/2' } } }],
  ['traceparent', { options: { headers: { 'x-scope': 'hr', traceparent: '00-1-2-01' } } }],
  ['a request id', { options: { headers: { 'x-scope': 'hr', 'X-Request-Id': '7' } } }],
  ['the case of a header', { options: { headers: { 'X-Scope': 'hr' } } }],
  ['execute of a tool', { options: { tools: { weather: { ...weather(), execute: () => 'sunny' } } } }],
  ['onStepFinish', { options: { onStepFinish: () => undefined } }],
  ['metadata of the telemetry', { options: { experimental_telemetry: { metadata: { of: 'a trace' } } } }],
  ['equal messages made anew', { options: { messages: structuredClone(messages) } }],
  ['equal tools made anew', { options: { tools: { weather: weather() } } }],
  [
    'the order of options',
    { options: { providerOptions: { stub: { metadata: { team: 'a' }, user: 'ann' } } } },
  ],
  ...['promptCacheKey', 'promptCacheRetention', 'serviceTier', 'safetyIdentifier', 'prompt_cache_key'].map(
    (name): [string, Change] => [
      name,
      { options: { providerOptions: { stub: { ...base.providerOptions.stub, [name]: 'x' } } } },
    ],
  ),
  [
    'an ignored option of another provider',
    { options: { providerOptions: { ...base.providerOptions, openai: { promptCacheKey: 'x' } } } },
  ],
  ['the ttl', { cache: { control: { ttl: '1m' } } }],
];

describe.each([
  ['AI SDK 6', makeSdk6],
  ['AI SDK 7', makeSdk7],
])('a request of %s and its changes', (_, makeSdk) => {
  const cache = new InMemoryCache();
  afterAll(() => cache.close());

  const ask = async ({ options, cache: given, model = 'small', streamed }: Change): Promise<string> => {
    const sdk = makeSdk(llm.baseURL, aiSdkCache(new AiCacheService(cache), given), model);
    // The messages stand in place of the prompt.
    const all = { ...base, ...options, prompt: undefined };
    const answer = await (streamed ? sdk.stream('', all) : sdk.generate('', all));
    return String(answer.response.headers?.['cache-status']);
  };
  beforeAll(async () => {
    expect(await ask({})).toContain('fwd=miss');
  });
  beforeEach(() => {
    llm.reset();
  });

  it('are 60 and more', () => {
    expect(other.length + same.length).toBeGreaterThanOrEqual(60);
  });

  it.each(other)('%s makes another request', async (_name, change) => {
    expect(await ask(change)).toContain('fwd=miss');
  });

  it.each(same)('%s makes the same request', async (_name, change) => {
    expect(await ask(change)).toContain('hit');
    expect(llm.calls).toBe(0);
  });
});
