import { request } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NestExpressApplication } from '@nestjs/platform-express';

/** One answer of the chat, while its events arrive. */
export class ChatAnswer {
  text = '';
  /** Everything that was sent. */
  raw = '';
  /** The names of the events, in their order; `message` for a token. */
  readonly events: string[] = [];
  readonly facts: Record<string, Record<string, unknown>> = {};
  isEnded = false;

  constructor(
    readonly response: IncomingMessage,
    private readonly request: ClientRequest,
  ) {
    let rest = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      this.raw += chunk;
      const events = (rest + chunk).split('\n\n');
      rest = events.pop() ?? '';
      for (const event of events) this.#take(event.split('\n'));
    });
    response.on('close', () => (this.isEnded = true));
  }

  get status(): Record<string, unknown> {
    return this.facts['status'] ?? {};
  }

  get done(): Record<string, unknown> {
    return this.facts['done'] ?? {};
  }

  /** Until the connection has ended. */
  async ended(): Promise<this> {
    if (!this.isEnded) await new Promise((resolve) => this.response.once('close', resolve));
    return this;
  }

  leave(): void {
    this.request.destroy();
  }

  #take(lines: readonly string[]): void {
    const type = lines.find((line) => line.startsWith('event: '))?.slice('event: '.length) ?? 'message';
    const data = lines
      .filter((line) => line.startsWith('data: '))
      .map((line) => line.slice('data: '.length))
      .join('\n');
    this.events.push(type);
    if (type === 'message') this.text += data;
    else this.facts[type] = JSON.parse(data) as Record<string, unknown>;
  }
}

export interface AskOptions {
  readonly model?: string;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

/** Asks a demo that listens, over a connection of its own. */
export function ask(
  app: NestExpressApplication,
  question: unknown,
  { model, headers = {}, signal }: AskOptions = {},
): Promise<ChatAnswer> {
  const { port } = app.getHttpServer().address() as AddressInfo;
  const body = JSON.stringify({ question, model });
  return new Promise((resolve, reject) => {
    const outgoing = request({
      host: '127.0.0.1',
      port,
      path: '/ai/chat',
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      agent: false,
      ...(signal === undefined ? {} : { signal }),
    });
    outgoing.on('response', (response) => resolve(new ChatAnswer(response, outgoing)));
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
