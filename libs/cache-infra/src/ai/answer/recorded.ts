import type { Answer } from './answer.js';
import type { NotStoredReason } from './cacheability.js';
import type { AiOutput } from './output.js';

/** What a recorded stream adds to an output. A symbol, since producers may return fields of their own. */
export const recording: unique symbol = Symbol('recording');

/** An output that may come from a recorded stream. */
export interface Recorded<T> extends AiOutput<T> {
  readonly [recording]?: {
    /** Stored in place of the value. */
    readonly chunks: readonly unknown[];
    /** Why the recording ended before the stream; then the value is not known. */
    readonly unstored?: NotStoredReason | undefined;
    /** Called with the answer that is made of the output. */
    readonly made?: ((answer: Answer<unknown>) => void) | undefined;
  };
}
