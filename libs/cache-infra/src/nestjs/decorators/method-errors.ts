import { Logger } from '@nestjs/common';

import { CacheClosedError, SerializationError } from '../../base/errors.js';

const logger = new Logger('CacheInfra');
const reported = new Set<string>();

/** True for cache errors that must not hide a method's result from its caller. Other errors are rethrown. */
export function isCacheTrouble(error: unknown): error is Error {
  return error instanceof SerializationError || error instanceof CacheClosedError;
}

/** Warns once per method and kind of error that the method runs uncached. */
export function report(label: string, error: Error): void {
  const id = `${label} ${error.name}`;
  if (reported.has(id)) return;
  reported.add(id);
  logger.warn(`${label} runs uncached: ${error.message}`);
}

/** Warns once per method and `subject`. */
export function warnOnce(label: string, subject: string, words: string): void {
  const id = `${label} ${subject}`;
  if (reported.has(id)) return;
  reported.add(id);
  logger.warn(words);
}

/** Warns once that a function of the options threw after the method succeeded. */
export function reportOption(label: string, error: unknown): void {
  warnOnce(label, 'options', `The result of ${label} is not stored: ${thrownWords(error)}`);
}

/** Warns once that a function of the result threw, so that the entries it names are not evicted. */
export function reportEviction(label: string, error: unknown): void {
  warnOnce(label, 'options', `${label} does not evict by its result: ${thrownWords(error)}`);
}

function thrownWords(error: unknown): string {
  const words = error instanceof Error ? `${error.name}: ${error.message}` : 'a value that is not an Error';
  return `a function in its options threw ${words}`;
}
