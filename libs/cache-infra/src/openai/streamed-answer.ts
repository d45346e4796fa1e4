import type { AiStreamContext } from '../ai/stream/producer.js';
import type { AnswerFacts } from './answer-facts.js';
import { bodyOf } from './body-of-pieces.js';
import { responseOf, UnstoredResponse } from './http-answer.js';
import type { AnsweringApi, ProviderCall } from './provider-call.js';
import { StreamFacts } from './stream-facts.js';

const eventStream = 'text/event-stream';
/** The events of a stream as text. `operations` may name a shape for other chunks. */
const text = { join: (pieces: readonly string[]) => pieces.join(''), split: (value: string) => [value] };

/**
 * The answer to a request for a stream. The events are stored and replayed as they came, without pauses. The response
 * is there with the first event.
 *
 * Clients stop reading at the last event, before the end of the response. So a reader that leaves after the last event
 * of its own call does not end the call: the answer is paid for, and is stored.
 */
export async function streamedAnswer(call: ProviderCall, api: AnsweringApi): Promise<Response> {
  const { ai, operation, aiRequest, send } = call;
  const { signal, ...control } = call.control;
  signal?.throwIfAborted();
  let received: Headers | undefined;
  let facts = new StreamFacts(api);
  async function* events(ctx: AiStreamContext): AsyncGenerator<string, AnswerFacts> {
    const response = await send(ctx.signal);
    const { status, headers, body } = response;
    const isStream = headers.get('content-type')?.startsWith(eventStream) === true;
    if (status !== 200 || !isStream || body === null) throw await UnstoredResponse.of(response);
    received = headers;
    facts = new StreamFacts(api);
    for await (const piece of body.pipeThrough(new TextDecoderStream('utf-8', { ignoreBOM: true }))) {
      facts.push(piece);
      yield piece;
    }
    return facts.facts();
  }
  const leaving = new AbortController();
  const leave = (): void => {
    if (!facts.hasEnded) leaving.abort(signal?.reason);
  };
  const options = { ...control, signal: leaving.signal, shape: text };
  const stream = ai.stream<string>(operation, aiRequest, events, options);
  signal?.addEventListener('abort', leave, { once: true });
  const isOver = (): void => signal?.removeEventListener('abort', leave);
  stream.done.then(isOver, isOver);
  const { cacheStatus } = await stream.status;
  const body = bodyOf(stream[Symbol.asyncIterator](), leave, signal);
  return responseOf(body, received?.get('content-type') ?? eventStream, cacheStatus, received);
}
