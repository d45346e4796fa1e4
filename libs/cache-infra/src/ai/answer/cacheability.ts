import { types } from 'node:util';
import type { AiOutput } from './output.js';
import { rawBodyOf } from './raw-body.js';

/** Why an answer is not stored. Its callers get it regardless. */
export type NotStoredReason =
  | 'error'
  | 'error-status'
  | 'unfinished'
  | 'undefined'
  | 'empty'
  | 'not-admitted'
  /** The stream is longer than `maxRecordedBytes`. */
  | 'too-large'
  /** The cache could not store the answer, with `onError: 'throw'`. */
  | 'store-failed'
  /** The value contains a part that cannot be stored as it is (a function, a circular reference, a `toJSON()`). */
  | 'unserializable';

/**
 * `requested`: the caller passed `bypass` or `noStore`. `skipped`: `produce` called `skipStore()`. `not-accepted`:
 * `accept` refused the answer of a concurrent equal call. Others: why the answer was not stored.
 */
export type BypassReason = NotStoredReason | 'requested' | 'skipped' | 'not-accepted';

/** Descriptions of the reasons, for `explain`. */
export const neverStored: Readonly<Record<NotStoredReason, string>> = {
  error: 'produce threw, or its value is an Error, has isError: true or is the error body of a provider',
  'error-status': 'the status is 400 or above',
  unfinished:
    'the finish reason, or one inside of the body of a provider, is null or not one of a complete answer (truncated, filtered, aborted)',
  undefined: 'the value is undefined',
  empty: 'the value is null, blank text, a collection without elements, or a vector with NaN or zeros only',
  'not-admitted': 'admit of the operation refused the answer, or threw',
  'store-failed': 'the cache failed, and its onError is throw',
  'too-large': 'the stream is longer than maxRecordedBytes',
  unserializable:
    'the value holds parts that cannot be stored as they are (functions, circular references, objects with toJSON)',
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
  'eosFound',
  'endoftext',
  'FINISH_REASON_STOP',
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

/** The known finish reasons of complete answers, as they are compared. */
const known: ReadonlySet<string> = new Set(completeFinishReasons.map(normalized));

/** The finish reasons of complete answers: the known ones and `more`. */
export function finishReasonSet(more: readonly string[] = []): ReadonlySet<string> {
  return new Set([...known, ...more.map(normalized)]);
}

/** The reason not to store `output`, if any. */
export function whyNotStored(
  output: AiOutput<unknown>,
  complete: ReadonlySet<string>,
): NotStoredReason | undefined {
  const { value, status, finishReason, empty } = output;
  if (types.isNativeError(value) || value instanceof Error || isErrorEnvelope(value)) return 'error';
  const raw = rawBodyOf(value);
  if (raw?.isError === true) return 'error';
  if (isFailure(status)) return 'error-status';
  const reasons = finishReason === undefined ? (raw?.finishReasons ?? []) : [finishReason];
  if (reasons.some((reason) => !isComplete(reason, complete))) return 'unfinished';
  if (value === undefined) return 'undefined';
  return (empty ?? isEmpty(value)) ? 'empty' : undefined;
}

/** The text of a finish reason: itself, or `unified` of the AI SDK. Undefined for any other value. */
export function finishReasonText(reason: unknown): string | undefined {
  if (typeof reason === 'string') return reason;
  if (typeof reason !== 'object' || reason === null || !('unified' in reason)) return undefined;
  return typeof reason.unified === 'string' ? reason.unified : undefined;
}

/**
 * The finish reason of an answer with several choices: a reason that does not stand for a complete answer, if a choice
 * has one; else the first reason. `null` without any reason, and if the choices have several unknown ones.
 */
export function worstReason(reasons: readonly unknown[]): string | null {
  const texts = reasons.map((reason) => finishReasonText(reason) ?? null);
  const [first = null] = texts;
  const bad = new Set(texts.filter((reason) => reason === null || !known.has(normalized(reason))));
  if (bad.size > 1) return null;
  return bad.size === 1 ? ([...bad][0] ?? null) : first;
}

/** Whether a status is not known to be below 400. `null` = the provider tells none. */
function isFailure(status: unknown): boolean {
  if (status === undefined || status === null) return false;
  return typeof status !== 'number' || !(status < 400);
}

function isComplete(reason: unknown, complete: ReadonlySet<string>): boolean {
  const text = finishReasonText(reason);
  return text !== undefined && complete.has(normalized(text));
}

/** The result of a failed tool in the Model Context Protocol. */
function isErrorEnvelope(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'isError' in value && value.isError === true;
}

function normalized(reason: string): string {
  return reason.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

function isEmpty(value: unknown): boolean {
  if (value === null) return true;
  if (isBrokenVector(value)) return true;
  if (typeof value === 'string') return value.trim() === '';
  if (typeof value !== 'object') return false;
  if (Array.isArray(value)) return value.length === 0;
  if (ArrayBuffer.isView(value)) return value.byteLength === 0;
  if (types.isMap(value) || types.isSet(value)) return value.size === 0;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === null || prototype === Object.prototype) && Object.keys(value).length === 0;
}

/** A vector of an embedding that means nothing: with a number that is not finite, or a typed array of zeros. */
function isBrokenVector(value: unknown): boolean {
  if (Array.isArray(value)) return value.some((each) => typeof each === 'number' && !Number.isFinite(each));
  if (!(value instanceof Float32Array) && !(value instanceof Float64Array)) return false;
  const numbers: Iterable<number> = value;
  let isZero = value.length > 0;
  for (const each of numbers) {
    if (!Number.isFinite(each)) return true;
    if (each !== 0) isZero = false;
  }
  return isZero;
}
