import { chatReply } from '../../../../test/support/stub-llm-chat.js';
import { messagesReply } from '../../../../test/support/stub-llm-messages.js';
import { sseText, type StubEvent, type StubReply } from '../../../../test/support/stub-llm-reply.js';
import { responsesReply } from '../../../../test/support/stub-llm-responses.js';
import { factsOf } from './answer-facts.js';
import type { JsonObject } from './json.js';
import type { AnsweringApi } from './provider-call.js';
import { SseReader } from './sse-reader.js';
import { StreamFacts } from './stream-facts.js';

const messages = [{ role: 'user', content: 'Grüße 👋' }];
const asked = {
  model: 'small',
  messages,
  input: messages,
  stream: true,
  stream_options: { include_usage: true },
};
const replies: Readonly<Record<AnsweringApi, (finishReason?: string | null) => StubReply>> = {
  chat: (finishReason) => chatReply(asked, { call: 1, finishReason }),
  responses: (finishReason) => responsesReply(asked, { call: 1, finishReason }),
  messages: (finishReason) => messagesReply(asked, { call: 1, finishReason }),
};
const apis = Object.keys(replies) as AnsweringApi[];

function read(api: AnsweringApi, events: readonly StubEvent[] | undefined, size = Infinity) {
  const text = (events ?? []).map(sseText).join('');
  const facts = new StreamFacts(api);
  for (let at = 0; at < text.length; at += size) facts.push(text.slice(at, at + size));
  return facts.facts();
}

describe.each(apis)('the facts of a stream: %s', (api) => {
  const { json, events = [] } = replies[api]();

  it.each([1, 7, Infinity])('are those of the answer without a stream, in pieces of %d', (size) => {
    expect(read(api, events, size)).toEqual(factsOf(api, json as JsonObject));
  });

  it('are not whole before the last event', () => {
    for (let count = 0; count < events.length; count++) {
      expect(read(api, events.slice(0, count)).finishReason).toBeNull();
    }
  });

  it('tell an incomplete answer', () => {
    expect(read(api, replies[api]('content_filter').events).finishReason).not.toMatch(/stop|end|completed/);
  });

  it.each<[string, StubEvent]>([
    ['an event of the kind error', { name: 'error', data: { type: 'error', message: 'overloaded' } }],
    ['an error inside', { data: { error: { message: 'overloaded' } } }],
    ['data that is not JSON', { data: '<html>' }],
  ])('tell %s', (_name, event) => {
    expect(read(api, [...events.slice(0, 2), event, ...events.slice(2)]).finishReason).toBe('error');
  });
});

describe('the facts of a streamed chat', () => {
  const chunk = (index: number, delta: JsonObject, reason: string | null = null): StubEvent => ({
    data: { model: 'small', choices: [{ index, delta, finish_reason: reason }], usage: null },
  });
  const done = { data: '[DONE]' };

  it.each<[string, StubEvent[], string | null, boolean]>([
    ['no text', [chunk(0, { role: 'assistant', content: '' }), chunk(0, {}, 'stop')], 'stop', true],
    ['a refusal', [chunk(0, { refusal: 'No.' }), chunk(0, {}, 'stop')], 'refusal', true],
    [
      'one of two cut off',
      [chunk(0, { content: 'a' }, 'stop'), chunk(1, { content: 'b' }, 'length')],
      'length',
      false,
    ],
    ['one of two not ended', [chunk(0, { content: 'a' }, 'stop'), chunk(1, { content: 'b' })], null, false],
  ])('%s', (_name, events, finishReason, empty) => {
    expect(read('chat', [...events, done])).toEqual({ model: 'small', finishReason, empty });
  });
});

describe('SseReader', () => {
  it.each([
    ['LF', 'data: a\n\ndata: b\n\n', ['a', 'b']],
    ['CR LF', 'event: x\r\ndata: a\r\n\r\ndata: b\r\n\r\n', ['a', 'b']],
    ['CR', 'data: a\r\rdata: b\r\r\n', ['a', 'b']],
    ['several lines', 'data: a\ndata: b\n\n', ['a\nb']],
    ['comments and other fields', ': ping\nid: 1\nretry: 5\ndata:a\n\n', ['a']],
    ['no data', 'event: ping\n\n', []],
    ['an event without its end', 'data: a\n\ndata: b\n', ['a']],
  ])('%s', (_name, text, expected) => {
    expect(new SseReader().push(text)).toEqual(expected);
    const reader = new SseReader();
    expect([...text].flatMap((character) => reader.push(character))).toEqual(expected);
  });
});
