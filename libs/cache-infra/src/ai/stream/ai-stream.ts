import { CacheError } from '../../base/errors.js';
import { sseFrames, type SseOptions } from './sse.js';
import type { AiStreamEnd, AiStreamStatus } from './stream-status.js';

/** The parts of an {@link AiStream}. */
export interface StreamParts<C> {
  readonly status: Promise<AiStreamStatus>;
  readonly done: Promise<AiStreamEnd>;
  readonly chunks: AsyncIterableIterator<C>;
}

/**
 * A stream of chunks: live, shared with other readers, or replayed from the cache. It has one reader.
 *
 * ```ts
 * const stream = ai.stream('chat', { model, prompt }, async function* ({ signal }) {
 *   for await (const event of await client.chat({ model, prompt, stream: true }, { signal })) yield event.text;
 * });
 * for await (const text of stream) process.stdout.write(text);
 * ```
 *
 * A reader that leaves the loop ends nothing for others. When the last one leaves, the producer's signal aborts.
 */
export class AiStream<C> implements AsyncIterable<C> {
  /** Resolves before the first chunk. Rejects if there is no answer. */
  readonly status: Promise<AiStreamStatus>;
  /** Resolves when the answer is complete and stored. Rejects as the iteration does. */
  readonly done: Promise<AiStreamEnd>;
  readonly #chunks: AsyncIterableIterator<C>;
  #isRead = false;

  /** @internal */
  constructor({ status, done, chunks }: StreamParts<C>) {
    this.status = status;
    this.done = done;
    this.#chunks = chunks;
    // The reader of the chunks gets the error there.
    status.catch(ignore);
    done.catch(ignore);
  }

  /** @throws CacheError when the stream has been read */
  [Symbol.asyncIterator](): AsyncIterableIterator<C> {
    if (this.#isRead)
      throw new CacheError('the stream has one reader, and is being read: call ai.stream() again');
    this.#isRead = true;
    return this.#chunks;
  }

  /** Leaves the stream, read or not. An answer whose last chunk has come is stored all the same. */
  async cancel(): Promise<void> {
    await this.#chunks.return?.();
  }

  /**
   * The stream as server-sent events (WHATWG HTML §9.2), framed as text: an event `status`, one message for each chunk,
   * and an event `done` or `error`. Takes the place of the reader.
   */
  toSse(options: SseOptions<C> = {}): AsyncIterableIterator<string> {
    return sseFrames(this, options);
  }
}

function ignore(): void {
  // The iteration rejects with the same error.
}
