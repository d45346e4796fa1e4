import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { AppModule } from '../../apps/demo/src/app.module.js';
import { configureApp } from '../../apps/demo/src/configure-app.js';
import { StubLlm } from '../support/stub-llm.js';
import { until } from '../support/until.js';
import { ask } from './demo-chat-client.js';
import type { ChatAnswer } from './demo-chat-client.js';
import { withEnvironment } from './demo-environment.js';

const key = 'sk-test-77aa';
const question = 'What is a cache stampede?';

let llm: StubLlm;
let app: NestExpressApplication;

beforeAll(async () => {
  llm = await StubLlm.start();
});
afterAll(() => llm.stop());

beforeEach(async () => {
  llm.reset();
  const env = {
    OPENAI_BASE_URL: llm.baseURL,
    OPENAI_API_KEY: key,
    OPENAI_MODEL: 'small,large',
    OPENAI_TIMEOUT_MS: '1000',
    CHAT_INPUT_PRICE: '1',
    CHAT_OUTPUT_PRICE: '4',
  };
  app = await withEnvironment(env, async () => {
    const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
    const created = configureApp(module.createNestApplication<NestExpressApplication>({ logger: false }));
    await created.listen(0, '127.0.0.1');
    return created;
  });
});
afterEach(() => app.close());

/** The body of an answer that is no stream. */
async function refusal(answer: ChatAnswer): Promise<string> {
  await answer.ended();
  return answer.raw;
}

describe('demo: POST /ai/chat with an OpenAI-compatible server', () => {
  it('streams the answer of the server, asks it once, and counts by its usage', async () => {
    const first = await (await ask(app, question)).ended();
    const second = await (await ask(app, question)).ended();

    expect(llm.calls).toBe(1);
    expect(llm.requests[0]?.headers.authorization).toBe(`Bearer ${key}`);
    expect(llm.requests[0]?.body).toMatchObject({ model: 'small', stream: true });
    expect(first.text).toMatch(/^Answer \w+ to: What is a cache stampede\?$/);
    expect(second.text).toBe(first.text);
    expect(first.done['usage']).toMatchObject({ inputTokens: expect.any(Number), outputTokens: 8 });
    const { inputTokens } = first.done['usage'] as { inputTokens: number };
    expect(second.done['savings']).toMatchObject({ outputTokens: 8, cost: (inputTokens + 32) / 1e6 });
  });

  it('sends tokens while the server still answers', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    llm.next({ pace: async (event) => (event === 3 ? held : undefined) });

    const answer = await ask(app, question);
    await until(() => /^Answer \w+$/.test(answer.text), 'the first tokens');
    release();

    expect((await answer.ended()).text).toContain('stampede');
  });

  it('keeps the answers of models apart', async () => {
    await (await ask(app, question)).ended();
    await (await ask(app, question, { model: 'large' })).ended();

    expect(llm.requests.map(({ body }) => body['model'])).toEqual(['small', 'large']);
  });

  it('ends the request to the server when the client leaves', async () => {
    llm.next({ hangAfter: 4 });
    const answer = await ask(app, question);
    await until(() => answer.text !== '', 'the first token');
    answer.leave();

    await until(() => llm.abandoned === 1, 'the end of the request to the server');
  });

  it('does not keep an answer that was truncated, or whose finish reason is missing', async () => {
    for (const finishReason of ['length', null]) {
      llm.next({ finishReason });
      const cut = await (await ask(app, question)).ended();
      expect(cut.done['bypassed']).toBe('unfinished');
      expect(cut.text).toContain('stampede');
    }
    expect((await (await ask(app, question)).ended()).status['outcome']).toBe('miss');
  });

  it('answers 502 when the server refuses, without the key', async () => {
    llm.next({ error: { status: 401 } });
    const answer = await ask(app, question);

    expect(answer.response.statusCode).toBe(502);
    const text = await refusal(answer);
    expect(text).toContain('the language model server answered with status 401');
    expect(text).not.toContain(key);
  });

  it('answers 504 when no token comes in time', async () => {
    llm.next({ hangAfter: 0 });
    const answer = await ask(app, question);

    expect(answer.response.statusCode).toBe(504);
    expect(await refusal(answer)).toContain('no answer of the language model within 1000 ms');
  });

  it.each([
    ['breaks', { cutAfter: 4 }, 'the language model server ended its answer early'],
    ['reports an error', { errorAfter: 4 }, 'the language model server reported an error in its answer'],
    ['hangs', { hangAfter: 4 }, 'no answer of the language model within 1000 ms'],
  ])('ends a stream that %s with an error event, and keeps nothing', async (_, behaviour, message) => {
    llm.next(behaviour);
    const broken = await (await ask(app, question)).ended();
    const next = await (await ask(app, question)).ended();

    expect(broken.text).toMatch(/^Answer/);
    expect(broken.events.at(-1)).toBe('error');
    expect(broken.facts['error']).toEqual({ message });
    expect(next.status['outcome']).toBe('miss');
    expect(next.events.at(-1)).toBe('done');
  });
});
