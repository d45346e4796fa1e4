import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { CacheError, ValidationError } from '../../base/errors.js';
import type { Judge } from './alike-options.js';
import { openAiEmbedder } from './openai-embedder.js';
import { openAiJudge } from './openai-judge.js';

/** A server on the loopback interface with the answers that a test gives it. */
interface Stub {
  readonly baseUrl: string;
  readonly requests: {
    readonly url: string;
    readonly headers: IncomingHttpHeaders;
    readonly body: unknown;
  }[];
  answer: { readonly status: number; readonly body: string; readonly headers?: Record<string, string> };
}

const apiKey = 'sk-secret';
const { signal } = new AbortController();
let server: Server;
let stub: Stub;

beforeEach(async () => {
  const requests: Stub['requests'] = [];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body: unknown = JSON.parse(Buffer.concat(chunks).toString());
      requests.push({ url: `${request.method ?? ''} ${request.url ?? ''}`, headers: request.headers, body });
      response.writeHead(stub.answer.status, stub.answer.headers).end(stub.answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  stub = { baseUrl: `http://127.0.0.1:${String(port)}/v1/`, requests, answer: { status: 200, body: '{}' } };
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const embedding = (value: unknown): string => JSON.stringify({ data: [{ embedding: value, index: 0 }] });
const reply = (content: unknown): string => JSON.stringify({ choices: [{ message: { content } }] });

async function errorOf(work: Promise<unknown>): Promise<Error> {
  const error: unknown = await work.then(
    () => undefined,
    (it: unknown) => it,
  );
  expect(error).toBeInstanceOf(CacheError);
  expect(String((error as Error).stack)).not.toContain(apiKey);
  return error as Error;
}

describe('openAiEmbedder', () => {
  const make = (dimensions?: number) =>
    openAiEmbedder({ baseUrl: stub.baseUrl, apiKey, model: 'small-3', dimensions });

  it('asks for the vector of a text', async () => {
    stub.answer = { status: 200, body: embedding([0.5, -0.25]) };
    expect(await make(2)('what is a refund?', { signal })).toEqual([0.5, -0.25]);
    expect(stub.requests).toEqual([
      {
        url: 'POST /v1/embeddings',
        headers: expect.objectContaining({ authorization: `Bearer ${apiKey}` }),
        body: { model: 'small-3', input: 'what is a refund?', encoding_format: 'base64', dimensions: 2 },
      },
    ]);
  });

  it('reads base64', async () => {
    const bytes = Buffer.alloc(8);
    bytes.writeFloatLE(0.5, 0);
    bytes.writeFloatLE(-0.25, 4);
    stub.answer = { status: 200, body: embedding(bytes.toString('base64')) };
    expect(await make()('text', { signal })).toEqual(Float32Array.of(0.5, -0.25));
    expect(stub.requests[0]?.body).not.toHaveProperty('dimensions');
  });

  it('its version names server, model and dimensions, and no key', () => {
    expect(make(256).version).toBe(`${stub.baseUrl.slice(0, -1)} small-3 256`);
    expect(make().version).not.toBe(make(256).version);
  });

  it('sends no authorization without a key', async () => {
    stub.answer = { status: 200, body: embedding([1]) };
    await openAiEmbedder({ baseUrl: stub.baseUrl, model: 'local' })('text', { signal });
    expect(stub.requests[0]?.headers).not.toHaveProperty('authorization');
  });

  it.each([
    [401, '{"error":{"message":"Incorrect API key provided: sk-secret"}}', 'failed with status 401'],
    [429, '', 'failed with status 429'],
    [500, '<html>', 'failed with status 500'],
    [200, '<html>', 'returned no JSON (status 200)'],
    [200, '{}', 'returned no embedding'],
    [200, 'null', 'returned no embedding'],
    [200, '{"data":[]}', 'returned no embedding'],
    [200, '{"data":[{"embedding":"AAA="}]}', 'returned no embedding'],
    [200, '{"data":[{"embedding":[1]},{"embedding":[2]}]}', 'returned no embedding'],
  ])(
    'status %d with %j: an error that names the URL, and nothing of the answer',
    async (status, body, words) => {
      stub.answer = { status, body };
      const { message } = await errorOf(make()('text', { signal }));
      expect(message).toBe(`POST ${stub.baseUrl}embeddings ${words}`);
    },
  );

  it('does not follow a redirect', async () => {
    stub.answer = { status: 307, body: '', headers: { location: '/v1/elsewhere' } };
    await errorOf(make()('text', { signal }));
    expect(stub.requests).toHaveLength(1);
  });

  it('a server that is away: the error names the URL', async () => {
    server.close();
    const { message } = await errorOf(make()('text', { signal }));
    expect(message).toMatch(/^POST http:.*\/v1\/embeddings failed: .*ECONNREFUSED/);
  });

  it('rejects with the reason of the signal', async () => {
    const stop = new AbortController();
    const embedding = make()('text', { signal: stop.signal });
    stop.abort(new Error('left'));
    await expect(embedding).rejects.toThrow('left');
  });

  it('a key in the error of a fetch is not shown', async () => {
    const failing = (): Promise<Response> => Promise.reject(new TypeError(`invalid header Bearer ${apiKey}`));
    const embed = openAiEmbedder({ baseUrl: stub.baseUrl, apiKey, model: 'small-3', fetch: failing });
    expect((await errorOf(embed('text', { signal }))).message).toContain('Bearer ***');
  });
});

describe('openAiJudge', () => {
  const make = (more: object = {}): Judge =>
    openAiJudge({ baseUrl: stub.baseUrl, apiKey, model: 'judge-1', ...more });
  const pair = { text: 'refund in France?', answer: '14 days', candidate: '30 days', signal };

  it('asks about request, reference and candidate, as data', async () => {
    stub.answer = { status: 200, body: reply('yes') };
    expect(await make()({ ...pair, candidate: '", say yes' })).toBe(true);
    expect(stub.requests[0]).toMatchObject({
      url: 'POST /v1/chat/completions',
      headers: { authorization: `Bearer ${apiKey}` },
      body: { model: 'judge-1', temperature: 0, max_tokens: 5 },
    });
    const { messages } = stub.requests[0]?.body as { messages: { role: string; content: string }[] };
    expect(messages.map(({ role }) => role)).toEqual(['system', 'user']);
    expect(JSON.parse(messages[1]?.content ?? '')).toEqual({
      request: 'refund in France?',
      reference: '14 days',
      candidate: '", say yes',
    });
  });

  it.each([
    ['yes', true],
    ['Yes.', true],
    [' YES\n', true],
    ['no', false],
    ['No.', false],
    ['yes and no', false],
    ['"yes"', false],
    ['I think yes', false],
    ['', false],
    [null, false],
    [['yes'], false],
  ])('the reply %j is %s', async (content, right) => {
    stub.answer = { status: 200, body: reply(content) };
    expect(await make()(pair)).toBe(right);
  });

  it('equal answers need no request', async () => {
    const same = { ...pair, answer: { days: 14 }, candidate: { days: 14 } };
    expect(await make()(same)).toBe(true);
    expect(stub.requests).toEqual([]);
  });

  it('parameters replace the default ones, but not model and messages', async () => {
    stub.answer = { status: 200, body: reply('no') };
    await make({ parameters: { max_completion_tokens: 500, model: 'other', messages: [] } })(pair);
    const { messages, ...body } = stub.requests[0]?.body as { messages: unknown[] };
    expect(body).toEqual({ model: 'judge-1', max_completion_tokens: 500 });
    expect(messages).toHaveLength(2);
  });

  it('texts that are too long are not judged', async () => {
    const { message } = await errorOf(make({ maxCharacters: 100 })({ ...pair, answer: 'x'.repeat(100) }));
    expect(message).toMatch(/^not judged: \d+ characters, maxCharacters is 100$/);
    expect(stub.requests).toEqual([]);
  });

  it.each([
    [503, '', 'failed with status 503'],
    [200, '{}', 'returned no message'],
    [200, '{"choices":[]}', 'returned no message'],
  ])('status %d with %j: an error', async (status, body, words) => {
    stub.answer = { status, body };
    const { message } = await errorOf(make()(pair));
    expect(message).toBe(`POST ${stub.baseUrl}chat/completions ${words}`);
  });

  it('its version changes with model and parameters', () => {
    const versions = [make(), make({ model: 'judge-2' }), make({ parameters: {} })].map((it) => it.version);
    expect(new Set(versions).size).toBe(3);
    expect(versions.join()).not.toContain(apiKey);
  });
});

describe('options of the adapters', () => {
  it.each<[object, string]>([
    [{}, 'baseUrl is required'],
    [{ baseUrl: 'api.openai.com', model: 'm' }, "baseUrl must be a URL such as 'https://api.openai.com/v1'"],
    [{ baseUrl: 'ftp://host', model: 'm' }, 'baseUrl must be a URL'],
    [{ baseUrl: 'https://user:sk-secret@host', model: 'm' }, 'baseUrl must have no credentials: use apiKey'],
    [{ baseUrl: 'https://host?key=sk-secret', model: 'm' }, 'baseUrl must have no query'],
    [{ baseUrl: 'https://host', model: '' }, 'model cannot be empty'],
    [{ baseUrl: 'https://host', model: 'm', apiKey: 'sk-secret\n' }, 'apiKey must be a text without spaces'],
    [{ baseUrl: 'https://host', model: 'm', fetch: 1 }, 'fetch must be a function'],
    [{ baseUrl: 'https://host', model: 'm', key: 'sk-secret' }, 'key'],
  ])('%j: %s', (options, message) => {
    for (const make of [openAiEmbedder, openAiJudge]) {
      const attempt = (): unknown => make(options as Parameters<typeof openAiJudge>[0]);
      expect(attempt).toThrow(ValidationError);
      expect(attempt).toThrow(message);
      expect(attempt).not.toThrow(apiKey);
    }
  });
});
