import { CacheError } from '../../base/errors.js';
import { describeValue } from '../../base/redact.js';
import type { AiStreamEnd, AiStreamStatus } from './stream-status.js';

export interface SseOptions<C> {
  /** The data of a chunk. Default: a text as it is, bytes as UTF-8, any other chunk as JSON. */
  readonly data?: ((chunk: C) => string) | undefined;
  /** What clients are told of an error. Default: `'the answer failed'`: messages of providers may hold secrets. */
  readonly error?: ((error: unknown) => string) | undefined;
}

/** A stream with its status and end. */
export interface StreamedAnswer<C> {
  readonly status: Promise<AiStreamStatus>;
  readonly done: Promise<AiStreamEnd>;
  [Symbol.asyncIterator](): AsyncIterableIterator<C>;
  cancel(): Promise<void>;
}

/** One event: its data, and its type if it has one. */
export interface SseEvent {
  readonly type?: string;
  readonly data: string;
}

/** The events of a stream: its status, its chunks, and its end. Its `return()` leaves the stream at once. */
export function sseEvents<C>(
  stream: StreamedAnswer<C>,
  options: SseOptions<C>,
): AsyncIterableIterator<SseEvent> {
  return leaving(events(stream, options), stream);
}

/** As {@link sseEvents}, framed as text. */
export function sseFrames<C>(
  stream: StreamedAnswer<C>,
  options: SseOptions<C>,
): AsyncIterableIterator<string> {
  return leaving(frames(events(stream, options)), stream);
}

/** An event as text. A line break ends a line of data, whichever it is. */
export function frameOf({ type, data }: SseEvent): string {
  const lines = data.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
  return `${type === undefined ? '' : `event: ${type}\n`}${lines.join('')}\n`;
}

async function* events<C>(
  stream: StreamedAnswer<C>,
  { data, error }: SseOptions<C>,
): AsyncGenerator<SseEvent, void, void> {
  const texts = new ChunkTexts();
  try {
    const chunks = stream[Symbol.asyncIterator]();
    const { key: _, ...status } = await stream.status;
    yield { type: 'status', data: JSON.stringify(status) };
    for await (const chunk of chunks) {
      const text = data === undefined ? texts.of(chunk) : data(chunk);
      if (text !== undefined) yield { data: text };
    }
    const rest = texts.rest();
    if (rest !== '') yield { data: rest };
    const { key: _key, evidence: _evidence, ...end } = await stream.done;
    yield { type: 'done', data: JSON.stringify(end) };
  } catch (cause) {
    yield { type: 'error', data: JSON.stringify({ message: messageFor(cause, error) }) };
  }
}

async function* frames(all: AsyncGenerator<SseEvent, void, void>): AsyncGenerator<string, void, void> {
  for await (const event of all) yield frameOf(event);
}

function messageFor(cause: unknown, error: SseOptions<never>['error']): string {
  try {
    if (error !== undefined) return error(cause);
  } catch {
    // The client is told that the answer failed, whatever failed to say why.
  }
  return 'the answer failed';
}

/** A generator whose `return()` leaves the stream at once, also while a chunk is awaited. */
function leaving<T>(
  generator: AsyncGenerator<T, void, void>,
  stream: Pick<StreamedAnswer<unknown>, 'cancel'>,
): AsyncIterableIterator<T> {
  const iterator: AsyncIterableIterator<T> = {
    [Symbol.asyncIterator]: () => iterator,
    next: () => generator.next(),
    return: async () => {
      await stream.cancel();
      return generator.return();
    },
  };
  return iterator;
}

/** The data of chunks. A character that two chunks share is sent with the second. */
class ChunkTexts {
  #held = '';
  readonly #decoder = new TextDecoder();

  of(chunk: unknown): string | undefined {
    if (chunk instanceof Uint8Array) return this.#decoder.decode(chunk, { stream: true });
    if (typeof chunk !== 'string') return jsonOf(chunk);
    const text = this.#held + chunk;
    const isCut = /[\ud800-\udbff]$/.test(text);
    this.#held = isCut ? text.slice(-1) : '';
    const whole = isCut ? text.slice(0, -1) : text;
    return whole === '' && chunk !== '' ? undefined : whole;
  }

  rest(): string {
    return this.#held + this.#decoder.decode();
  }
}

function jsonOf(chunk: unknown): string {
  const text: string | undefined = JSON.stringify(chunk);
  if (text === undefined) throw new CacheError(`a chunk has no JSON: ${describeValue(chunk)}`);
  return text;
}
