import type { Ended } from '../call/call.js';
import type { Origin } from './origin.js';
import type { Recording, RecordingReader } from './recording.js';

/**
 * Decides where a stream comes from, by what comes first: the first chunk of the recording of the load that the call
 * waits for, or the answer.
 */
export class Opening {
  /** The recording of the producer of this call. */
  own: Recording | undefined;
  readonly origin: Promise<Origin>;
  #decide!: (origin: Origin) => void;
  #reject!: (error: unknown) => void;
  #decided: Origin | 'failed' | undefined;
  readonly #mayJoin: boolean;
  #reader: RecordingReader | undefined;
  #recording: Recording | undefined;
  #isLeft = false;

  /** `mayJoin`: whether the call may read the recording of another call. */
  constructor(mayJoin: boolean) {
    this.#mayJoin = mayJoin;
    this.origin = new Promise((resolve, reject) => {
      this.#decide = resolve;
      this.#reject = reject;
    });
    // The reader of the stream gets the error.
    this.origin.catch(() => undefined);
  }

  get isDecided(): boolean {
    return this.#decided !== undefined;
  }

  /** Whether leaving matters: the answer is still being produced. */
  get isLive(): boolean {
    if (this.#decided === undefined) return true;
    return this.#decided !== 'failed' && this.#decided.from === 'live' && !this.#decided.recording.ended;
  }

  /** The load that the call waits for records. */
  found(recording: Recording): void {
    const isProducer = recording === this.own;
    if (this.isDecided || this.#isLeft || (!isProducer && !this.#mayJoin)) return;
    this.#reader?.leave();
    // At once: a recording that stops drops the chunks that no reader waits for.
    this.#reader = recording.join(isProducer);
    this.#recording = recording;
    if (this.#reader !== undefined) void this.#follow(recording, this.#reader, isProducer);
  }

  /** The call has its answer. */
  readonly answered = (ended: Ended<unknown>): void => {
    const isOwn = ended.how !== 'hit' && ended.how !== 'collapsed';
    const [recording, reader] = [this.#recording, this.#reader];
    // An answer without a chunk, or with a value that only its reader can have.
    if (isOwn && recording === this.own && recording !== undefined && reader !== undefined)
      this.#set({ from: 'live', recording, reader, isProducer: true });
    else this.#set({ from: 'stored', ended });
  };

  readonly failed = (error: unknown): void => {
    if (this.isDecided) return;
    this.#decided = 'failed';
    this.#reader?.leave();
    this.#reject(error);
  };

  /** The reader has left. */
  leave(): void {
    this.#isLeft = true;
    this.#reader?.leave();
  }

  async #follow(recording: Recording, reader: RecordingReader, isProducer: boolean): Promise<void> {
    await recording.untilBegun();
    // Without a chunk, the answer decides: it may be a stale one.
    if (recording.begun && this.#reader === reader)
      this.#set({ from: 'live', recording, reader, isProducer });
  }

  #set(origin: Origin): void {
    if (this.isDecided) return;
    this.#decided = origin;
    if (origin.from === 'stored') this.#reader?.leave();
    this.#decide(origin);
  }
}
