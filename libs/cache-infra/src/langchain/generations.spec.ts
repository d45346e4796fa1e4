import { describe, expect, it } from '@jest/globals';
import { AIMessage, ChatMessage } from '@langchain/core/messages';
import type { ChatGeneration } from '@langchain/core/outputs';

import { outputOf, revived, type Generations } from './generations.js';

/** One generation of a message with this metadata. */
function generated(metadata: Record<string, unknown>, content = 'hello'): Generations {
  const message = new AIMessage({ content, response_metadata: metadata });
  return [{ text: content, message } as Generations[number]];
}

describe('the output of generations', () => {
  it.each([
    ['OpenAI', { finish_reason: 'stop' }, 'stop'],
    ['Anthropic', { stop_reason: 'max_tokens' }, 'max_tokens'],
    ['Google', { finishReason: 'SAFETY' }, 'SAFETY'],
    ['Amazon', { stopReason: 'end_turn' }, 'end_turn'],
    ['Ollama', { done_reason: 'length' }, 'length'],
    ['the Responses API', { status: 'completed', incomplete_details: null }, 'completed'],
    [
      'the Responses API, incomplete',
      { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } },
      'max_output_tokens',
    ],
    ['a stream without an end', { finish_reason: null }, null],
    ['a model that tells none', {}, undefined],
  ])('has the finish reason of %s', (_, metadata, reason) => {
    expect(outputOf(generated(metadata)).finishReason).toBe(reason);
  });

  it('has the reason of generationInfo if there is no message', () => {
    expect(outputOf([{ text: 'a', generationInfo: { finish_reason: 'length' } }]).finishReason).toBe(
      'length',
    );
  });

  it.each([
    [['stop', 'length'], 'length'],
    [['tool_calls', 'stop'], 'tool_calls'],
    [['mine', 'length'], null],
    [['stop', null], null],
  ])('of several generations with %j it is %j', (reasons, reason) => {
    const all = reasons.flatMap((finish_reason) => generated({ finish_reason }));
    expect(outputOf(all).finishReason).toBe(reason);
  });

  it('is empty without text, content and tool calls', () => {
    const call = { name: 'weather', args: {}, id: 'c1' };
    const withCall: ChatGeneration[] = [
      { text: '', message: new AIMessage({ content: '', tool_calls: [call] }) },
    ];
    expect(outputOf(generated({}, '')).empty).toBe(true);
    expect(outputOf([]).empty).toBe(true);
    expect(outputOf(withCall).empty).toBe(false);
  });

  it('keeps no raw response', () => {
    const message = new AIMessage({
      content: 'a',
      additional_kwargs: { __raw_response: { prompt: 'secret' }, kept: 1 },
    });
    const { value } = outputOf([{ text: 'a', message } as ChatGeneration]);
    expect(JSON.stringify(value)).not.toContain('secret');
    expect(JSON.stringify(value)).toContain('kept');
    expect(message.additional_kwargs).toHaveProperty('__raw_response');
  });

  it('comes back with messages of their classes, and generationInfo', () => {
    const call = { name: 'weather', args: { city: 'Rome' }, id: 'c1', type: 'tool_call' as const };
    const ai = new AIMessage({
      content: 'a',
      tool_calls: [call],
      response_metadata: { finish_reason: 'stop' },
    });
    const chat = new ChatMessage({ content: 'b', role: 'critic' });
    const given = [
      { text: 'a', message: ai, generationInfo: { logprobs: [1] } },
      { text: 'b', message: chat },
      { text: 'c' },
    ] as Generations;
    const back = revived(outputOf(given).value);
    expect(back).toEqual(given);
    expect(back.map((each) => ('message' in each ? each.message?.constructor : undefined))).toEqual([
      AIMessage,
      ChatMessage,
      undefined,
    ]);
  });
});
