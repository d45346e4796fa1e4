import type { Answer } from '../answer/answer.js';
import type { Call } from './call.js';

/** How a stored answer was found. */
export type AiMatch = 'exact' | 'gist' | 'meaning';

/** A stored answer to a request that is alike. */
export interface AlikeCandidate {
  readonly answer: Answer<unknown>;
  readonly matched: Exclude<AiMatch, 'exact'>;
  /** Whether it may be served. Else it is there to be compared with the new answer. */
  readonly isServed: boolean;
  /** Compares its value with the value of a new answer, in the background. Undefined = nothing is compared. */
  readonly compare?: ((produced: unknown, candidate: unknown) => void) | undefined;
}

/** Finds the answers of requests that are alike. Its failures are misses. */
export interface AlikePort {
  find(call: Call, signal: AbortSignal | undefined): Promise<AlikeCandidate | undefined>;
  /** Notes the request of a call as it is: its producer may change it. Before `remember`, unless `find` came first. */
  note(call: Call): void;
  /** Lets requests that are alike find a stored answer, in the background. */
  remember(call: Call, answer: Answer<unknown>): void;
}
