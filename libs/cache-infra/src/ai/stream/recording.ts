import { serialize } from 'node:v8';
import { setImmediate } from 'node:timers/promises';

import { CacheError, SerializationError } from '../../base/errors.js';
import { isPlain } from '../../base/opaque.js';
import { snapshot } from '../../values/snapshot.js';
import type { Answer } from '../answer/answer.js';
import type { NotStoredReason } from '../answer/cacheability.js';

/** Bytes that the fastest reader may be behind once the recording has stopped. Then the producer waits for it. */
const maxBehind = 64 * 1024;
/** Bytes that a chunk takes beside its content. */
const chunkOverhead = 64;
/** Chunks after which a producer without a break lets other work run. */
const chunksPerTurn = 1000;

/**
 * The chunks of a stream while it is produced: the one buffer of all its readers. A reader begins with the first chunk,
 * and then follows the producer.
 *
 * A recording that exceeds `maxBytes`, or has a chunk that cannot be copied, stops: nothing of it is stored, and no
 * reader joins it any more. Then the producer waits for its fastest reader, and another one that falls `maxBytes`
 * behind gets an error: no reader holds up the others.
 */
export class Recording {
  readonly #maxBytes: number;
  #chunks: Chunk[] = [];
  /** Position of the first chunk in the buffer. */
  #first = 0;
  /** Bytes of all chunks so far. */
  #bytes = 0;
  readonly #readers = new Set<RecordingReader>();
  readonly #change = new Change();
  #stopped: NotStoredReason | undefined;
  #end: { readonly cause?: unknown } | undefined;
  readonly #abandoned = new AbortController();
  readonly #outcome = new Outcome();

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether a chunk has come. */
  get begun(): boolean {
    return this.#bytes > 0;
  }

  get ended(): boolean {
    return this.#end !== undefined;
  }

  /** Why the recording has stopped; undefined = it goes on. */
  get stopped(): NotStoredReason | undefined {
    return this.#stopped;
  }

  /** Aborts when the recording has stopped and its last reader has left. */
  get abandoned(): AbortSignal {
    return this.#abandoned.signal;
  }

  /** The answer of the stream, once it has ended. Rejects as the stream does. */
  get outcome(): Promise<Answer<unknown>> {
    return this.#outcome.promise;
  }

  settle(answer: Answer<unknown>): void {
    this.#outcome.resolve(answer);
  }

  /** The recorded chunks. Only of a recording that has not stopped. */
  get chunks(): readonly unknown[] {
    return this.#chunks.map(({ kept }) => kept);
  }

  /** Adds a reader. Undefined once chunks may be missing. */
  join(isProducer: boolean): RecordingReader | undefined {
    if (this.#first > 0 || (this.#stopped !== undefined && !isProducer)) return undefined;
    const reader = new RecordingReader(this, isProducer);
    this.#readers.add(reader);
    return reader;
  }

  /** Resolves when the first chunk has come, or the end. */
  async untilBegun(): Promise<void> {
    while (!this.begun && !this.ended) await this.#change.next();
  }

  /** Resolves when the recording has ended or stopped. */
  async untilStopped(): Promise<void> {
    while (!this.ended && this.#stopped === undefined) await this.#change.next();
  }

  /** Adds a chunk. Returns what the producer waits for, if it must. */
  push(chunk: unknown): Promise<unknown> | undefined {
    const made = this.#record(chunk);
    this.#chunks.push(made);
    this.#bytes = made.endsAt;
    if (this.#bytes > this.#maxBytes) this.#stop('too-large');
    this.#change.happened();
    const count = this.#first + this.#chunks.length;
    if (this.#stopped !== undefined) return this.#untilRead();
    return count % chunksPerTurn === 0 ? setImmediate() : undefined;
  }

  /** Ends the stream: with an error, or cleanly without one. */
  end(error: { readonly cause?: unknown } = {}): void {
    this.#end ??= error;
    if ('cause' in error) this.#outcome.reject(error.cause);
    this.#change.happened();
  }

  /** The chunk at a position. Undefined = there is none yet; throws at the end of a stream that failed. */
  at(position: number): Chunk | 'end' | undefined {
    const chunk = this.#chunks[position - this.#first];
    if (chunk !== undefined || this.#end === undefined) return chunk;
    if ('cause' in this.#end) throw this.#end.cause;
    return 'end';
  }

  /** Resolves when something has changed. */
  changed(): Promise<void> {
    return this.#change.next();
  }

  /** A reader has taken a chunk. */
  took(): void {
    if (this.#stopped !== undefined) this.#change.happened();
  }

  leave(reader: RecordingReader): void {
    this.#readers.delete(reader);
    this.#abandonIfLeft();
    this.#change.happened();
  }

  #abandonIfLeft(): void {
    if (this.#stopped === undefined || this.#readers.size > 0 || this.ended) return;
    this.#abandoned.abort(new DOMException('every reader has left the stream', 'AbortError'));
  }

  #stop(reason: NotStoredReason): void {
    this.#stopped ??= reason;
    this.#abandonIfLeft();
  }

  /** Drops chunks that are read, and waits until the fastest reader is close behind. */
  async #untilRead(): Promise<void> {
    for (;;) {
      let fastest = this.#first;
      for (const { position } of this.#readers) fastest = Math.max(fastest, position);
      let slowest = Infinity;
      for (const reader of this.#readers) {
        const { position } = reader;
        const isLate = this.#bytes - this.#endOf(position) > this.#maxBytes + maxBehind;
        if (isLate && position < fastest) {
          reader.fail(
            new CacheError('the reader is too slow for a stream that grew beyond maxRecordedBytes'),
          );
          this.#readers.delete(reader);
        } else {
          slowest = Math.min(slowest, position);
        }
      }
      this.#abandonIfLeft();
      this.#dropUntil(Math.min(slowest, this.#first + this.#chunks.length));
      if (this.#readers.size === 0) return setImmediate();
      if (this.#bytes - this.#endOf(fastest) <= maxBehind) return;
      await this.#change.next();
    }
  }

  /** Bytes of the chunks before a position. */
  #endOf(position: number): number {
    const next = this.#chunks[position - this.#first];
    return next === undefined ? this.#bytes : next.endsAt - next.bytes;
  }

  #dropUntil(position: number): void {
    const count = position - this.#first;
    const bytes = this.#endOf(position) - this.#endOf(this.#first);
    // Many at a time: each removal moves the chunks behind.
    if (count < this.#chunks.length && count < chunksPerTurn && bytes < maxBehind) return;
    this.#chunks.splice(0, count);
    this.#first = position;
  }

  #record(given: unknown): Chunk {
    const { kept, isCopied } = this.#keep(given);
    const bytes = sizeOf(kept) + chunkOverhead;
    return { given, kept, isCopied, bytes, endsAt: this.#bytes + bytes };
  }

  #keep(chunk: unknown): Pick<Chunk, 'kept' | 'isCopied'> {
    if (isImmutable(chunk)) return { kept: chunk, isCopied: false };
    try {
      return { kept: snapshot(chunk).value, isCopied: true };
    } catch {
      this.#stop('unserializable');
      return { kept: undefined, isCopied: undefined };
    }
  }
}

export interface Chunk {
  /** The chunk as it was produced. */
  readonly given: unknown;
  /** A copy that no reader has, or the immutable chunk itself. */
  readonly kept: unknown;
  /** False = immutable; undefined = it cannot be copied. */
  readonly isCopied: boolean | undefined;
  readonly bytes: number;
  /** Bytes of all chunks up to this one. */
  readonly endsAt: number;
}

/** One reader of a recording, and its position. */
export class RecordingReader {
  readonly #recording: Recording;
  readonly #isProducer: boolean;
  #position = 0;
  #failure: CacheError | undefined;

  constructor(recording: Recording, isProducer: boolean) {
    this.#recording = recording;
    this.#isProducer = isProducer;
  }

  /** Position of its next chunk. */
  get position(): number {
    return this.#position;
  }

  fail(error: CacheError): void {
    this.#failure = error;
  }

  leave(): void {
    this.#recording.leave(this);
  }

  /** The next chunk; undefined = there is none yet. Throws the error of the stream. */
  take(): { readonly chunk: unknown } | 'end' | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    const next = this.#recording.at(this.#position);
    if (next === undefined || next === 'end') return next;
    const chunk = this.#isProducer ? forProducer(next) : copyOf(next);
    this.#position += 1;
    this.#recording.took();
    return { chunk };
  }
}

/** The chunk for the caller whose producer made it: an instance as it is, and data as it was when it was given. */
function forProducer(chunk: Chunk): unknown {
  const { given } = chunk;
  const isData = Array.isArray(given) || ArrayBuffer.isView(given) || (isObject(given) && isPlain(given));
  return chunk.isCopied === true && isData ? copyOf(chunk) : given;
}

function copyOf({ kept, isCopied }: Chunk): unknown {
  if (isCopied === undefined)
    throw new SerializationError('a chunk of the stream cannot be copied for this reader');
  return isCopied ? snapshot(kept).value : kept;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isImmutable(chunk: unknown): boolean {
  return !isObject(chunk) && typeof chunk !== 'function' && typeof chunk !== 'symbol';
}

/** About the bytes of a chunk. */
function sizeOf(chunk: unknown): number {
  if (typeof chunk === 'string') return Buffer.byteLength(chunk);
  if (ArrayBuffer.isView(chunk)) return chunk.byteLength;
  return isObject(chunk) ? serialize(chunk).byteLength : 8;
}

/** Wakes everyone who waits, however many they are, with one promise. */
class Change {
  #waiting: Promise<void> | undefined;
  #wake: (() => void) | undefined;

  next(): Promise<void> {
    this.#waiting ??= new Promise((resolve) => {
      this.#wake = resolve;
    });
    return this.#waiting;
  }

  happened(): void {
    const wake = this.#wake;
    this.#wake = this.#waiting = undefined;
    wake?.();
  }
}

class Outcome {
  resolve!: (answer: Answer<unknown>) => void;
  reject!: (error: unknown) => void;
  readonly promise = new Promise<Answer<unknown>>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });

  constructor() {
    // A stream may have no reader.
    this.promise.catch(() => undefined);
  }
}
