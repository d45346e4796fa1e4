import { withoutCredentials } from '../../base/redact.js';
import type { BudgetPhase } from './error-budget.js';

/** What happens beside the answers: for logs, events and metrics. No event holds a text, an answer or a vector. */
export type AlikeEvent =
  /** A band of similarity changed its phase, by a check of this process. */
  | {
      readonly kind: 'phase';
      readonly band: string;
      readonly from: BudgetPhase;
      readonly to: BudgetPhase;
      readonly checks: number;
      readonly wrong: number;
    }
  /** A look-up did not end within `timeout`: it was a miss. */
  | { readonly kind: 'slow'; readonly timeoutMs: number }
  /** The embedder failed or was slow several times in a row: until it works, it is tried once in `pauseMs`. */
  | { readonly kind: 'embedder-paused'; readonly pauseMs: number }
  /** The judge failed several times in a row, so nothing is served until it works; or it works again. */
  | { readonly kind: 'judge-down' | 'judge-up' }
  /** `text`, `redact`, the embedder, the judge or the cache failed, or a vector was refused. The call goes on. */
  | {
      readonly kind: 'failed';
      readonly part: 'text' | 'embedder' | 'vector' | 'judge' | 'cache';
      readonly reason: string;
    };

/** Receives the events of one operation. Its errors are ignored. */
export type AlikeReport = (event: AlikeEvent) => void;

/** The reason of an event: the message of an error without credentials, at most 200 characters. */
export function reasonOf(error: unknown): string {
  return withoutCredentials(messageOf(error) ?? `rejected with ${typeof error}`).slice(0, 200);
}

/** The message of an error, also of another realm. */
export function messageOf(error: unknown): string | undefined {
  const isObject = typeof error === 'object' && error !== null;
  return isObject && 'message' in error && typeof error.message === 'string' ? error.message : undefined;
}
