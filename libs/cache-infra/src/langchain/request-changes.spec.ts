import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  AIMessage,
  HumanMessage,
  SystemMessage,
  ToolMessage,
  type BaseMessage,
} from '@langchain/core/messages';
import { ChatOpenAI } from '@langchain/openai';

import { StubLlm } from '../../../../test/support/stub-llm.js';
import { AiCacheService } from '../ai/index.js';
import { InMemoryCache } from '../cache/in-memory-cache.js';
import { LangChainCache, type LangChainCacheOptions } from './index.js';

let llm: StubLlm;
beforeAll(async () => {
  llm = await StubLlm.start();
});
afterAll(() => llm.stop());

interface Call {
  readonly fields?: object;
  readonly options?: object;
  readonly messages?: BaseMessage[];
  readonly cache?: LangChainCacheOptions;
}

const weather = (description = 'The weather', city: object = { type: 'string' }) => ({
  type: 'function',
  function: { name: 'weather', description, parameters: { type: 'object', properties: { city } } },
});
const call = (city: string, id = 'c1') =>
  new AIMessage({ content: '', tool_calls: [{ name: 'weather', args: { city }, id, type: 'tool_call' }] });
const history = (...more: BaseMessage[]): BaseMessage[] => [new HumanMessage('Rome or Oslo?'), ...more];

const base: Required<Omit<Call, 'cache'>> = {
  fields: {
    ...{
      model: 'small',
      apiKey: 'sk-one',
      temperature: 0.5,
      maxRetries: 0,
      timeout: 10_000,
      topP: 0.9,
      n: 1,
    },
    ...{ maxTokens: 100, user: 'ann' },
  },
  options: { stop: ['END'], tools: [weather()], tool_choice: 'none' },
  messages: history(call('Rome'), new ToolMessage({ content: 'sunny', tool_call_id: 'c1' })),
};

/** The request of `base` with another text. */
const asking = (content: string): BaseMessage[] => [new HumanMessage(content)];

const other: [string, Call][] = [
  ['model', { fields: { model: 'large' } }],
  ['temperature', { fields: { temperature: 0.6 } }],
  ['no temperature', { fields: { temperature: undefined } }],
  ['topP', { fields: { topP: 0.8 } }],
  ['maxTokens', { fields: { maxTokens: 101 } }],
  ['n', { fields: { n: 2 } }],
  ['frequencyPenalty', { fields: { frequencyPenalty: 1 } }],
  ['presencePenalty', { fields: { presencePenalty: 1 } }],
  ['logprobs', { fields: { logprobs: true } }],
  ['topLogprobs', { fields: { logprobs: true, topLogprobs: 2 } }],
  ['user, by whom applications scope', { fields: { user: 'bob' } }],
  ['modelKwargs', { fields: { modelKwargs: { seed: 1 } } }],
  ['modelKwargs with another value', { fields: { modelKwargs: { seed: 2 } } }],
  ['the server', { fields: { configuration: { defaultQuery: { v: '2' } } } }],
  ['a default header', { fields: { configuration: { defaultHeaders: { 'x-scope': 'hr' } } } }],
  ['another default header', { fields: { configuration: { defaultHeaders: { 'x-scope': 'it' } } } }],
  ['organization', { fields: { configuration: { organization: 'org' } } }],
  ['stop', { options: { stop: ['STOP'] } }],
  ['two stops', { options: { stop: ['END', 'STOP'] } }],
  ['no tools', { options: { tools: undefined, tool_choice: undefined } }],
  ['the description of a tool', { options: { tools: [weather('Weather')] } }],
  ['the schema of a tool', { options: { tools: [weather('The weather', { type: 'number' })] } }],
  [
    'one more tool',
    { options: { tools: [weather(), { ...weather(), function: { name: 'time', parameters: {} } }] } },
  ],
  ['tool_choice', { options: { tool_choice: 'auto' } }],
  ['parallel_tool_calls', { options: { parallel_tool_calls: false } }],
  ['response_format', { options: { response_format: { type: 'json_object' } } }],
  ['seed', { options: { seed: 3 } }],
  ['a header of the call', { options: { options: { headers: { 'x-scope': 'hr' } } } }],
  ['the text', { messages: asking('Rome?') }],
  ['a blank more', { messages: asking('Rome? ') }],
  ['case', { messages: asking('rome?') }],
  ['a system message', { messages: [new SystemMessage('Be brief'), ...base.messages] }],
  ['another system message', { messages: [new SystemMessage('Be long'), ...base.messages] }],
  ['the role', { messages: [new SystemMessage('Rome?')] }],
  ['one message less', { messages: base.messages.slice(0, 1) }],
  ['one message more', { messages: [...base.messages, new HumanMessage('and now?')] }],
  ['the order of messages', { messages: [new HumanMessage('b'), new HumanMessage('a')] }],
  ['the order of messages, turned', { messages: [new HumanMessage('a'), new HumanMessage('b')] }],
  ['the name of a person', { messages: [new HumanMessage({ content: 'Rome?', name: 'ann' })] }],
  ['the arguments of a tool call', { messages: history(call('Oslo'), ...base.messages.slice(2)) }],
  [
    'the result of a tool',
    { messages: history(call('Rome'), new ToolMessage({ content: 'rain', tool_call_id: 'c1' })) },
  ],
  ['the tenant', { cache: { tenant: 'a' } }],
  ['another tenant', { cache: { tenant: 'b' } }],
  ['the version of the prompt', { cache: { promptVersion: 2 } }],
  ['the operation', { cache: { operation: 'faq' } }],
];

const same: [string, Call][] = [
  ['nothing', {}],
  ['the API key', { fields: { apiKey: 'sk-two' } }],
  ['the API key in configuration', { fields: { configuration: { apiKey: 'sk-three' } } }],
  ['the API key by its other name', { fields: { apiKey: undefined, openAIApiKey: 'sk-four' } }],
  ['timeout', { fields: { timeout: 20_000 } }],
  ['maxRetries', { fields: { maxRetries: 1 } }],
  ['maxConcurrency', { fields: { maxConcurrency: 3 } }],
  ['a callback', { fields: { callbacks: [{ handleLLMEnd: () => undefined }] } }],
  ['tags of the model', { fields: { tags: ['tagged'] } }],
  ['metadata of the model', { fields: { metadata: { of: 'a trace' } } }],
  ['a signal', { options: { signal: new AbortController().signal } }],
  ['timeout of the call', { options: { timeout: 5000 } }],
  ['tags of the call', { options: { tags: ['tagged'] } }],
  ['metadata of the call', { options: { metadata: { of: 'a trace' } } }],
  ['the name of the run', { options: { runName: 'a run' } }],
  ['prompt_cache_key', { options: { prompt_cache_key: 'session' } }],
  ['service_tier', { options: { service_tier: 'flex' } }],
  ['the order of fields', { fields: { user: 'ann', ...{ maxTokens: 100, n: 1 } } }],
  ['the order of call options', { options: { tool_choice: 'none', tools: [weather()], stop: ['END'] } }],
  ['equal messages made anew', { messages: base.messages.map((each) => each) }],
  ['another maxWait', { cache: { maxWait: '1s' } }],
  ['another ttl', { cache: { control: { ttl: '1m' } } }],
];

describe('a request of LangChain and its changes', () => {
  const cache = new InMemoryCache();
  afterAll(() => cache.close());

  const ask = async ({ fields, options, messages = base.messages, cache: given }: Call): Promise<void> => {
    const configuration = { baseURL: llm.baseURL, ...(fields as { configuration?: object })?.configuration };
    const model = new ChatOpenAI({
      ...{ ...base.fields, ...fields, configuration },
      cache: new LangChainCache(new AiCacheService(cache), given),
    });
    await model.invoke(messages, { ...base.options, ...options });
  };
  beforeAll(() => ask(base));
  beforeEach(() => {
    llm.reset();
  });

  it('are 60 and more', () => {
    expect(other.length + same.length).toBeGreaterThanOrEqual(60);
  });

  it.each(other)('%s makes another request', async (_, change) => {
    await ask(change);
    expect(llm.calls).toBe(1);
  });

  it.each(same)('%s makes the same request', async (_, change) => {
    await ask(change);
    expect(llm.calls).toBe(0);
  });
});
