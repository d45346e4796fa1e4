/** A vector of length 1, or why there is none. */
export type NormalisedVector = Float32Array | { readonly refused: string };

/** Most numbers of a vector. The largest embeddings in use have 4,096. */
const mostDimensions = 16_384;

/**
 * A copy of `vector` with length 1, so that the dot product of two is their cosine. Refused are vectors without a
 * direction: empty ones, zeros, and ones with `NaN` or `Infinity`.
 */
export function normalised(vector: unknown): NormalisedVector {
  if (!isListOfNumbers(vector)) return { refused: 'the embedder returned no list of numbers' };
  const { length } = vector;
  if (length === 0) return { refused: 'the vector is empty' };
  if (length > mostDimensions) return { refused: `the vector has more than ${mostDimensions} dimensions` };
  let largest = 0;
  for (let i = 0; i < length; i++) {
    const value = vector[i];
    if (!Number.isFinite(value)) return { refused: `number ${i} of the vector is ${describe(value)}` };
    largest = Math.max(largest, Math.abs(value as number));
  }
  if (largest === 0) return { refused: 'the vector has only zeros' };
  // Divide by the largest first: the squares of large or tiny numbers leave the range of a double.
  let sum = 0;
  for (let i = 0; i < length; i++) sum += ((vector[i] as number) / largest) ** 2;
  const norm = Math.sqrt(sum);
  return Float32Array.from(vector, (value) => value / largest / norm);
}

function isListOfNumbers(vector: unknown): vector is ArrayLike<number> {
  if (Array.isArray(vector)) return true;
  return ArrayBuffer.isView(vector) && !(vector instanceof DataView) && !isBigInts(vector);
}

function isBigInts(vector: ArrayBufferView): boolean {
  return vector instanceof BigInt64Array || vector instanceof BigUint64Array;
}

function describe(value: unknown): string {
  return typeof value === 'number' ? String(value) : 'no number';
}
