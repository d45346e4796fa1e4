import type OpenAI6 from 'openai6';
import { vectorOf } from '../../../../test/support/stub-llm-embeddings.js';
import { StubLlm } from '../../../../test/support/stub-llm.js';
import { AiCacheService } from '../ai/index.js';
import { AiBatchError } from '../base/errors.js';
import { InMemoryCache } from '../cache/in-memory-cache.js';
import { cachingFetch } from './index.js';

interface Item {
  index?: number;
  embedding?: unknown;
}

let llm: StubLlm;
beforeAll(async () => {
  llm = await StubLlm.start();
});
afterEach(() => llm.reset());
afterAll(() => llm.stop());

const editData = (change: (data: Item[]) => Item[]) => (json: unknown) => {
  const body = json as { data: Item[] };
  return { ...body, data: change(body.data) };
};

describe.each(['openai6', 'openai7'])('embeddings of %s', (name) => {
  let OpenAI: typeof OpenAI6;
  beforeAll(async () => {
    ({ default: OpenAI } = (await import(name)) as { default: typeof OpenAI6 });
  });

  function setUp() {
    const ai = new AiCacheService(new InMemoryCache());
    const client = new OpenAI({ apiKey: 'k', baseURL: llm.baseURL, maxRetries: 0, fetch: cachingFetch(ai) });
    const embed = (input: string | string[] | number[] | number[][], more: object = {}) =>
      client.embeddings.create({ model: 'small', input, ...more });
    return { ai, client, embed };
  }
  const vectors = ({ data }: { data: { embedding: number[] }[] }) => data.map(({ embedding }) => embedding);
  const expected = (...inputs: unknown[]) => inputs.map((input) => [...vectorOf('small', input)]);
  const inputs = () => llm.requests.map(({ body }) => body['input']);

  it.each<['float' | 'base64' | undefined]>([[undefined], ['float'], ['base64']])(
    'are stored in the format %s',
    async (format) => {
      const { embed } = setUp();
      const more = format === undefined ? {} : { encoding_format: format };
      const first = await embed(['a', 'b'], more);
      const second = await embed(['a', 'b'], more);

      expect(second).toEqual(first);
      const floats = ['a', 'b'].map((text) => vectorOf('small', text));
      const texts = floats.map(({ buffer }) => Buffer.from(buffer).toString('base64'));
      expect(vectors(second)).toEqual(format === 'base64' ? texts : floats.map((vector) => [...vector]));
      expect(llm.calls).toBe(1);
    },
  );

  it('are asked for the inputs that are not stored, once each, and are in the order of the inputs', async () => {
    const { ai, embed } = setUp();
    await embed(['b', 'd']);
    const answer = await embed(['a', 'b', 'c', 'a', 'd', 'e']);

    expect(inputs()).toEqual([
      ['b', 'd'],
      ['a', 'c', 'e'],
    ]);
    expect(answer.data.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(vectors(answer)).toEqual(expected('a', 'b', 'c', 'a', 'd', 'e'));
    expect(ai.stats().totals).toMatchObject({ hits: 2, misses: 5, collapsed: 1 });
  });

  it('of a text are those of the text in a list', async () => {
    const { embed } = setUp();
    await embed(['a', 'b']);
    expect(vectors(await embed('a'))).toEqual(expected('a'));
    expect(vectors(await embed('c'))).toEqual(expected('c'));
    expect(vectors(await embed(['c']))).toEqual(expected('c'));
    expect(inputs()).toEqual([['a', 'b'], 'c']);
  });

  it('of tokens are stored, too', async () => {
    const { embed } = setUp();
    await embed([1, 2]);
    expect(vectors(await embed([[1, 2], [3]]))).toEqual(expected([1, 2], [3]));
    expect(inputs()).toEqual([[1, 2], [[3]]]);
  });

  it('of another model, size or format have entries of their own', async () => {
    const { embed } = setUp();
    for (const more of [{}, { model: 'large' }, { dimensions: 4 }, { encoding_format: 'float' }]) {
      await embed(['a'], more);
      await embed(['a'], more);
    }
    expect(llm.calls).toBe(4);
  });

  it('have the tokens of all inputs as their usage, whether they are stored or not', async () => {
    const { ai, embed } = setUp();
    const whole = await embed(['a long text', 'b', 'another text']);
    const again = await embed(['a long text', 'b', 'another text']);

    expect(whole.usage.total_tokens).toBe(9);
    expect(again.usage).toEqual(whole.usage);
    expect(ai.stats().totals).toMatchObject({ inputTokensSaved: 9, unmetered: 0 });
  });

  it('are put where their index says', async () => {
    const { embed } = setUp();
    llm.next({ edit: editData((data) => data.reverse()) });
    expect(vectors(await embed(['a', 'b', 'c']))).toEqual(expected('a', 'b', 'c'));
  });

  it('with a hole fail, and the next call asks for the hole alone', async () => {
    const { embed } = setUp();
    llm.next({ edit: editData(([a, , c]) => [a, c].filter((item) => item !== undefined)) });

    const error: unknown = await embed(['a', 'b', 'c']).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(OpenAI.APIConnectionError);
    const { cause } = error as Error;
    expect(cause).toBeInstanceOf(AiBatchError);
    expect([...(cause as AiBatchError).errors.keys()]).toEqual([1]);

    expect(vectors(await embed(['a', 'b', 'c']))).toEqual(expected('a', 'b', 'c'));
    expect(inputs()).toEqual([['a', 'b', 'c'], ['b']]);
  });

  it('too few and without an index fail, and none is stored', async () => {
    const { embed } = setUp();
    llm.next({ edit: editData((data) => data.slice(1).map(({ embedding }) => ({ embedding }))) });

    await expect(embed(['a', 'b', 'c'])).rejects.toBeInstanceOf(OpenAI.APIConnectionError);
    await embed(['a', 'b', 'c']);
    expect(inputs()).toEqual([
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
    ]);
  });

  it.each<[string, unknown]>([
    ['zeros', [0, 0]],
    ['a null among the numbers', [1, null]],
    ['no numbers', []],
  ])('of %s reach the caller and are not stored', async (_name, broken) => {
    const { embed } = setUp();
    llm.next({ edit: editData(([first, ...rest]) => [{ ...first, embedding: broken }, ...rest]) });
    const more = { encoding_format: 'float' };

    const [first] = vectors(await embed(['a', 'b'], more));
    expect(first).toEqual(broken);
    expect(vectors(await embed(['a', 'b'], more))).toEqual(expected('a', 'b'));
    expect(inputs()).toEqual([['a', 'b'], ['a']]);
  });

  it('that the provider refuses fail with its own error', async () => {
    const { embed } = setUp();
    llm.next({ error: { status: 429, headers: { 'retry-after': '7' } } });
    const error: unknown = await embed(['a', 'b']).catch((error: unknown) => error);

    expect(error).toBeInstanceOf(OpenAI.RateLimitError);
    expect((error as { headers: Headers }).headers.get('retry-after')).toBe('7');
    await embed(['a', 'b']);
    expect(llm.calls).toBe(2);
  });

  it('in another shape reach the caller, and are not stored', async () => {
    const { client } = setUp();
    llm.behaviour = { edit: () => ({ error: { message: 'overloaded' } }) };
    const embed = () => client.embeddings.create({ model: 'small', input: 'a' }).asResponse();
    expect(await (await embed()).json()).toEqual({ error: { message: 'overloaded' } });
    await embed();
    expect(llm.calls).toBe(2);
  });

  it('say in cache-status whether the provider was asked', async () => {
    const { client } = setUp();
    const statusOf = async (input: string[]) => {
      const { response } = await client.embeddings.create({ model: 'small', input }).withResponse();
      return response.headers.get('cache-status');
    };
    expect(await statusOf(['a', 'b'])).toBe('default; fwd=miss; stored; ttl=3600');
    expect(await statusOf(['a', 'b'])).toBe('default; hit; ttl=3600');
    expect(await statusOf(['a', 'b', 'c'])).toBe('default; fwd=miss; stored; ttl=3600');
  });
});
