import { ValidationError } from '../../base/errors.js';
import type { ValueSchema } from '../contract/value-schema.js';

/** By schema: the stored objects that fit. A stored object never changes, so each is checked once. */
const fitting = new WeakMap<ValueSchema, WeakSet<object>>();

/**
 * True if a stored value fits a schema.
 *
 * @param held the object in the L1, or the one that was read from Redis
 * @param copy what the schema is shown
 * @throws ValidationError if the schema validates asynchronously
 */
export function fits(schema: ValueSchema, held: unknown, copy: unknown): boolean {
  const isObject = typeof held === 'object' && held !== null;
  if (isObject && fitting.get(schema)?.has(held) === true) return true;
  const result = schema['~standard'].validate(copy);
  if (result instanceof Promise) {
    result.catch(ignore);
    throw problem(
      `schema of ${schema['~standard'].vendor} must validate synchronously, it returned a promise`,
    );
  }
  if (result.issues !== undefined) return false;
  if (isObject) remember(schema, held);
  return true;
}

function remember(schema: ValueSchema, held: object): void {
  const known = fitting.get(schema);
  if (known === undefined) fitting.set(schema, new WeakSet([held]));
  else known.add(held);
}

/** @throws ValidationError unless it is a Standard Schema */
export function assertSchema(schema: unknown): asserts schema is ValueSchema {
  const isObject = (typeof schema === 'object' && schema !== null) || typeof schema === 'function';
  const standard = isObject ? (schema as Partial<ValueSchema>)['~standard'] : undefined;
  if (typeof standard?.validate !== 'function')
    throw problem(
      'schema must be a Standard Schema (zod, valibot, arktype): an object with ~standard.validate',
    );
}

function problem(message: string): ValidationError {
  return new ValidationError([{ path: 'schema', message }]);
}

function ignore(): void {
  // The caller hears that the schema is asynchronous.
}
