import { ValidationError } from '../base/errors.js';
import { describeValue } from '../base/redact.js';
import { finishReasonText } from './cacheability.js';
import type { AiOutput, AiUsage } from './output.js';
import type { BypassReason } from './result.js';
import { usageOf } from './usage.js';

/** A stored answer, with the facts to describe a hit and count its savings. */
export interface Answer<T> {
  /** Version of this format. */
  readonly aiAnswer: 1;
  readonly value: T;
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
}

export type AnswerFacts = Pick<Answer<unknown>, 'producedMs' | 'storedAt' | 'ttlMs'>;

export function answerOf<T>(
  output: AiOutput<T>,
  facts: AnswerFacts,
  bypassed: BypassReason | undefined,
): Answer<T> {
  const { value } = output;
  const usage = usageOf(output.usage);
  const finishReason = finishReasonText(output.finishReason);
  // Producers in JavaScript pass on what the provider said.
  const status: unknown = output.status;
  const model: unknown = output.model;
  return {
    aiAnswer: 1,
    value,
    ...(usage === undefined ? {} : { usage }),
    ...(finishReason === undefined ? {} : { finishReason }),
    ...(typeof status === 'number' ? { status } : {}),
    ...(typeof model === 'string' ? { model } : {}),
    ...facts,
    ...(bypassed === undefined ? {} : { bypassed }),
  };
}

/** Whether a cached value is an answer: the key may hold a value of another version or program. */
export function isAnswer(entry: unknown): entry is Answer<unknown> {
  return typeof entry === 'object' && entry !== null && 'aiAnswer' in entry && entry.aiAnswer === 1;
}

/** @throws ValidationError unless `produce` returned an output */
export function assertOutput(output: unknown): void {
  if (typeof output === 'object' && output !== null && 'value' in output) return;
  throw new ValidationError([
    { path: 'produce', message: `produce must return an object with a value, got ${describeValue(output)}` },
  ]);
}
