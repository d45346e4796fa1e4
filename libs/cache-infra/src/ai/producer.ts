import type { LoadContext } from '../cache/contract/options.js';
import type { AiOutput } from './output.js';

/** The context of `produce`: facts about the call, and methods to control storing. */
export interface AiContext extends Omit<LoadContext, 'stale' | 'notModified'> {
  readonly operation: string;
}

export type Produce<T> = (ctx: AiContext) => AiOutput<T> | Promise<AiOutput<T>>;
