import type { AiOutput } from '../answer/output.js';

/** The context of the producer of a batch. */
export interface AiBatchContext {
  readonly operation: string;
  /** Aborts when every caller has left. */
  readonly signal: AbortSignal;
}

/**
 * Produces the outputs of the requests without an answer, in their order: as many as `missing`. `undefined` or an
 * `Error` in place of an output fails that request alone.
 */
export type ProduceBatch<R, T> = (
  missing: readonly R[],
  ctx: AiBatchContext,
) => readonly BatchOutput<T>[] | Promise<readonly BatchOutput<T>[]>;

export type BatchOutput<T> = AiOutput<T> | Error | undefined;
