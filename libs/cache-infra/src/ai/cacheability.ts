import { types } from 'node:util';
import type { AiOutput } from './output.js';

/** Why an answer is not stored. Its callers get it regardless. */
export type NotStoredReason =
  | 'error'
  | 'error-status'
  | 'unfinished'
  | 'undefined'
  | 'empty'
  /** The value contains a part that cannot be stored (a function, a circular reference). */
  | 'unserializable';

/** Descriptions of the reasons, for `explain`. */
export const neverStored: Readonly<Record<NotStoredReason, string>> = {
  error: 'produce threw, or returned an Error as its value',
  'error-status': 'the status is 400 or above',
  unfinished: 'the finish reason is not one of a complete answer (truncated, filtered, aborted)',
  undefined: 'the value is undefined',
  empty: 'the value is null, blank text, or a collection without elements',
  unserializable: 'the value holds parts that cannot be stored (functions, symbols, circular references)',
};

/**
 * Finish reasons of complete answers of OpenAI, Anthropic, Google, Mistral, Cohere, Amazon, Ollama, Hugging Face and
 * the AI SDK, compared without case and punctuation. Every other reason marks an incomplete answer: a list of bad
 * reasons would miss new ones.
 */
export const completeFinishReasons: readonly string[] = [
  'stop',
  'end_turn',
  'stop_sequence',
  'eos',
  'eos_token',
  'complete',
  'completed',
  'finish',
  'finished',
  'done',
  'success',
  'tool_calls',
  'tool_call',
  'tool_use',
  'function_call',
];

/** The finish reasons of complete answers: the known ones and `more`. */
export function finishReasonSet(more: readonly string[] = []): ReadonlySet<string> {
  return new Set([...completeFinishReasons, ...more].map(normalized));
}

/** The reason not to store `output`, if any. */
export function whyNotStored(
  output: AiOutput<unknown>,
  complete: ReadonlySet<string>,
): NotStoredReason | undefined {
  const { value, status, finishReason, empty } = output;
  if (types.isNativeError(value) || value instanceof Error) return 'error';
  if (status !== undefined && !(status < 400)) return 'error-status';
  if (finishReason !== undefined && finishReason !== null && !complete.has(normalized(finishReason))) {
    return 'unfinished';
  }
  if (value === undefined) return 'undefined';
  return (empty ?? isEmpty(value)) ? 'empty' : undefined;
}

function normalized(reason: unknown): string {
  return String(reason)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '');
}

function isEmpty(value: unknown): boolean {
  if (value === null) return true;
  if (typeof value === 'string') return value.trim() === '';
  if (typeof value !== 'object') return false;
  if (Array.isArray(value)) return value.length === 0;
  if (ArrayBuffer.isView(value)) return value.byteLength === 0;
  if (types.isMap(value) || types.isSet(value)) return value.size === 0;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === null || prototype === Object.prototype) && Object.keys(value).length === 0;
}
