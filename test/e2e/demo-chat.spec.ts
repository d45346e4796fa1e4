import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import request from 'supertest';
import { AppModule } from '../../apps/demo/src/app.module.js';
import { configureApp } from '../../apps/demo/src/configure-app.js';
import { ChatEngine } from '../../apps/demo/src/text/chat-engine.js';
import type { ChatEnd } from '../../apps/demo/src/text/chat-engine.js';
import { until } from '../support/until.js';
import { ask } from './demo-chat-client.js';
import { withEnvironment } from './demo-environment.js';

const question = 'What is a cache stampede?';

/** An engine that says a token whenever the test says so. */
class HeldEngine extends ChatEngine {
  readonly name = 'held';
  readonly models = ['held'] as const;
  starts = 0;
  aborts = 0;
  /** Says nothing before it is released. */
  isSilent = false;
  #release: () => void = () => undefined;

  async *answer(_: unknown, signal: AbortSignal): AsyncGenerator<string, ChatEnd, void> {
    this.starts += 1;
    signal.addEventListener('abort', () => (this.aborts += 1));
    if (!this.isSilent) yield 'One';
    await new Promise<void>((resolve) => (this.#release = resolve));
    yield ' production';
    return { usage: { inputTokens: 10, outputTokens: 2 }, finishReason: 'stop', model: 'held' };
  }

  release(): void {
    this.#release();
  }
}

let app: NestExpressApplication;

async function start(engine?: ChatEngine): Promise<NestExpressApplication> {
  const env = { CHAT_TOKEN_MS: '0', CHAT_INPUT_PRICE: '1', CHAT_OUTPUT_PRICE: '4' };
  return withEnvironment(env, async () => {
    const builder = Test.createTestingModule({ imports: [AppModule] });
    if (engine !== undefined) builder.overrideProvider(ChatEngine).useValue(engine);
    const module = await builder.compile();
    const created = configureApp(module.createNestApplication<NestExpressApplication>({ logger: false }));
    await created.listen(0, '127.0.0.1');
    return created;
  });
}

afterEach(() => app.close());

const http = (): ReturnType<typeof request> => request(app.getHttpServer());

async function chatStats(): Promise<Record<string, number>> {
  const { body } = await http().get('/cache/stats').expect(200);
  return body.ai.groups.find(({ name }: { name: string }) => name === 'chat');
}

describe('demo: POST /ai/chat with the local engine', () => {
  beforeEach(async () => {
    app = await start();
  });

  it('streams an answer word by word, and replays it', async () => {
    const first = await (await ask(app, question)).ended();
    const second = await (await ask(app, question)).ended();

    expect(first.response.headers['content-type']).toContain('text/event-stream');
    expect(first.status).toMatchObject({ outcome: 'miss', cached: false });
    expect(first.text).toContain('all callers ask the source at once');
    expect(first.events.filter((event) => event === 'message').length).toBeGreaterThan(20);
    expect(first.events.at(-1)).toBe('done');
    expect(second.status).toMatchObject({ outcome: 'hit', cached: true });
    expect(second.text).toBe(first.text);
    expect(second.response.headers['cache-status']).toMatch(/^ai; hit; ttl=\d+/);
  });

  it('answers a question with the same gist from the cache, and says so', async () => {
    await (await ask(app, question)).ended();
    const alike = await (await ask(app, `Please, ${question.toLowerCase()}`)).ended();
    const other = await (await ask(app, 'How do I avoid a cache stampede?')).ended();

    expect(alike.status).toMatchObject({ outcome: 'hit', matched: 'gist' });
    expect(alike.text).toContain('all callers ask the source at once');
    expect(other.status).toMatchObject({ outcome: 'miss' });
  });

  it('counts the tokens, the money and the time that a hit saves', async () => {
    const { done: paid } = await (await ask(app, question)).ended();
    const { done } = await (await ask(app, question)).ended();

    const { inputTokens, outputTokens } = paid['usage'] as { inputTokens: number; outputTokens: number };
    const cost = (inputTokens + 4 * outputTokens) / 1e6;
    expect(outputTokens).toBeGreaterThan(20);
    expect(done['savings']).toMatchObject({ inputTokens, outputTokens, cost });
    expect(await chatStats()).toMatchObject({
      calls: 2,
      hits: 1,
      misses: 1,
      inputTokensSaved: inputTokens,
      outputTokensSaved: outputTokens,
      costSaved: cost,
    });
  });

  it('asks the model anew for Cache-Control: no-cache, and keeps the new answer', async () => {
    await (await ask(app, question)).ended();
    const anew = await (await ask(app, question, { headers: { 'cache-control': 'no-cache' } })).ended();
    const after = await (await ask(app, question)).ended();

    expect(anew.status['outcome']).toBe('miss');
    expect(after.status['outcome']).toBe('hit');
    expect(await chatStats()).toMatchObject({ hits: 1, misses: 2 });
  });

  it('answers 504 for only-if-cached without a cached answer', async () => {
    const refused = await ask(app, question, { headers: { 'cache-control': 'only-if-cached' } });

    expect(refused.response.statusCode).toBe(504);
    expect(await chatStats()).toMatchObject({ misses: 0 });
  });

  it('keeps the answers of models apart', async () => {
    const short = await (await ask(app, question)).ended();
    const long = await (await ask(app, question, { model: 'faq-long' })).ended();

    expect(long.status['outcome']).toBe('miss');
    expect(long.text.startsWith(short.text)).toBe(true);
    expect(long.text).toContain('\n\nThree measures help.');
  });

  it('says what it knows about if it does not know the answer', async () => {
    const { text } = await (await ask(app, 'Who won the marathon?')).ended();

    expect(text).toMatch(/^I only know about caching/);
  });

  it.each([
    [undefined, {}, 'question must be a string'],
    ['  ', {}, 'question must not be empty'],
    ['x'.repeat(501), {}, 'question must be shorter than or equal to 500 characters'],
    [question, { model: 'another' }, 'model must be one of: faq-short, faq-long'],
    [question, { models: 'faq-long' }, 'property models should not exist'],
  ])('refuses %.30p with %j', async (asked, others, reason) => {
    const { body } = await http()
      .post('/ai/chat')
      .send({ question: asked, ...others })
      .expect(400);

    expect(body.message).toContain(reason);
  });

  it('takes no question that another page can send: neither by GET, nor as a plain text', async () => {
    await http().get('/ai/chat').query({ question }).expect(404);
    await http()
      .post('/ai/chat')
      .set('Content-Type', 'text/plain')
      .send(JSON.stringify({ question }))
      .expect(400);
  });

  it('explains what the key of a question is made of, and what differs from another', async () => {
    const { body } = await http()
      .post('/ai/chat/explain')
      .send({ question, other: { question: 'What is a ttl?', model: 'faq-long' } })
      .expect(200);

    expect(body.key).toMatch(/^ai:chat:faq-short:sha256:[\w-]{43}$/);
    expect(body.parts.map(({ name }: { name: string }) => name).sort()).toEqual([
      'engine',
      'model',
      'question',
      'system',
    ]);
    expect([...body.differs].sort()).toEqual(['model', 'question']);
    expect(body.ttl).toMatchObject({ seconds: 3600 });
  });

  it('explains that a question which names the default model is the same', async () => {
    const { body } = await http()
      .post('/ai/chat/explain')
      .send({ question, other: { question, model: 'faq-short' } })
      .expect(200);

    expect(body.differs).toEqual([]);
  });

  it('refuses an explanation with an invalid other question', async () => {
    const { body } = await http()
      .post('/ai/chat/explain')
      .send({ question, other: { question: 7 } })
      .expect(400);

    expect(body.message).toContain('other.question must be a string');
  });

  it('tells its models and its price', async () => {
    const { body } = await http().get('/ai/chat/facts').expect(200);

    expect(body).toEqual({
      engine: 'local',
      models: ['faq-short', 'faq-long'],
      price: { inputPerMillion: 1, outputPerMillion: 4, isAssumed: true },
    });
  });

  it('documents its routes, with examples', async () => {
    const { body } = await http().get('/docs-json').expect(200);

    const { post } = body.paths['/ai/chat'];
    expect(post.summary).toContain('token by token');
    expect(post.responses['200'].content['text/event-stream'].example).toContain('event: status');
    expect(body.paths['/ai/chat/explain'].post.summary).toContain('key');
    expect(body.components.schemas.ChatDto.properties.question).toMatchObject({
      example: question,
      maxLength: 500,
    });
  });
});

describe('demo: POST /ai/chat, while an answer runs', () => {
  let engine: HeldEngine;

  beforeEach(async () => {
    engine = new HeldEngine();
    app = await start(engine);
  });

  it('sends each token as it comes, and shares one production among five tabs', async () => {
    const tabs = await Promise.all([1, 2, 3, 4, 5].map(() => ask(app, question)));
    await until(() => tabs.every(({ text }) => text === 'One'), 'the first token in each tab');
    engine.release();
    await Promise.all(tabs.map((tab) => tab.ended()));

    expect(engine.starts).toBe(1);
    expect(tabs.map(({ text }) => text)).toEqual(Array(5).fill('One production'));
    expect(tabs.map(({ status }) => status['outcome']).sort()).toEqual([
      ...Array<string>(4).fill('collapsed'),
      'miss',
    ]);
    expect(await chatStats()).toMatchObject({ collapsed: 4, misses: 1, outputTokensSaved: 8 });
  });

  it('shares one production among five tabs that ask anew', async () => {
    const headers = { 'cache-control': 'no-cache' };
    const tabs = await Promise.all([1, 2, 3, 4, 5].map(() => ask(app, question, { headers })));
    await until(() => tabs.every(({ text }) => text === 'One'), 'the first token in each tab');
    engine.release();
    await Promise.all(tabs.map((tab) => tab.ended()));

    expect(engine.starts).toBe(1);
  });

  it('stops the engine when the last reader leaves, and stores nothing', async () => {
    const [one, other] = [await ask(app, question), await ask(app, question)];
    await until(() => one.text === 'One' && other.text === 'One', 'the first token');
    one.leave();
    await one.ended();
    expect(engine.aborts).toBe(0);
    other.leave();
    await until(() => engine.aborts === 1, 'the end of the engine');

    const next = await ask(app, question);
    await until(() => next.text === 'One', 'the first token');
    expect(next.status['outcome']).toBe('miss');
    next.leave();
  });

  it('logs no error when a client leaves before the first token', async () => {
    const logged: unknown[] = [];
    app.useLogger({ log: () => undefined, warn: () => undefined, error: (...all) => logged.push(all) });
    engine.isSilent = true;
    const leaving = new AbortController();
    const left = ask(app, question, { signal: leaving.signal });
    await until(() => engine.starts === 1, 'the engine');
    leaving.abort();
    await expect(left).rejects.toThrow('aborted');
    await until(() => engine.aborts === 1, 'the end of the engine');
    await http().get('/ai/chat/facts').expect(200);
    app.useLogger(false);

    expect(logged).toEqual([]);
  });
});

describe('demo: the page at /chat', () => {
  beforeEach(async () => {
    app = await start();
  });

  it('allows scripts and styles of its own host only, and has none inline', async () => {
    const { text, headers } = await http().get('/chat').expect(200).expect('Content-Type', /html/);

    const policy = headers['content-security-policy'];
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).not.toContain('unsafe-inline');
    expect(text).not.toMatch(/<style|<script(?![^>]* src="chat\/)| style=| on\w+=/);
    expect(text).not.toMatch(/(?:src|href)="(?:https?:)?\/\/[^"]*\.(?:js|css|woff2?|png|svg)/);
  });

  it('serves every file that the page and its scripts name', async () => {
    const { text } = await http().get('/chat').expect(200);
    const named = [...text.matchAll(/(?:src|href)="chat\/([^"]+)"/g)].map(([, file = '']) => file);
    const found = new Set<string>();
    for (const file of named) {
      const { headers, text: code } = await http().get(`/chat/${file}`).buffer(true).expect(200);
      found.add(`${file.split('.').at(-1)} ${headers['content-type']}`);
      named.push(...[...code.matchAll(/from '\.\/([^']+)'/g)].map(([, name = '']) => name));
    }

    expect([...found].sort()).toEqual(['css text/css; charset=utf-8', 'js text/javascript; charset=utf-8']);
    await http().get('/chat/..%2flive%2flive.js').expect(404);
    await http().get('/chat/constructor').expect(404);
  });
});
