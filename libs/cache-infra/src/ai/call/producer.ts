import type { LoadContext } from '../../cache/contract/options.js';
import type { AiOutput } from '../answer/output.js';

/** The context of `produce`: facts about the call, and methods to control storing. */
export interface AiContext extends Omit<LoadContext, 'stale' | 'notModified'> {
  readonly operation: string;
  /**
   * Stores evidence beside the answer, for `accept` to read: the ids and versions of the documents it is made of, or the
   * scopes it needs. It must be data, as a value must be. Not part of the key.
   */
  evidence(evidence: unknown): void;
}

export type Produce<T> = (ctx: AiContext) => AiOutput<T> | Promise<AiOutput<T>>;
