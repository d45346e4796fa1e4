import { factsOf } from './answer-facts.js';
import type { JsonObject } from './json.js';
import type { AnsweringApi } from './provider-call.js';

const choice = (message: JsonObject, reason: unknown = 'stop', index = 0): JsonObject => ({
  index,
  message: { role: 'assistant', ...message },
  finish_reason: reason,
});
const said = (...content: JsonObject[]): JsonObject => ({ type: 'message', role: 'assistant', content });

describe('the facts of an answer', () => {
  it.each<[string, AnsweringApi, JsonObject, string | null, boolean]>([
    ['text', 'chat', { choices: [choice({ content: 'Hi' })] }, 'stop', false],
    [
      'a tool call',
      'chat',
      { choices: [choice({ content: null, tool_calls: [{}] }, 'tool_calls')] },
      'tool_calls',
      false,
    ],
    ['audio', 'chat', { choices: [choice({ content: null, audio: { data: 'AA' } })] }, 'stop', false],
    ['no text', 'chat', { choices: [choice({ content: '', refusal: null, annotations: [] })] }, 'stop', true],
    ['blanks', 'chat', { choices: [choice({ content: ' \n', tool_calls: [] })] }, 'stop', true],
    ['a refusal', 'chat', { choices: [choice({ content: null, refusal: 'No.' })] }, 'refusal', true],
    ['no choices', 'chat', { choices: [] }, null, true],
    ['another shape', 'chat', { text: 'Hi' }, null, true],
    [
      'an error inside',
      'chat',
      { error: { message: 'no' }, choices: [choice({ content: 'H' })] },
      'error',
      false,
    ],
    ['a null reason', 'chat', { choices: [choice({ content: 'H' }, null)] }, null, false],
    ['no reason', 'chat', { choices: [{ message: { content: 'H' } }] }, null, false],
    [
      'one of two cut off',
      'chat',
      { choices: [choice({ content: 'H' }), choice({ content: 'H' }, 'length', 1)] },
      ...(['length', false] as const),
    ],
    [
      'one of two without a reason',
      'chat',
      { choices: [choice({ content: 'H' }), choice({ content: 'H' }, null, 1)] },
      ...([null, false] as const),
    ],
    [
      'text',
      'responses',
      { error: null, status: 'completed', output: [said({ type: 'output_text', text: 'Hi' })] },
      ...(['completed', false] as const),
    ],
    ['a call', 'responses', { status: 'completed', output: [{ type: 'function_call' }] }, 'completed', false],
    [
      'thoughts alone',
      'responses',
      { status: 'completed', output: [{ type: 'reasoning' }] },
      'completed',
      true,
    ],
    ['nothing', 'responses', { status: 'completed', output: [] }, 'completed', true],
    [
      'no text',
      'responses',
      { status: 'completed', output: [said({ type: 'output_text', text: '' })] },
      ...(['completed', true] as const),
    ],
    [
      'a refusal',
      'responses',
      { status: 'completed', output: [said({ type: 'refusal', refusal: 'No.' })] },
      ...(['refusal', false] as const),
    ],
    ['failed', 'responses', { status: 'failed', error: { code: 'x' }, output: [] }, 'error', false],
    ['cut off', 'responses', { status: 'incomplete', output: [] }, 'incomplete', true],
    [
      'text',
      'messages',
      { stop_reason: 'end_turn', content: [{ type: 'text', text: 'Hi' }] },
      'end_turn',
      false,
    ],
    ['a tool', 'messages', { stop_reason: 'tool_use', content: [{ type: 'tool_use' }] }, 'tool_use', false],
    ['nothing', 'messages', { stop_reason: 'end_turn', content: [] }, 'end_turn', true],
    [
      'thoughts alone',
      'messages',
      { stop_reason: 'end_turn', content: [{ type: 'thinking' }] },
      'end_turn',
      true,
    ],
    ['not ended', 'messages', { stop_reason: null, content: [{ type: 'text', text: 'H' }] }, null, false],
    ['an error', 'messages', { type: 'error', error: { type: 'overloaded_error' } }, 'error', false],
  ])('%s of %s', (_name, api, body, finishReason, empty) => {
    expect(factsOf(api, body)).toEqual({ finishReason, empty });
  });

  it('have the usage and the model, unless they are of another kind', () => {
    const body = { choices: [choice({ content: 'Hi' })], usage: { total_tokens: 3 }, model: 'small-2026' };
    expect(factsOf('chat', body)).toMatchObject({ usage: { total_tokens: 3 }, model: 'small-2026' });
    expect(factsOf('chat', { ...body, usage: null, model: 7 })).toEqual({
      finishReason: 'stop',
      empty: false,
    });
  });
});
