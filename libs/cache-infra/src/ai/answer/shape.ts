import { ValidationError } from '../../base/errors.js';

/**
 * How the chunks of `stream` and the value of `run` become each other, so that both calls share an answer.
 *
 * Default: chunks of text are joined to a text, byte arrays to a `Uint8Array`; other chunks are a list. A text or a byte
 * array is one chunk, a list is its elements, any other value is one chunk.
 */
export interface AiShape<C, V> {
  join(chunks: readonly C[]): V;
  split(value: V): Iterable<C>;
}

export const defaultShape: AiShape<unknown, unknown> = {
  join(chunks) {
    if (chunks.length === 0) return undefined;
    if (chunks.every((chunk) => typeof chunk === 'string')) return chunks.join('');
    if (!chunks.every((chunk) => chunk instanceof Uint8Array)) return [...chunks];
    return new Uint8Array(Buffer.concat(chunks));
  },
  split(value) {
    if (value === undefined) return [];
    return Array.isArray(value) ? (value as readonly unknown[]) : [value];
  },
};

/** The chunks of a value. Throws `ValidationError` if `split` gives no list. */
export function chunksOf(shape: AiShape<unknown, unknown>, value: unknown): readonly unknown[] {
  const chunks: unknown = shape.split(value);
  const isIterable = typeof chunks === 'object' && chunks !== null && Symbol.iterator in chunks;
  if (!isIterable) throw new ValidationError('shape.split must return a list of chunks');
  return [...(chunks as Iterable<unknown>)];
}
