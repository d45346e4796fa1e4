import type { LoadContext } from '../cache/contract/options.js';
import type { AiOutput } from './output.js';

/** What `produce` is told, and may decide. */
export interface AiContext extends LoadContext {
  readonly operation: string;
}

export type Produce<T> = (ctx: AiContext) => AiOutput<T> | Promise<AiOutput<T>>;
