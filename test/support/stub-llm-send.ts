import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { sseText, type StubEvent } from './stub-llm-reply.js';

/** How the stub answers a call. By default it answers well and at once. */
export interface LlmBehaviour {
  /** An error instead of an answer. */
  readonly error?: { readonly status: number; readonly headers?: Record<string, string> };
  /** `finish_reason` of chat, `stop_reason` of messages, the status or reason of an incomplete response. */
  readonly finishReason?: string | null;
  /** The connection breaks after so many events of a stream; after half of the bytes of a JSON body. */
  readonly cutAfter?: number;
  /** After so many events the stream sends an error event in the shape of its API, and ends. */
  readonly errorAfter?: number;
  /** After so many events the stream sends nothing until the client leaves. A JSON body is never sent. */
  readonly hangAfter?: number;
  /** Waited for before each event of a stream (number from 0), and before a JSON body. */
  readonly pace?: (event: number) => Promise<void>;
  /** Changes the JSON body before it is sent. */
  readonly edit?: (json: unknown) => unknown;
}

/** Sends JSON, compressed as providers do if the client accepts it. */
export function sendJson(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  json: unknown,
): void {
  const bytes = Buffer.from(JSON.stringify(json));
  const isGzip = String(request.headers['accept-encoding']).includes('gzip');
  if (isGzip) response.setHeader('content-encoding', 'gzip');
  const sent = isGzip ? gzipSync(bytes) : bytes;
  response.setHeader('content-length', sent.length);
  response.writeHead(status, { 'content-type': 'application/json' }).end(sent);
}

/** Sends the events of a stream, one after the other. */
export async function sendEvents(
  response: ServerResponse,
  path: string,
  events: readonly StubEvent[],
  { pace, cutAfter, hangAfter, errorAfter }: LlmBehaviour,
): Promise<void> {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
  });
  response.flushHeaders();
  for (const [index, event] of events.entries()) {
    await pace?.(index);
    if (response.destroyed || index === hangAfter) return;
    if (index === errorAfter) {
      response.end(sseText({ name: 'error', data: { type: 'error', ...errorOf(path, 500) } }));
      return;
    }
    if (index === cutAfter) {
      cut(response);
      return;
    }
    // The event is on its way before the next, so that a cut stream has brought the events before the cut.
    await written(response, sseText(event));
  }
  response.end();
}

/** Sends half of a JSON body, and breaks the connection. */
export async function cutJson(response: ServerResponse, text: string): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  await written(response, text.slice(0, text.length / 2));
  cut(response);
}

function written(response: ServerResponse, text: string): Promise<void> {
  return new Promise((done) => {
    response.write(text, () => done());
  });
}

const wereCut = new WeakSet<ServerResponse>();

/** Whether the stub itself broke the connection. */
export function isCut(response: ServerResponse): boolean {
  return wereCut.has(response);
}

function cut(response: ServerResponse): void {
  wereCut.add(response);
  response.destroy();
}

/** An error in the shape of the API of `path`. */
export function errorOf(path: string, status: number): object {
  const type = status === 429 ? 'rate_limit_error' : status < 500 ? 'invalid_request_error' : 'api_error';
  const error = { type, message: `the stub answers ${status}` };
  return path.startsWith('/v1/messages')
    ? { type: 'error', error }
    : { error: { ...error, code: null, param: null } };
}
