import type { RecordingReader } from './recording.js';

/** Where the chunks of a stream come from. */
export type ChunkSource =
  | { readonly from: 'stored'; readonly chunks: () => readonly unknown[] }
  | { readonly from: 'live'; readonly reader: RecordingReader; readonly changed: () => Promise<void> };

/**
 * Reads the chunks of a stream. Not an async generator: there, `return()` waits for the chunk that is awaited, and a
 * reader could not leave a silent producer.
 */
export class ChunkIterator<C> implements AsyncIterableIterator<C> {
  readonly #source: Promise<ChunkSource>;
  readonly #signal: AbortSignal | undefined;
  readonly #leave: () => void;
  #last: Promise<unknown> = Promise.resolve();
  #stored: Iterator<unknown> | undefined;
  #isOver = false;
  #wake: () => void = ignore;

  /** `signal`: ends the reading with its reason. `leave`: called when the reader leaves before the end. */
  constructor(source: Promise<ChunkSource>, signal: AbortSignal | undefined, leave: () => void) {
    this.#source = source;
    this.#signal = signal;
    this.#leave = leave;
    // The reader gets the error with its next chunk.
    source.catch(ignore);
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<C, void>> {
    const result = this.#last.then(() => this.#next());
    this.#last = result.catch(ignore);
    return result;
  }

  /** Leaves at once, also while a chunk is awaited. */
  return(): Promise<IteratorResult<C, void>> {
    if (!this.#isOver) {
      this.#close();
      this.#leave();
    }
    return Promise.resolve({ done: true, value: undefined });
  }

  async #next(): Promise<IteratorResult<C, void>> {
    try {
      const source = await this.#unlessOver(this.#source);
      for (;;) {
        if (this.#isOver) return this.#ended();
        this.#signal?.throwIfAborted();
        if (source === undefined) return this.#ended();
        const taken = this.#take(source);
        if (taken === 'end') return this.#ended();
        if (taken !== undefined) return { done: false, value: taken.chunk as C };
        if (source.from === 'live') await this.#unlessOver(source.changed());
      }
    } catch (error) {
      const isLeft = this.#isOver;
      this.#close();
      if (isLeft) return this.#ended();
      throw error;
    }
  }

  #take(source: ChunkSource): { readonly chunk: unknown } | 'end' | undefined {
    if (source.from === 'live') return source.reader.take();
    this.#stored ??= source.chunks()[Symbol.iterator]();
    const next = this.#stored.next();
    return next.done === true ? 'end' : { chunk: next.value };
  }

  /** Waits for `work`, or until the reader leaves. */
  async #unlessOver<T>(work: Promise<T>): Promise<T | undefined> {
    if (this.#isOver) return undefined;
    return new Promise((resolve, reject) => {
      this.#wake = () => {
        resolve(undefined);
      };
      work.then(resolve, reject);
    });
  }

  readonly #onAbort = (): void => {
    this.#wake();
  };

  #ended(): IteratorResult<C, void> {
    this.#close();
    return { done: true, value: undefined };
  }

  #close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#wake();
    this.#source.then((source) => {
      if (source.from === 'live') source.reader.leave();
    }, ignore);
  }
}

function ignore(): void {
  // Nothing waits, or the reader gets the error.
}
