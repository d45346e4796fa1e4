import { ValidationError } from '../../base/errors.js';
import { describeValue } from '../../base/redact.js';
import type { Answer } from './answer.js';
import { finishReasonText, type BypassReason } from './cacheability.js';
import type { AiUsage } from './output.js';
import { rawBodyOf } from './raw-body.js';
import { recording, type Recorded } from './recorded.js';

export type AnswerFacts = Pick<Answer<unknown>, 'producedMs' | 'storedAt' | 'ttlMs' | 'evidence'>;

export function answerOf<T>(
  output: Recorded<T>,
  usage: AiUsage | undefined,
  facts: AnswerFacts,
  bypassed: BypassReason | undefined,
): Answer<T> {
  const { value, [recording]: recorded } = output;
  const raw = rawBodyOf(value);
  const finishReason = finishReasonText(output.finishReason ?? raw?.finishReasons[0]);
  // Producers in JavaScript pass on what the provider said.
  const status: unknown = output.status;
  const model: unknown = output.model ?? raw?.model;
  return {
    aiAnswer: 1,
    value,
    ...(recorded === undefined ? {} : { chunks: recorded.chunks }),
    ...(recorded?.unstored === undefined ? {} : { lost: true }),
    ...(usage === undefined ? {} : { usage }),
    ...(finishReason === undefined ? {} : { finishReason }),
    ...(typeof status === 'number' ? { status } : {}),
    ...(typeof model === 'string' ? { model } : {}),
    ...facts,
    ...(bypassed === undefined ? {} : { bypassed }),
  };
}

/** @throws ValidationError unless `produce` returned an output */
export function assertOutput(output: unknown): void {
  if (typeof output === 'object' && output !== null && 'value' in output) return;
  throw new ValidationError([
    { path: 'produce', message: `produce must return an object with a value, got ${describeValue(output)}` },
  ]);
}
