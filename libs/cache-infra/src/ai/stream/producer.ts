import type { AiOutput } from '../answer/output.js';
import type { AiContext } from '../call/producer.js';

/** What a producer knows of an answer beside its chunks. */
export type AiStreamFacts = Omit<AiOutput<unknown>, 'value'>;

/** The context of the producer of a stream. */
export interface AiStreamContext extends AiContext {
  /**
   * Tells usage, finish reason, status or model, at any time before the end. A later call adds to an earlier one.
   * An async generator can return them instead.
   */
  facts(facts: AiStreamFacts): void;
}

/**
 * Produces the chunks of a stream: an async generator, or a function that returns an async iterable, such as the stream
 * of an SDK. It is run to its end without waiting for readers.
 */
export type ProduceStream<C> = (ctx: AiStreamContext) => AsyncIterable<C> | Promise<AsyncIterable<C>>;
