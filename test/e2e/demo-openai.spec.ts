import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import request from 'supertest';
import { AppModule } from '../../apps/demo/src/app.module.js';
import { configureApp } from '../../apps/demo/src/configure-app.js';
import { withEnvironment } from './demo-environment.js';

const key = 'sk-test-51d0';
const text = 'A fine day. The sun shines on the river.';

let server: Server;
let calls: number;
let answer: (response: ServerResponse) => void;
let app: NestExpressApplication;
let http: ReturnType<typeof request>;

beforeEach(async () => {
  calls = 0;
  server = createServer((incoming, response) => {
    calls++;
    incoming.resume().on('end', () => answer(response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const env = {
    OPENAI_BASE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    OPENAI_API_KEY: key,
    OPENAI_MODEL: 'small,large',
    OPENAI_TIMEOUT_MS: '200',
  };
  app = await withEnvironment(env, async () => {
    const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
    return configureApp(module.createNestApplication<NestExpressApplication>({ logger: false })).init();
  });
  http = request(app.getHttpServer());
});

afterEach(async () => {
  await app.close();
  server.closeAllConnections();
  server.close();
});

function says(content: string, finishReason = 'stop'): void {
  answer = (response) => {
    const choices = [{ message: { content }, finish_reason: finishReason }];
    response.end(JSON.stringify({ choices, usage: { prompt_tokens: 120, completion_tokens: 30 } }));
  };
}

describe('demo with an OpenAI-compatible server', () => {
  it('asks once, and reports the savings of the second answer', async () => {
    says('It is a fine day.');

    await http.post('/ai/summarize').send({ text }).expect(200);
    const { body } = await http.post('/ai/summarize').send({ text }).expect(200);

    expect(calls).toBe(1);
    expect(body).toMatchObject({ model: 'small', cached: true, result: { summary: 'It is a fine day.' } });
    expect(body.savings).toMatchObject({ inputTokens: 120, outputTokens: 30 });
  });

  it('keeps the answers of models apart', async () => {
    says('It is a fine day.');

    await http.post('/ai/summarize').send({ text, model: 'small' }).expect(200);
    await http.post('/ai/summarize').send({ text, model: 'large' }).expect(200);

    expect(calls).toBe(2);
  });

  it('does not cache a truncated summary', async () => {
    says('It is a', 'length');
    await http.post('/ai/summarize').send({ text }).expect(200);

    says('It is a fine day.');
    const { body } = await http.post('/ai/summarize').send({ text }).expect(200);

    expect(body).toMatchObject({ cached: false, result: { summary: 'It is a fine day.' } });
  });

  it('answers 502 when the server refuses, without the key', async () => {
    answer = (response) => {
      response.statusCode = 401;
      response.end(JSON.stringify({ error: { message: `Incorrect API key provided: ${key}` } }));
    };

    const failed = await http.post('/ai/summarize').send({ text }).expect(502);

    expect(failed.body.message).toBe('the language model server answered with status 401');
    expect(failed.text).not.toContain(key);
  });

  it('answers 504 when the server is too slow', async () => {
    answer = () => undefined;

    await http.post('/ai/summarize').send({ text }).expect(504);
  });
});
