import { readFileSync } from 'node:fs';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import request from 'supertest';
import { AppModule } from '../../apps/demo/src/app.module.js';
import { configureApp } from '../../apps/demo/src/configure-app.js';
import { LocalTextEngine } from '../../apps/demo/src/text/local-text-engine.js';
import { TextEngine, TextEngineError } from '../../apps/demo/src/text/text-engine.js';
import type { TextAnswer, TextRequest } from '../../apps/demo/src/text/text-engine.js';
import type { Operation } from '../../apps/demo/src/text/text.types.js';
import { withEnvironment } from './demo-environment.js';

const constitution = readFileSync(new URL('../../apps/demo/data/constitution.txt', import.meta.url), 'utf8');
const text = 'Great Britain waged war. The brave people of America declared a glorious independence in 1776.';

let app: NestExpressApplication;
let http: ReturnType<typeof request>;

beforeEach(async () => {
  app = await withEnvironment({}, start);
  http = request(app.getHttpServer());
});

afterEach(() => app.close());

async function start(): Promise<NestExpressApplication> {
  const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
  return configureApp(module.createNestApplication<NestExpressApplication>({ logger: false })).init();
}

describe('demo: POST /ai/:operation', () => {
  it.each([
    ['summarize', { maxSentences: 1 }, { sentenceCount: 1 }],
    ['sentiment', { limit: 1 }, { label: 'positive' }],
    ['keywords', { limit: 2 }, { keywords: [{ score: 1 }, {}] }],
    ['entities', { limit: 20 }, {}],
    ['readability', {}, { sentences: 2 }],
  ])('answers %s, the second time from the cache', async (operation, options, expected) => {
    const body = { text, ...options };

    const first = await http.post(`/ai/${operation}`).send(body).expect(200);
    const second = await http.post(`/ai/${operation}`).send(body).expect(200);

    expect(first.body).toMatchObject({ operation, model: 'wink-eng-lite', cached: false, result: expected });
    expect(first.headers['x-ai-cache']).toBe('miss');
    expect(first.headers['cache-status']).toMatch(/fwd=miss/);
    expect(second.body).toMatchObject({ cached: true, key: first.body.key, result: first.body.result });
    expect(second.headers['x-ai-cache']).toBe('hit');
    expect(second.headers['cache-status']).toMatch(/; hit/);
  });

  it('takes a text of several thousand words', async () => {
    const { body } = await http.post('/ai/readability').send({ text: constitution }).expect(200);

    expect(body.result.words).toBeGreaterThan(6000);
  });

  it('produces a new answer for Cache-Control: no-cache', async () => {
    await http.post('/ai/keywords').send({ text });

    const anew = await http.post('/ai/keywords').set('Cache-Control', 'no-cache').send({ text });
    const after = await http.post('/ai/keywords').send({ text });

    expect([anew.body.cached, after.body.cached]).toEqual([false, true]);
  });

  it('treats an explicit default as the same request', async () => {
    const plain = await http.post('/ai/summarize').send({ text });
    const spelledOut = await http
      .post('/ai/summarize')
      .send({ model: 'wink-eng-lite', maxSentences: 3, text });

    expect(spelledOut.body).toMatchObject({ cached: true, key: plain.body.key });
  });

  it('explains its key on request', async () => {
    const { body } = await http.post('/ai/summarize?explain=true').send({ text }).expect(200);

    expect(body.explanation).toMatchObject({ key: body.key });
  });

  it.each([
    ['summarize', {}, 'text must be a string'],
    ['summarize', { text: '  ' }, 'text must not be empty'],
    ['summarize', { text, maxSentences: 'three' }, 'maxSentences must be an integer number'],
    ['keywords', { text, limit: 1000 }, 'limit must not be greater than 100'],
    ['entities', { text, maxSentences: 2 }, 'property maxSentences should not exist'],
    ['sentiment', { text, model: 'another' }, 'model must be one of: wink-eng-lite'],
  ])('refuses %s of %j', async (operation, body, reason) => {
    const answer = await http.post(`/ai/${operation}`).send(body).expect(400);

    expect(answer.body.message).toContain(reason);
  });

  it('names the known operations if it is asked for an unknown one', async () => {
    const { body } = await http.post('/ai/translate').send({ text }).expect(404);

    expect(body.message).toContain('summarize, sentiment, keywords, entities, readability');
  });

  it('refuses a body that is not JSON', async () => {
    await http.post('/ai/summarize').set('Content-Type', 'application/json').send('{"text":').expect(400);
  });
});

describe('demo: a text engine that fails', () => {
  class FailingEngine extends LocalTextEngine {
    failure: TextEngineError | undefined;

    override analyze<O extends Operation>(
      request: TextRequest<O>,
      signal: AbortSignal,
    ): Promise<TextAnswer<O>> {
      return this.failure === undefined ? super.analyze(request, signal) : Promise.reject(this.failure);
    }
  }

  it.each([
    ['timeout', 504],
    ['unreachable', 502],
    ['refused', 502],
    ['bad-answer', 502],
  ] as const)('%s gets %d, and nothing is cached', async (fault, status) => {
    const engine = new FailingEngine();
    await app.close();
    const module = await Test.createTestingModule({ imports: [AppModule] })
      .overrideProvider(TextEngine)
      .useValue(engine)
      .compile();
    app = await configureApp(module.createNestApplication<NestExpressApplication>({ logger: false })).init();
    http = request(app.getHttpServer());

    engine.failure = new TextEngineError(fault, 'the engine is away');
    const failed = await http.post('/ai/keywords').send({ text }).expect(status);
    engine.failure = undefined;
    const recovered = await http.post('/ai/keywords').send({ text }).expect(200);

    expect(failed.body.message).toBe('the engine is away');
    expect(recovered.body.cached).toBe(false);
  });
});

describe('demo: the catalogue', () => {
  const vase = { name: 'Vase', price: 2900, stock: 4 };

  it('reads a product from the cache the second time', async () => {
    const first = await http.get('/products/desk-lamp').expect(200);
    const second = await http.get('/products/desk-lamp').expect(200);

    expect(first.headers['cache-status']).toMatch(/fwd=miss/);
    expect(second.headers['cache-status']).toMatch(/; hit/);
    expect(second.body).toEqual(first.body);
  });

  it('shows a change at once, in the product and in the list', async () => {
    await http.get('/products');
    await http.get('/products/desk-lamp');

    await http.put('/products/desk-lamp').send(vase).expect(200);

    const one = await http.get('/products/desk-lamp');
    const list = await http.get('/products');
    expect(one.headers['cache-status']).toMatch(/; hit/);
    expect(one.body).toEqual({ id: 'desk-lamp', ...vase });
    expect(list.body).toContainEqual({ id: 'desk-lamp', ...vase });
  });

  it('removes a deleted product from the cache', async () => {
    await http.get('/products');
    await http.get('/products/desk-lamp');

    await http.delete('/products/desk-lamp').expect(204);

    await http.get('/products/desk-lamp').expect(404);
    const list = await http.get('/products');
    expect(list.body).not.toContainEqual(expect.objectContaining({ id: 'desk-lamp' }));
  });

  it('remembers that a product is missing, until it is saved', async () => {
    await http.get('/products/vase').expect(404);
    const again = await http.get('/products/vase').expect(404);
    expect(again.headers['cache-status']).toMatch(/; hit/);
    await http.put('/products/vase').send(vase).expect(200);

    await http.get('/products/vase').expect(200);
  });

  it('refuses an invalid product, with every reason', async () => {
    const { body } = await http.put('/products/vase').send({ name: '', price: -1 }).expect(400);

    expect(body.message).toEqual([
      'name should not be empty',
      'price must not be less than 0',
      'stock must not be less than 0',
      'stock must be an integer number',
    ]);
  });
});

describe('demo: operations', () => {
  it('is healthy in memory', async () => {
    const { body } = await http.get('/health').expect(200);

    expect(body).toMatchObject({
      status: 'ok',
      info: { cache: { status: 'up' }, aiCache: { status: 'up' } },
    });
  });

  it('counts the operations of the caches', async () => {
    await http.post('/ai/keywords').send({ text });
    await http.post('/ai/keywords').send({ text });
    await http.get('/products/desk-lamp');

    const { body } = await http.get('/cache/stats').expect(200);

    expect(body.cache).toMatchObject({ name: 'default', misses: 1, sets: 1 });
    expect(body.performance.totals).toMatchObject({ hits: 1, misses: 2 });
  });

  it('documents every operation', async () => {
    const { body } = await http.get('/docs-json').expect(200);

    expect(Object.keys(body.paths)).toEqual(
      expect.arrayContaining([
        '/ai/summarize',
        '/ai/sentiment',
        '/ai/keywords',
        '/ai/entities',
        '/ai/readability',
        '/products/{id}',
        '/health',
        '/cache/stats',
      ]),
    );
    expect(body.components.schemas.SummarizeDto.required).toEqual(['text']);
  });

  it('T90: documents each operation with a summary, its answers, and types as the validation has them', async () => {
    const { body } = await http.get('/docs-json').expect(200);
    const paths = body.paths as Record<string, Record<string, { summary?: string; responses: object }>>;
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, ...operation })),
    );

    expect(described.filter(({ summary = '' }) => summary === '').map(({ name }) => name)).toEqual([]);
    expect(Object.keys(paths['/products/{id}']?.['delete']?.responses ?? {})).toEqual(['204', '404']);
    const { price, stock } = body.components.schemas.Product.properties;
    expect([price, stock]).toMatchObject([
      { type: 'integer', minimum: 0, example: 3900 },
      { type: 'integer', minimum: 0, example: 12 },
    ]);
  });

  it('shows the documentation at /docs', async () => {
    const { text: page } = await http.get('/docs').expect(200);

    expect(page).toContain('swagger-ui');
  });
});
