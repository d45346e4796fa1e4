import type { MessageEvent } from '@nestjs/common';
import { Observable } from 'rxjs';

import type { AiStream, SseOptions } from '../../ai/index.js';
import { frameOf, sseEvents } from '../../ai/stream/sse.js';

/**
 * A stream for a handler with `@Sse()`: an event `status`, one message for each chunk, and an event `done` or `error`.
 * When the client goes, the reader leaves.
 *
 * ```ts
 * @Sse('chat')
 * chat(@Query('q') q: string): Observable<MessageEvent> {
 *   return aiEvents(this.ai.stream('chat', { model, q }, ({ signal }) => this.model.stream(q, { signal })));
 * }
 * ```
 */
export function aiEvents<C>(stream: AiStream<C>, options: SseOptions<C> = {}): Observable<MessageEvent> {
  return new Observable((subscriber) => {
    const events = sseEvents(stream, options);
    const pass = async (): Promise<void> => {
      for await (const event of events) {
        if (subscriber.closed) return;
        subscriber.next(event);
      }
      subscriber.complete();
    };
    pass().catch((error: unknown) => {
      subscriber.error(error);
    });
    return () => {
      void stream.cancel();
    };
  });
}

/** The part of a response that {@link sendAiStream} uses: Node's, Express's, or `reply.raw` of Fastify. */
export interface SseResponse {
  readonly headersSent: boolean;
  readonly destroyed: boolean;
  setHeader(name: string, value: string): unknown;
  flushHeaders(): void;
  write(text: string): boolean;
  end(): unknown;
  once(event: 'drain' | 'close', listener: () => void): unknown;
  off(event: 'drain' | 'close', listener: () => void): unknown;
}

/**
 * Sends a stream as server-sent events, for handlers with `@Res()`: with a `Cache-Status` header, at the pace of the
 * client. When the client goes, the reader leaves. With Fastify, pass `reply.hijack().raw`.
 *
 * Rejects if there is no answer before the first chunk, with nothing sent: an exception filter can answer then.
 * Resolves if the client has gone.
 */
export async function sendAiStream<C>(
  stream: AiStream<C>,
  response: SseResponse,
  options: SseOptions<C> = {},
): Promise<void> {
  const leave = (): void => {
    void stream.cancel();
  };
  response.once('close', leave);
  try {
    if (response.destroyed) leave();
    const { cacheStatus } = await stream.status;
    if (!response.headersSent) {
      response.setHeader('content-type', 'text/event-stream; charset=utf-8');
      response.setHeader('cache-control', 'no-store');
      response.setHeader('cache-status', cacheStatus);
      // Proxies such as nginx would hold the chunks back.
      response.setHeader('x-accel-buffering', 'no');
      response.flushHeaders();
    }
    for await (const event of sseEvents(stream, options)) {
      if (response.destroyed) return;
      if (!response.write(frameOf(event))) await drained(response);
    }
    response.end();
  } catch (error) {
    // A client that has gone is no fault of the answer.
    if (!response.destroyed) throw error;
  } finally {
    response.off('close', leave);
  }
}

/** Waits until the client has read enough, or has gone. */
function drained(response: SseResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.once('drain', done);
    response.once('close', done);
    if (response.destroyed) done();
  });
}
