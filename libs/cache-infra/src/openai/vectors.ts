import { listOf, objectsIn, type JsonObject } from './json.js';

/** The inputs of a request for embeddings: texts, or lists of tokens. Undefined if it has no list of inputs. */
export function inputListOf({ input }: JsonObject): readonly unknown[] | undefined {
  const inputs = listOf(input);
  return inputs.length === 0 || typeof inputs[0] === 'number' ? undefined : inputs;
}

/**
 * The vectors of `count` inputs, in their order; undefined for an input without one. They stand where their `index`
 * says, or in the order of the answer if the provider gives none that fits.
 */
export function vectorsOf({ data }: JsonObject, count: number): readonly unknown[] {
  const items = objectsIn(data);
  const places = items.map(({ index }) => index);
  const areIndexes = places.every(
    (index) => Number.isInteger(index) && (index as number) >= 0 && (index as number) < count,
  );
  const isOrdered = areIndexes && new Set(places).size === places.length;
  // Without indexes, a missing vector cannot be told from the others.
  if (!isOrdered && items.length !== count) return Array.from({ length: count });
  const vectors: unknown[] = Array.from({ length: count });
  for (const [at, { index, embedding }] of items.entries()) {
    vectors[isOrdered ? (index as number) : at] = embedding;
  }
  return vectors;
}

/** Whether a vector means nothing: no numbers, one that is not finite, or zeros only. */
export function isBrokenVector(vector: unknown): boolean {
  const numbers = typeof vector === 'string' ? decoded(vector) : listOf(vector);
  if (numbers === undefined || numbers.length === 0) return true;
  return !numbers.every(Number.isFinite) || numbers.every((each) => each === 0);
}

/** The numbers of a vector in base64: 32-bit floats, little-endian. */
function decoded(base64: string): readonly number[] | undefined {
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length % 4 !== 0) return undefined;
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4));
}
