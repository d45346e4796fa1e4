import { aiInMemory, aiRequest as request, all, chunksOf } from '../../../../../test/support/ai-calls.js';
import { turn } from '../../../../../test/support/deferred.js';
import { expectNoUnhandledRejections } from '../../../../../test/support/unhandled-rejections.js';
import type { AiStream } from './ai-stream.js';

expectNoUnhandledRejections();

/** Its instances look like messages of an SDK: `toJSON()` gives another form. */
class Message {
  constructor(readonly text: string) {}
  toJSON(): object {
    return { flat: this.text };
  }
}

async function bypassedOf(stream: AiStream<unknown>): Promise<string | undefined> {
  await all(stream);
  return (await stream.done).bypassed;
}

describe('a stream of chunks of an SDK is not stored', () => {
  const chunk = (delta: object, finish_reason: string | null): object => ({
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, finish_reason }],
  });

  it.each<[string, object[]]>([
    ['OpenAI chat: length', [chunk({ content: 'x' }, null), chunk({}, 'length')]],
    ['OpenAI chat: cut before its finish reason', [chunk({ content: 'x' }, null)]],
    [
      'Anthropic: max_tokens',
      [
        { type: 'message_start', message: {} },
        { type: 'content_block_delta', delta: { type: 'text_delta', text: 'x' } },
        { type: 'message_delta', delta: { stop_reason: 'max_tokens' }, usage: { output_tokens: 5 } },
        { type: 'message_stop' },
      ],
    ],
    [
      'OpenAI responses: incomplete',
      [
        { type: 'response.output_text.delta', delta: 'x' },
        { type: 'response.incomplete', response: { status: 'incomplete' } },
      ],
    ],
    [
      'AI SDK: an error',
      [
        { type: 'text-delta', id: '0', delta: 'x' },
        { type: 'error', error: 'overloaded' },
      ],
    ],
    [
      'AI SDK: length',
      [
        { type: 'text-delta', id: '0', delta: 'x' },
        { type: 'finish', finishReason: { unified: 'length', raw: 'max' }, usage: {} },
      ],
    ],
    [
      'Gemini: MAX_TOKENS',
      [{ candidates: [{ content: { parts: [{ text: 'x' }] }, finishReason: 'MAX_TOKENS' }] }],
    ],
  ])('%s', async (_, chunks) => {
    const { ai } = aiInMemory();
    expect(await bypassedOf(ai.stream('chat', request, () => chunksOf(...chunks)))).toMatch(
      /^(unfinished|error)/,
    );
    expect(await ai.peek('chat', request)).toBeUndefined();
  });
});

it('facts without a finish reason, as OpenAI sends its usage, take back none', async () => {
  const { ai } = aiInMemory();
  const stream = ai.stream('chat', request, async function* ({ facts }) {
    yield 'trunc';
    facts({ finishReason: 'length' });
    yield 'ated';
    facts({ finishReason: undefined, usage: { prompt_tokens: 1, completion_tokens: 1 } });
  });
  expect(await bypassedOf(stream)).toBe('unfinished');
});

it.each(['first', 'later'])(
  'a %s chunk with another form in JSON keeps the answer out, as in run',
  async (when) => {
    const { ai } = aiInMemory();
    const run = await ai.run('chat', { ...request, prompt: 'run' }, () => ({ value: [new Message('hi')] }));
    expect(run.bypassed).toBe('unserializable');
    const chunks = when === 'first' ? [new Message('hi')] : ['a', new Message('hi')];
    expect(await bypassedOf(ai.stream('chat', request, () => chunksOf<unknown>(...chunks)))).toBe(
      'unserializable',
    );
  },
);

it('a chunk whose getter throws reaches its caller, and keeps the answer out', async () => {
  class Odd {
    get x(): never {
      throw new Error('getter');
    }
  }
  const { ai } = aiInMemory();
  const chunks = [new Odd(), { a: Symbol.iterator }, 'end'];
  const stream = ai.stream('chat', request, () => chunksOf<unknown>(...chunks));
  const read = await all(stream);
  expect(read.map((each, i) => each === chunks[i])).toEqual([true, true, true]);
  expect((await stream.done).bypassed).toBe('unserializable');
});

it('a producer that reuses its buffer gives its caller each chunk as it was', async () => {
  const { ai } = aiInMemory();
  const stream = ai.stream('chat', request, async function* () {
    const buffer = new Uint8Array(1);
    for (const n of [1, 2, 3]) {
      buffer[0] = n;
      yield buffer;
    }
  });
  await stream.status;
  await turn();
  expect((await all(stream)).map(([n]) => n)).toEqual([1, 2, 3]);
  expect((await all(ai.stream('chat', request, () => chunksOf(new Uint8Array())))).map(([n]) => n)).toEqual([
    1, 2, 3,
  ]);
});

it('a join() that throws keeps the answer out, and fails nobody', async () => {
  const warnings: string[] = [];
  const shape = {
    join: () => {
      throw new Error('bad join');
    },
    split: (value: unknown) => [value],
  };
  const logger = { log: () => undefined, warn: (message: string) => warnings.push(message) };
  const { ai } = aiInMemory({ operations: { chat: { shape } }, logger });
  const stream = ai.stream('chat', request, () => chunksOf('whole'));
  expect(await all(stream)).toEqual(['whole']);
  expect((await stream.done).bypassed).toBeDefined();
  expect(await ai.peek('chat', request)).toBeUndefined();
  expect(warnings.join()).toContain('bad join');
});

it('a return() that gives no promise does not hide the error of the stream', async () => {
  const { ai } = aiInMemory();
  const iterator = {
    next: () => Promise.reject(new Error('provider failed')),
    return: () => ({ done: true, value: undefined }) as never,
  };
  const stream = ai.stream('chat', request, () => ({ [Symbol.asyncIterator]: () => iterator }));
  await expect(all(stream)).rejects.toThrow('provider failed');
});

it('admit is asked once for a stream', async () => {
  let asked = 0;
  const admit = (): boolean => {
    asked += 1;
    return true;
  };
  const { ai } = aiInMemory({ operations: { chat: { admit } } });
  const stream = ai.stream('chat', request, () => chunksOf('a'));
  await all(stream);
  await stream.done;
  expect(asked).toBe(1);
});
