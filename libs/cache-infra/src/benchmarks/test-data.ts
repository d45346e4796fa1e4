import { ValidationError } from '../base/errors.js';
import { assertKey } from '../keys/key.js';
import type { BenchmarkEntry } from './data-generator.js';
import { messageOf } from './message-of.js';

/** Data of a benchmark: records with `key` and `value` (other fields are ignored), pairs, a `Map`, or an object. */
export type TestData =
  | readonly BenchmarkEntry[]
  | readonly (readonly [key: string, value: unknown])[]
  | ReadonlyMap<string, unknown>
  | Readonly<Record<string, unknown>>;

/**
 * Converts test data to entries.
 *
 * @throws ValidationError for empty data or an invalid record
 */
export function entriesOf(testData: TestData): readonly BenchmarkEntry[] {
  const entries = listed(testData);
  if (entries.length === 0) throw new ValidationError('testData must hold at least one record');
  return entries;
}

function listed(testData: TestData): readonly BenchmarkEntry[] {
  if (testData instanceof Map) {
    return Array.from(testData as ReadonlyMap<string, unknown>, ([key, value]) => entry(key, value, key));
  }
  if (Array.isArray(testData)) {
    return (testData as readonly unknown[]).map((record, index) => entryAt(record, index));
  }
  if (typeof testData === 'object' && testData !== null) {
    return Object.entries(testData).map(([key, value]) => entry(key, value, key));
  }
  throw new ValidationError(
    'testData must be an array of { key, value }, a Map, or an object of keys and values',
  );
}

function entryAt(record: unknown, index: number): BenchmarkEntry {
  if (Array.isArray(record) && record.length === 2) return entry(record[0], record[1], index);
  if (typeof record === 'object' && record !== null && 'key' in record && 'value' in record) {
    return entry(record.key, record.value, index);
  }
  throw new ValidationError(`testData[${index}] must be { key, value } or [key, value]`);
}

function entry(key: unknown, value: unknown, where: number | string): BenchmarkEntry {
  try {
    assertKey(key);
  } catch (error) {
    const reason = messageOf(error);
    throw new ValidationError(`testData[${JSON.stringify(where)}]: ${reason}`);
  }
  if (value === undefined) {
    throw new ValidationError(`testData[${JSON.stringify(where)}]: undefined is not cacheable`);
  }
  return { key: key, value };
}
