import { ValidationError } from '../base/errors.js';
import { describeValue } from '../base/redact.js';

/** @throws ValidationError unless `key` is a non-empty string */
export function assertKey(key: unknown): asserts key is string {
  if (typeof key === 'string' && key !== '') return;
  throw new ValidationError([
    { path: 'key', message: `key must be a non-empty string, got ${describeValue(key)}` },
  ]);
}
