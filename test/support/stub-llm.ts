import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { StubBody } from './stub-llm-answer.js';
import { chatReply } from './stub-llm-chat.js';
import { embeddingsReply } from './stub-llm-embeddings.js';
import { messagesReply } from './stub-llm-messages.js';
import { responsesReply } from './stub-llm-responses.js';
import type { ReplyFacts, StubReply } from './stub-llm-reply.js';
import { cutJson, errorOf, isCut, sendEvents, sendJson, type LlmBehaviour } from './stub-llm-send.js';

export type { LlmBehaviour };

/** A request as the provider received it. */
export interface LlmRequest {
  readonly method: string;
  /** The path with the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The JSON body; an empty object for a request without one. */
  readonly body: StubBody;
}

type Route = (body: StubBody, facts: ReplyFacts) => StubReply;

const routes: Readonly<Record<string, Route>> = {
  'POST /v1/chat/completions': chatReply,
  'POST /v1/responses': responsesReply,
  'POST /v1/messages': messagesReply,
  'POST /v1/embeddings': embeddingsReply,
  'GET /v1/models': () => ({ json: { object: 'list', data: [{ id: 'small', object: 'model' }] } }),
};

/**
 * A provider of language models on the loopback interface: the endpoints of OpenAI (chat, responses, embeddings,
 * models) and of Anthropic (messages), plain and streamed, over real sockets. It records the requests.
 */
export class StubLlm {
  readonly requests: LlmRequest[] = [];
  /** The behaviour of calls for which `next` named none. */
  behaviour: LlmBehaviour = {};
  /** Number of answers whose client left before their end. */
  abandoned = 0;
  readonly #upcoming: LlmBehaviour[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        this.#answer(request, response, Buffer.concat(chunks).toString()).catch((error: unknown) => {
          response.destroy(error instanceof Error ? error : new Error(String(error)));
        });
      });
      response.on('close', () => {
        if (!response.writableFinished && !isCut(response)) this.abandoned += 1;
      });
    });
  }

  static async start(): Promise<StubLlm> {
    const llm = new StubLlm();
    await new Promise<void>((resolve) => llm.#server.listen(0, '127.0.0.1', resolve));
    return llm;
  }

  /** The server. The `baseURL` of Anthropic's SDK. */
  get origin(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`;
  }

  /** The `baseURL` of OpenAI's SDK. */
  get baseURL(): string {
    return `${this.origin}/v1`;
  }

  /** Number of requests so far. */
  get calls(): number {
    return this.requests.length;
  }

  /** Names the behaviour of the next calls, in their order. */
  next(...behaviours: readonly LlmBehaviour[]): void {
    this.#upcoming.push(...behaviours);
  }

  /** Forgets the requests and the behaviours. */
  reset(): void {
    this.requests.length = 0;
    this.#upcoming.length = 0;
    this.behaviour = {};
    this.abandoned = 0;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse, text: string): Promise<void> {
    const { method = '', url: path = '', headers } = request;
    const body = (text === '' ? {} : JSON.parse(text)) as StubBody;
    this.requests.push({ method, path, headers, body });
    const call = this.calls;
    const behaviour = this.#upcoming.shift() ?? this.behaviour;
    // A hit must not bring back what a response says about its own call.
    response.setHeader('x-request-id', `req_${call}`);
    response.setHeader('set-cookie', `session=${call}; HttpOnly`);
    response.setHeader('x-ratelimit-remaining-requests', String(1000 - call));
    const route = routes[`${method} ${path.split('?')[0] ?? ''}`];
    if (route === undefined) return sendJson(request, response, 404, errorOf(path, 404));
    const { error, finishReason } = behaviour;
    if (error !== undefined) {
      for (const [name, value] of Object.entries(error.headers ?? {})) response.setHeader(name, value);
      return sendJson(request, response, error.status, errorOf(path, error.status));
    }
    const { json, events } = route(body, { call, finishReason });
    if (body['stream'] === true && events !== undefined) return sendEvents(response, path, events, behaviour);
    await behaviour.pace?.(0);
    if (behaviour.hangAfter !== undefined) return;
    const edited = behaviour.edit === undefined ? json : behaviour.edit(json);
    if (behaviour.cutAfter === undefined) return sendJson(request, response, 200, edited);
    await cutJson(response, JSON.stringify(edited));
  }
}
