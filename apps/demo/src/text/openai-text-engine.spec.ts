import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { OpenAiTextEngine } from './openai-text-engine.js';
import type { TextEngineFault } from './text-engine.js';
import type { Operation, OperationOptions } from './text.types.js';

const key = 'sk-test-9f27';
const text = 'Great Britain sent ships. Great Britain waited.';

let server: Server;
let answer: (request: IncomingMessage, response: ServerResponse, body: Record<string, unknown>) => void;

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      answer(request, response, JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** The server answers a completion with `content`. */
function says(content: string, finishReason = 'stop'): void {
  answer = (_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({
        choices: [{ message: { role: 'assistant', content }, finish_reason: finishReason }],
        usage: { prompt_tokens: 120, completion_tokens: 30 },
      }),
    );
  };
}

function engine(timeoutMs = 2000): OpenAiTextEngine {
  const { port } = server.address() as AddressInfo;
  return new OpenAiTextEngine({
    baseUrl: `http://127.0.0.1:${port}/v1/`,
    apiKey: key,
    models: ['small'],
    timeoutMs,
  });
}

function analyze<O extends Operation>(
  operation: O,
  options: OperationOptions[O],
  { from = engine(), signal = new AbortController().signal } = {},
) {
  return from.analyze({ operation, text, model: 'small', options }, signal);
}

async function fault(analysis: Promise<unknown>): Promise<{ fault: TextEngineFault; shown: string }> {
  const error = await analysis.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { fault: (error as { fault: TextEngineFault }).fault, shown: inspect(error, { depth: 10 }) };
}

describe('OpenAiTextEngine', () => {
  it('asks for a chat completion with the key, the model and the text', async () => {
    let seen: {
      url?: string | undefined;
      authorization?: string | undefined;
      body?: Record<string, unknown>;
    } = {};
    answer = (request, response, body) => {
      seen = { url: request.url, authorization: request.headers.authorization, body };
      response.end(
        JSON.stringify({ choices: [{ message: { content: 'Ships came.' }, finish_reason: 'stop' }] }),
      );
    };

    await analyze('summarize', { maxSentences: 2 });

    expect(seen.url).toBe('/v1/chat/completions');
    expect(seen.authorization).toBe(`Bearer ${key}`);
    expect(seen.body).toMatchObject({ model: 'small', temperature: 0 });
    expect(JSON.stringify(seen.body)).toContain('at most 2 sentences');
  });

  it('gives the summary, the usage and the reason why the model stopped', async () => {
    says(' Ships came. ');

    expect(await analyze('summarize', { maxSentences: 2 })).toEqual({
      result: { summary: 'Ships came.', sentenceCount: 1, compression: 0.234 },
      finishReason: 'stop',
      usage: { inputTokens: 120, outputTokens: 30 },
    });
  });

  it('reports that a summary was truncated', async () => {
    says('Ships came and', 'length');

    expect((await analyze('summarize', { maxSentences: 2 })).finishReason).toBe('length');
  });

  it.each([
    [
      'sentiment',
      { limit: 1 },
      {
        label: 'negative',
        score: -0.5,
        highlights: [{ text: 'a', label: 'negative', score: -1 }, { text: 'b' }],
      },
      { label: 'negative', score: -0.5, highlights: [{ text: 'a', label: 'negative', score: -1 }] },
    ],
    [
      'keywords',
      { limit: 1 },
      { keywords: [{ phrase: 'ships', score: 0.9, note: 'dropped' }, { phrase: 'Britain' }] },
      { keywords: [{ phrase: 'ships', score: 0.9, count: 1 }] },
    ],
    [
      'entities',
      { limit: 5 },
      { entities: [{ text: 'Great Britain', type: 'PLACE' }] },
      { entities: [{ text: 'Great Britain', type: 'PLACE', count: 2 }] },
    ],
  ] as const)('reads the JSON of %s and counts for itself', async (operation, options, said, result) => {
    says(JSON.stringify(said));

    expect((await analyze(operation, options)).result).toEqual(result);
  });

  it('computes readability here, without the server', async () => {
    answer = () => {
      throw new Error('the server was asked');
    };

    expect((await analyze('readability', { wordsPerMinute: 238 })).result).toMatchObject({
      words: 7,
      sentences: 2,
    });
  });

  it.each([
    ['prose instead of JSON', 'Here are your keywords!', 'stop'],
    ['JSON of another shape', '{"keywords":[{"phrase":7,"score":"high"}]}', 'stop'],
    ['JSON that was cut off', '{"keywords":[{"phr', 'length'],
    ['no text at all', '', 'stop'],
  ])('treats %s as a bad answer', async (_, content, finishReason) => {
    says(content, finishReason);

    expect((await fault(analyze('keywords', { limit: 3 }))).fault).toBe('bad-answer');
  });

  it('treats a page of HTML as a bad answer', async () => {
    answer = (_, response) => response.end('<html>');

    expect((await fault(analyze('keywords', { limit: 3 }))).fault).toBe('bad-answer');
  });

  it.each([401, 429, 500])(
    'treats status %d as a refusal, and does not repeat the text of the server',
    async (status) => {
      answer = (_, response) => {
        response.statusCode = status;
        response.end(JSON.stringify({ error: { message: `Incorrect API key provided: ${key}` } }));
      };

      const { fault: refused, shown } = await fault(analyze('keywords', { limit: 3 }));

      expect(refused).toBe('refused');
      expect(shown).toContain(`status ${status}`);
      expect(shown).not.toContain(key);
    },
  );

  it('gives up when the answer takes longer than the time-out', async () => {
    answer = () => undefined;

    expect((await fault(analyze('keywords', { limit: 3 }, { from: engine(20) }))).fault).toBe('timeout');
  });

  it('gives up when the body of the answer stops half-way', async () => {
    answer = (_, response) => response.write('{"choices":[');

    expect((await fault(analyze('keywords', { limit: 3 }, { from: engine(50) }))).fault).toBe('timeout');
  });

  it('says that a server cannot be reached', async () => {
    const nobody = new OpenAiTextEngine({
      baseUrl: 'http://127.0.0.1:1/v1',
      models: ['small'],
      timeoutMs: 2000,
    });

    expect((await fault(analyze('keywords', { limit: 3 }, { from: nobody }))).fault).toBe('unreachable');
  });

  it("passes the caller's abort on as it is", async () => {
    answer = () => undefined;
    const controller = new AbortController();

    const analysis = analyze('keywords', { limit: 3 }, { signal: controller.signal });
    controller.abort(new Error('the caller left'));

    await expect(analysis).rejects.toThrow('the caller left');
  });

  it('does not show its key', () => {
    expect(inspect(engine(), { depth: 10, showHidden: true })).not.toContain(key);
  });
});
