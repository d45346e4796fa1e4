import type { BypassReason } from './cacheability.js';
import type { AiUsage } from './output.js';

/** A stored answer, with the facts to describe a hit and count its savings. */
export interface Answer<T> {
  /** Version of this format. */
  readonly aiAnswer: 1;
  readonly value: T;
  /** The chunks of a stream, stored in place of `value`. */
  readonly chunks?: readonly unknown[];
  /** What the producer passed to `ctx.evidence()`. */
  readonly evidence?: unknown;
  readonly usage?: AiUsage;
  readonly finishReason?: string;
  readonly status?: number;
  readonly model?: string;
  /** Duration of `produce` in milliseconds. */
  readonly producedMs: number;
  /** Milliseconds since the Unix epoch. */
  readonly storedAt: number;
  /** Milliseconds; 0 = never expires. */
  readonly ttlMs: number;
  /** Why the answer is not stored. */
  readonly bypassed?: BypassReason;
  /** The number of its production in the process that produced it. */
  readonly production?: number;
  /** The answer was stored for a request that is alike. Never stored. */
  readonly matched?: 'gist' | 'meaning';
  /** The value is not known: only the readers of the stream had it. */
  readonly lost?: true;
}

/** Whether a cached value is an answer: the key may hold a value of another version or program. */
export function isAnswer(entry: unknown): entry is Answer<unknown> {
  return typeof entry === 'object' && entry !== null && 'aiAnswer' in entry && entry.aiAnswer === 1;
}

/** The form of an answer that is stored: chunks stand in place of the value that was made of them. */
export function storedForm(answer: Answer<unknown>): object {
  if (answer.chunks === undefined) return answer;
  const { value: _, ...stored } = answer;
  return stored;
}

/** Stands for the answer to a request of a batch that failed. Never stored. */
export const failedAnswer = Object.freeze({ aiAnswer: 1, failed: true });

export function isFailed(entry: unknown): boolean {
  return isAnswer(entry) && 'failed' in entry;
}
