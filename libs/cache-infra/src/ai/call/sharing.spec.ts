import { jest } from '@jest/globals';
import { InMemoryCache } from '../../cache/in-memory-cache.js';
import { AiCacheService } from '../ai-cache.service.js';
import type { AiOutput } from '../answer/output.js';

/** As a message of LangChain: its `toJSON()` gives another form. */
class Message {
  readonly #text: string;
  constructor(text: string) {
    this.#text = text;
  }
  get content(): string {
    return this.#text;
  }
  toJSON(): object {
    return { lc: 1, kwargs: { content: this.#text } };
  }
}

function setUp() {
  return new AiCacheService(new InMemoryCache());
}

/** A producer whose runs end when told, in the order of their begin. */
function gates<T>() {
  const ends: ((output: AiOutput<T>) => void)[] = [];
  const produce = jest.fn(() => new Promise<AiOutput<T>>((resolve) => ends.push(resolve)));
  const end = (index: number, output: AiOutput<T>): void => ends[index]?.(output);
  return { produce, end };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function neverAsked(): never {
  throw new Error('this producer is not asked');
}

describe('A1: the caller of the producer', () => {
  it.each<[string, (message: Message) => unknown]>([
    ['a message', (message) => message],
    ['a message in an object', (message) => ({ message })],
    ['a message in a list', (message) => [message]],
    ['a message in a Map', (message) => new Map([['a', message]])],
  ])('A1: gets %s as it was produced, and it is not stored', async (_name, valueOf) => {
    const ai = setUp();
    const value = valueOf(new Message('hello'));

    const result = await ai.run('chat', { q: 1 }, () => ({ value }));

    expect(result.value).toBe(value);
    expect(result.bypassed).toBe('unserializable');
    expect(await ai.peek('chat', { q: 1 })).toBeUndefined();
  });

  it('A1: gets the value of its producer when it is stored, too; a change to it does not reach the cache', async () => {
    const ai = setUp();
    const value = { words: ['a'], at: new Date(0), bytes: Buffer.from('a') };
    const first = await ai.run('chat', { q: 1 }, () => ({ value }));
    expect(first.value).toBe(value);
    value.words.push('b');

    const hit = await ai.run('chat', { q: 1 }, () => ({ value }));

    expect(hit).toMatchObject({ cached: true, value: { words: ['a'], at: new Date(0) } });
  });
});

describe('A2: two equal calls at once', () => {
  it.each<[string, () => unknown]>([
    ['a Response', () => new Response('{"a":1}')],
    ['a message', () => new Message('hello')],
    ['an object with functions', () => ({ read: () => 1 })],
  ])('A2: do not share %s', async (_name, make) => {
    const ai = setUp();
    const { produce, end } = gates<unknown>();
    const calls = [ai.run('o', { q: 1 }, produce), ai.run('o', { q: 1 }, produce)];
    await turn();
    expect(produce).toHaveBeenCalledTimes(1);
    const made = [make(), make()];
    end(0, { value: made[0] });
    while (produce.mock.calls.length < 2) await turn();
    end(1, { value: made[1] });

    const results = await Promise.all(calls);

    expect(results[0]?.value).toBe(made[0]);
    expect(results[1]?.value).toBe(made[1]);
    expect(results).toMatchObject([
      { bypassed: 'unserializable' },
      { bypassed: 'unserializable', collapsed: false },
    ]);
    expect(ai.stats().totals).toMatchObject({ misses: 2, collapsed: 0, notStored: 2 });
  });

  it('A2: get copies of an answer that is not stored for another reason', async () => {
    const ai = setUp();
    const { produce, end } = gates<{ words: string[] }>();
    const calls = [ai.run('o', { q: 1 }, produce), ai.run('o', { q: 1 }, produce)];
    await turn();
    end(0, { value: { words: ['a'] }, finishReason: 'length' });
    const [one, other] = await Promise.all(calls);
    one?.value.words.push('mine');

    expect(other).toMatchObject({ value: { words: ['a'] }, collapsed: true, bypassed: 'unfinished' });
    expect(produce).toHaveBeenCalledTimes(1);
  });
});

describe('A9: refresh while an equal call runs', () => {
  it('A9: returns and stores an answer of its own', async () => {
    const ai = setUp();
    const { produce, end } = gates<string>();
    const running = ai.run('o', { q: 1 }, produce);
    await turn();
    const again = ai.run('o', { q: 1 }, produce, { refresh: true });
    await turn();
    end(0, { value: 'first' });
    while (produce.mock.calls.length < 2) await turn();
    end(1, { value: 'second' });

    expect(await running).toMatchObject({ value: 'first' });
    expect(await again).toMatchObject({ value: 'second', collapsed: false, cached: false });
    expect(await ai.peek('o', { q: 1 })).toMatchObject({ value: 'second' });
  });

  it('A9: does not fail with the error of the older call', async () => {
    const ai = setUp();
    let fail!: (error: Error) => void;
    const running = ai.run(
      'o',
      { q: 1 },
      () => new Promise<AiOutput<string>>((_, reject) => (fail = reject)),
    );
    await turn();
    const again = ai.run('o', { q: 1 }, () => ({ value: 'second' }), { refresh: true });
    await turn();
    fail(new Error('older'));

    await expect(running).rejects.toThrow('older');
    expect(await again).toMatchObject({ value: 'second' });
  });

  it('A9: fails once with its own error', async () => {
    const ai = setUp();
    const produce = jest.fn(() => Promise.reject(new Error('own')));

    await expect(ai.run('o', { q: 1 }, produce, { refresh: true })).rejects.toThrow('own');
    expect(produce).toHaveBeenCalledTimes(1);
  });
});

describe('A7: tags of a call that does not produce', () => {
  it.each(['producer', 'joiner'])('A7: are added to the answer that it shares: %s', async (tag) => {
    const ai = setUp();
    const { produce, end } = gates<string>();
    const calls = ['producer', 'joiner'].map((each) => ai.run('o', { q: 1 }, produce, { tags: [each] }));
    await turn();
    end(0, { value: 'shared' });
    expect((await Promise.all(calls)).map(({ collapsed }) => collapsed)).toEqual([false, true]);
    expect(await ai.peek('o', { q: 1 })).toMatchObject({ value: 'shared' });

    await ai.invalidate({ tags: [tag] });
    expect(await ai.peek('o', { q: 1 })).toBeUndefined();
  });

  it.each(['run', 'stream', 'batch'] as const)('A7: are added by a %s that joins a run', async (kind) => {
    const ai = setUp();
    const { produce, end } = gates<string>();
    const run = ai.run('o', { q: 1 }, produce);
    await turn();
    const control = { tags: ['joiner'] };
    const joining = {
      run: () => ai.run('o', { q: 1 }, produce, control),
      stream: () => ai.stream('o', { q: 1 }, () => neverAsked(), control).done,
      batch: () => ai.batch('o', [{ q: 1 }], () => neverAsked(), control),
    }[kind]();
    await turn();
    end(0, { value: 'shared' });
    await Promise.all([run, joining]);

    await ai.invalidate({ tags: ['joiner'] });
    expect(await ai.peek('o', { q: 1 })).toBeUndefined();
  });

  it('A7: are not added to the stored answer that it hits', async () => {
    const ai = setUp();
    await ai.run('o', { q: 1 }, () => ({ value: 'stored' }), { tags: ['producer'] });
    const hit = await ai.run('o', { q: 1 }, () => ({ value: 'own' }), { tags: ['reader'] });
    expect(hit).toMatchObject({ value: 'stored', cached: true });

    await ai.invalidate({ tags: ['reader'] });
    expect(await ai.peek('o', { q: 1 })).toMatchObject({ value: 'stored' });
    await ai.invalidate({ tags: ['producer'] });
    expect(await ai.peek('o', { q: 1 })).toBeUndefined();
  });
});
