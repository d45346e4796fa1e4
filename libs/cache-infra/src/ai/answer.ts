import { ValidationError } from '../base/errors.js';
import { describeValue } from '../base/redact.js';
import type { AiOutput, AiUsage } from './output.js';
import type { BypassReason } from './result.js';

/** An answer as it is stored: enough to mark a hit and to count what it saves. */
export interface Answer<T> {
  /** Version of this shape. */
  readonly aiAnswer: 1;
  readonly value: T;
  readonly usage?: AiUsage;
  readonly finishReason?: string;
  readonly status?: number;
  readonly model?: string;
  /** Milliseconds that producing it took. */
  readonly producedMs: number;
  /** Milliseconds since the Unix epoch. */
  readonly storedAt: number;
  /** Milliseconds; 0 = never expires. */
  readonly ttlMs: number;
  /** Why it is handed to its callers only; an answer with this is never stored. */
  readonly bypassed?: BypassReason;
}

export type AnswerFacts = Pick<Answer<unknown>, 'producedMs' | 'storedAt' | 'ttlMs'>;

export function answerOf<T>(
  output: AiOutput<T>,
  facts: AnswerFacts,
  bypassed: BypassReason | undefined,
): Answer<T> {
  const { value, usage, finishReason, status, model } = output;
  return {
    aiAnswer: 1,
    value,
    ...(usage === undefined ? {} : { usage: usageOf(usage) }),
    ...(typeof finishReason === 'string' ? { finishReason } : {}),
    ...(status === undefined ? {} : { status }),
    ...(model === undefined ? {} : { model }),
    ...facts,
    ...(bypassed === undefined ? {} : { bypassed }),
  };
}

/** Whether what a cache gave back is an answer: its key may hold something of another version, or somebody else's. */
export function isAnswer(entry: unknown): entry is Answer<unknown> {
  return typeof entry === 'object' && entry !== null && 'aiAnswer' in entry && entry.aiAnswer === 1;
}

/** @throws ValidationError unless `produce` gave an output */
export function assertOutput(output: unknown): void {
  if (typeof output === 'object' && output !== null && 'value' in output) return;
  throw new ValidationError([
    { path: 'produce', message: `produce must return an object with a value, got ${describeValue(output)}` },
  ]);
}

function usageOf({ inputTokens, outputTokens }: AiUsage): AiUsage {
  return {
    ...(inputTokens === undefined ? {} : { inputTokens }),
    ...(outputTokens === undefined ? {} : { outputTokens }),
  };
}
