import { describe, expect, it } from '@jest/globals';

import { factsOf, shape, stored, type Part, type Result } from './parts.js';

const timestamp = new Date('2026-01-02T03:04:05Z');
const usage = { inputTokens: { total: 3 }, outputTokens: { total: 5 } };
const finishReason = { unified: 'stop', raw: 'stop' };
const call = { type: 'tool-call', toolCallId: 'c1', toolName: 'weather', input: '{"city":"Rome"}' };
const source = { type: 'source', sourceType: 'url', id: 's1', url: 'https://example.com' };
const file = { type: 'file', mediaType: 'image/png', data: new Uint8Array([1, 2]) };

const result: Result = {
  content: [
    { type: 'reasoning', text: 'hm', providerMetadata: { anthropic: { signature: 'abc' } } },
    { type: 'text', text: 'hello' },
    source,
    { type: 'text', text: 'world', providerMetadata: { a: { b: 1 } } },
    file,
    call,
    { type: 'tool-result', toolCallId: 'c1', toolName: 'weather', result: 'sunny' },
    { type: 'custom', kind: 'new' },
  ],
  finishReason,
  usage,
  providerMetadata: { openai: { logprobs: [] } },
  response: { id: 'r1', timestamp, modelId: 'small-2026' },
  warnings: [{ type: 'other', message: 'careful' }],
};

describe('the shape of answers of the AI SDK', () => {
  it('makes parts of a result, and the same result of the parts', () => {
    expect(shape.join([...shape.split(result)])).toEqual(result);
  });

  it('joins texts and thoughts by their ids, also where they alternate', () => {
    const parts: Part[] = [
      { type: 'stream-start', warnings: [] },
      { type: 'response-metadata', id: 'r1', timestamp },
      { type: 'response-metadata', modelId: 'small' },
      { type: 'reasoning-start', id: '1' },
      { type: 'text-start', id: '1' },
      { type: 'reasoning-delta', id: '1', delta: 'h' },
      { type: 'text-delta', id: '1', delta: 'hel' },
      { type: 'reasoning-delta', id: '1', delta: 'm' },
      { type: 'text-delta', id: '1', delta: 'lo' },
      { type: 'reasoning-end', id: '1', providerMetadata: { signature: 'x' } },
      { type: 'text-end', id: '1' },
      { type: 'tool-input-start', id: 'c1', toolName: 'weather' },
      { type: 'tool-input-delta', id: 'c1', delta: '{' },
      { type: 'tool-input-end', id: 'c1' },
      call,
      // An id may come again.
      { type: 'text-start', id: '1' },
      { type: 'text-delta', id: '1', delta: 'bye' },
      { type: 'text-end', id: '1' },
      { type: 'text-start', id: '2' },
      { type: 'text-end', id: '2' },
      { type: 'raw', rawValue: {} },
      { type: 'ping' },
      { type: 'finish', finishReason, usage },
    ];
    expect(shape.join(parts)).toEqual({
      content: [
        { type: 'reasoning', text: 'hm', providerMetadata: { signature: 'x' } },
        { type: 'text', text: 'hello' },
        call,
        { type: 'text', text: 'bye' },
      ],
      response: { id: 'r1', timestamp, modelId: 'small' },
      ...{ finishReason, usage, warnings: [] },
    });
  });

  it('has no finish reason without an end', () => {
    expect(factsOf(shape.join([{ type: 'text-delta', id: '1', delta: 'half' }])).finishReason).toBeNull();
  });

  it.each([
    ['text', [{ type: 'text', text: 'a' }], false],
    ['a tool call', [call], false],
    ['a file', [file], false],
    ['nothing', [], true],
    ['blank text', [{ type: 'text', text: ' ' }], true],
    ['thoughts and a source', [{ type: 'reasoning', text: 'hm' }, source], true],
  ])('with %s is empty: %s', (_, content: Part[], empty) => {
    expect(factsOf({ content, warnings: [] }).empty).toBe(empty);
  });

  it('is transient if a tool of the provider has failed', () => {
    const failed = {
      type: 'tool-result',
      toolCallId: 'c1',
      toolName: 'search',
      result: 'down',
      isError: true,
    };
    expect(factsOf({ content: [failed], warnings: [] }).isTransient).toBe(true);
    expect(factsOf({ content: [{ ...failed, isError: false }], warnings: [] }).isTransient).toBe(false);
  });

  it('is stored without the body of the request, and without headers and body of the response', () => {
    const response = { ...result.response, headers: { 'set-cookie': 'a' }, body: { prompt: 'secret' } };
    expect(stored({ ...result, request: { body: 'secret' }, response })).toEqual(result);
    expect(stored({ ...result, response: { headers: {} } })).not.toHaveProperty('response');
  });
});
