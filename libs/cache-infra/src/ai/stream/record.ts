import { ValidationError } from '../../base/errors.js';
import { describeValue } from '../../base/redact.js';
import { ChunkFacts } from '../answer/chunk-facts.js';
import { recording as recordingField, type Recorded } from '../answer/recorded.js';
import type { AiContext } from '../call/producer.js';
import { untilAborted } from '../call/until-aborted.js';
import type { AiStreamFacts, ProduceStream } from './producer.js';
import type { Recording } from './recording.js';

/** A production of a stream. */
export interface Production {
  readonly produce: ProduceStream<unknown>;
  readonly recording: Recording;
  /** Makes the value of all chunks. Undefined = it cannot be made, and the fault is reported. */
  readonly join: (chunks: readonly unknown[]) => { readonly value: unknown } | undefined;
  /** Makes the answer of an output that is not stored, after its recording has stopped. */
  readonly conclude: (output: Recorded<unknown>) => Promise<void>;
}

/**
 * Runs the producer of a stream, and records its chunks. Resolves with the output, or, once the recording has stopped,
 * with one that is not stored: then the stream goes on for its readers.
 */
export async function record(ctx: AiContext, production: Production): Promise<Recorded<unknown>> {
  const { recording } = production;
  const facts = new Facts();
  const signal = AbortSignal.any([ctx.signal, recording.abandoned]);
  const run = drained(production, ctx, facts, signal).then(
    () => {
      recording.end();
    },
    (cause: unknown) => {
      recording.end({ cause });
      throw cause;
    },
  );
  await Promise.race([run, recording.untilStopped()]);
  if (recording.stopped !== undefined) {
    const isOver = run.then(() => production.conclude(unstored(recording, facts)));
    // The readers of the stream get the error there.
    isOver.catch(() => undefined);
    return unstored(recording, new Facts());
  }
  await run;
  return whole(production, facts);
}

function whole({ recording, join }: Production, facts: Facts): Recorded<unknown> {
  const { chunks } = recording;
  const joined = join(chunks);
  const made = recording.settle.bind(recording);
  if (joined === undefined) {
    const field = { chunks: [], unstored: 'unserializable' as const, made };
    return { ...facts.all(), value: undefined, [recordingField]: field };
  }
  return { ...facts.all(), value: joined.value, [recordingField]: { chunks, made } };
}

function unstored({ stopped }: Recording, facts: Facts): Recorded<unknown> {
  return { ...facts.all(), value: undefined, [recordingField]: { chunks: [], unstored: stopped } };
}

/** What the producer and the chunks tell of the answer. The producer knows better. */
class Facts {
  readonly #chunks = new ChunkFacts();
  #told: AiStreamFacts = {};

  /** Adds facts. `undefined` tells nothing. */
  tell(facts: unknown): void {
    if (typeof facts !== 'object' || facts === null) return;
    const known = Object.entries(facts).filter(([, value]) => value !== undefined);
    this.#told = { ...this.#told, ...Object.fromEntries(known) };
  }

  read(chunk: unknown): void {
    this.#chunks.read(chunk);
  }

  all(): AiStreamFacts {
    return { ...(this.#chunks.told() as AiStreamFacts), ...this.#told };
  }
}

/** Passes the chunks to the recording, and the facts to `facts`. */
async function drained(
  { produce, recording }: Production,
  ctx: AiContext,
  facts: Facts,
  signal: AbortSignal,
): Promise<void> {
  const told = { facts: facts.tell.bind(facts), signal };
  const stream: unknown = await untilAborted(Promise.resolve(produce(Object.assign(ctx, told))), signal);
  const iterator = iteratorOf(stream);
  try {
    for (;;) {
      const { done, value } = await untilAborted(iterator.next(), signal);
      // The streams of some SDKs end without an error when they are aborted: what is there is a part of the answer.
      signal.throwIfAborted();
      if (done === true) {
        facts.tell(value);
        return;
      }
      facts.read(value);
      const slow = recording.push(value);
      if (slow !== undefined) await untilAborted(slow, signal);
    }
  } catch (error) {
    release(iterator);
    throw error;
  }
}

/** Ends an iterator. Not awaited: a generator that hangs would keep its callers. */
function release(iterator: AsyncIterator<unknown, unknown>): void {
  try {
    Promise.resolve(iterator.return?.()).catch(() => undefined);
  } catch {
    // The error of the stream tells more.
  }
}

function iteratorOf(stream: unknown): AsyncIterator<unknown, unknown> {
  if (typeof stream === 'object' && stream !== null) {
    if (Symbol.asyncIterator in stream) return (stream as AsyncIterable<unknown>)[Symbol.asyncIterator]();
  }
  throw new ValidationError([
    {
      path: 'produce',
      message: `produce must return an async iterable of chunks, got ${describeValue(stream)}`,
    },
  ]);
}
