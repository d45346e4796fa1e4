import { Controller, Get, Module, Res, Sse, type INestApplication, type MessageEvent } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ExpressAdapter } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import type { ServerResponse } from 'node:http';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Observable } from 'rxjs';
import {
  AiCacheService,
  aiEvents,
  CacheInfraModule,
  sendAiStream,
  type AiStreamContext,
} from '../../libs/cache-infra/src/index.js';
import { until } from '../support/until.js';

/** A model that says a token whenever the test says so. */
class Model {
  starts = 0;
  aborts = 0;
  #release: () => void = () => undefined;

  async *say({ signal }: AiStreamContext): AsyncGenerator<string> {
    this.starts += 1;
    signal.addEventListener('abort', () => (this.aborts += 1));
    yield 'first ';
    await new Promise<void>((resolve) => (this.#release = resolve));
    yield 'last';
  }

  release(): void {
    this.#release();
  }
}

const model = new Model();

@Controller()
class ChatController {
  constructor(private readonly ai: AiCacheService) {}

  @Sse('sse')
  sse(): Observable<MessageEvent> {
    return aiEvents(this.ai.stream('chat', { q: 'sse' }, (ctx) => model.say(ctx)));
  }

  @Get('res')
  async res(@Res() response: ServerResponse & { hijack?: () => void; raw?: ServerResponse }): Promise<void> {
    response.hijack?.();
    await sendAiStream(
      this.ai.stream('chat', { q: 'res' }, (ctx) => model.say(ctx)),
      response.raw ?? response,
    );
  }
}

@Module({ imports: [CacheInfraModule.forAi()], controllers: [ChatController] })
class ChatModule {}

const adapters = [
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
] as const;

describe.each(adapters)('AI streams over HTTP with %s', (_, adapter) => {
  let app: INestApplication;
  let port: number;

  beforeEach(async () => {
    const module = await Test.createTestingModule({ imports: [ChatModule] }).compile();
    app = module.createNestApplication(adapter());
    await app.listen(0, '127.0.0.1');
    ({ port } = app.getHttpServer().address() as AddressInfo);
    model.starts = model.aborts = 0;
  });

  afterEach(async () => {
    await app.close();
  });

  const open = (path: string): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port, path }, resolve).on('error', reject);
    });

  it.each(['/sse', '/res'])('GET %s streams, and replays', async (path) => {
    const live = await open(path);
    let text = '';
    live.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    await until(() => text.includes('first'));
    expect(text).not.toContain('last');
    model.release();
    await until(() => live.complete);
    expect(text).toContain('event: status');
    expect(text).toContain('data: first ');
    expect(text).toContain('event: done');

    const replay = await open(path);
    let second = '';
    for await (const chunk of replay.setEncoding('utf8')) second += chunk as string;
    expect(second).toContain('"outcome":"hit"');
    expect(second).toContain('data: last');
    expect(replay.headers['content-type']).toContain('text/event-stream');
    if (path === '/res') expect(replay.headers['cache-status']).toMatch(/; hit; ttl=\d+$/);
    expect(model.starts).toBe(1);
  });

  it.each(['/sse', '/res'])('GET %s: a client that goes ends the production', async (path) => {
    const live = await open(path);
    let text = '';
    live.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    await until(() => text.includes('first'));
    live.destroy();
    await until(() => model.aborts === 1);
    expect(model.starts).toBe(1);
  });
});
