import { segmentSize, type PartitionHead, type Segment } from './segment.js';

/** Where the vector of an answer was when it was copied. */
export interface Place {
  readonly answerKey: string;
  /** Number of the segment. */
  readonly segment: number;
}

/** A vector of a copy that is close to a query. */
export interface Near extends Place {
  /** Cosine, -1 to 1. */
  readonly similarity: number;
}

/**
 * The vectors of a partition in this process, one after the other, so that a look-up is one pass over an array. The
 * copy only proposes: the segment in the cache confirms that a vector is still there.
 */
export class VectorCopy {
  readonly epoch: string;
  readonly dimensions: number;
  readonly segments: number;
  /** `appended` of the head that the copy is up to. */
  appended = 0;
  #vectors = new Float32Array(0);
  /** Slots in use: one behind the last. */
  #slots = 0;
  readonly #keys: (string | undefined)[] = [];
  readonly #ends: number[] = [];
  readonly #slotOf = new Map<string, number>();

  constructor(epoch: string, { dimensions, segments }: PartitionHead) {
    this.epoch = epoch;
    this.dimensions = dimensions;
    this.segments = segments;
  }

  /** Bytes of the vectors. */
  get bytes(): number {
    return this.#vectors.byteLength;
  }

  /** The newest vector of an answer. `endsAt`: milliseconds since the epoch; 0 = never. */
  find(answerKey: string): (Place & { readonly endsAt: number }) | undefined {
    const slot = this.#slotOf.get(answerKey);
    if (slot === undefined) return undefined;
    return { answerKey, segment: Math.floor(slot / segmentSize), endsAt: this.#ends[slot] as number };
  }

  /** Replaces the vectors of a segment. */
  put(number: number, segment: Segment | undefined): void {
    const start = number * segmentSize;
    for (let slot = start; slot < start + segmentSize; slot++) this.#forget(slot);
    if (segment === undefined) return;
    const { keys, ends, vectors } = segment;
    this.#slots = Math.max(this.#slots, start + keys.length);
    this.#reserve(start + keys.length);
    this.#vectors.set(vectors, start * this.dimensions);
    keys.forEach((key, index) => {
      this.#keys[start + index] = key;
      this.#ends[start + index] = ends[index] as number;
      this.#slotOf.set(key, start + index);
    });
  }

  /** Never proposes this answer again, unless it is appended anew. */
  forget(answerKey: string): void {
    for (let slot = 0; slot < this.#slots; slot++) if (this.#keys[slot] === answerKey) this.#forget(slot);
  }

  /**
   * The closest vectors of different answers, the closest first. `now`: answers that have ended by then are left out.
   */
  nearest(query: Float32Array, count: number, now: number): Near[] {
    const found: Near[] = [];
    const { dimensions } = this;
    const vectors = this.#vectors;
    let least = -Infinity;
    for (let slot = 0, at = 0; slot < this.#slots; slot++, at += dimensions) {
      const similarity = dotProduct(vectors, at, query);
      if (similarity <= least) continue;
      const answerKey = this.#keys[slot];
      const end = this.#ends[slot] as number;
      if (answerKey === undefined || (end !== 0 && end <= now)) continue;
      insert(found, { answerKey, similarity, segment: Math.floor(slot / segmentSize) }, count);
      if (found.length === count) least = (found[count - 1] as Near).similarity;
    }
    return found;
  }

  #forget(slot: number): void {
    const key = this.#keys[slot];
    if (key === undefined) return;
    this.#keys[slot] = undefined;
    if (this.#slotOf.get(key) === slot) this.#slotOf.delete(key);
  }

  #reserve(slots: number): void {
    const needed = slots * this.dimensions;
    if (needed <= this.#vectors.length) return;
    const most = this.segments * segmentSize * this.dimensions;
    const grown = new Float32Array(Math.min(most, Math.max(needed, this.#vectors.length * 2)));
    grown.set(this.#vectors);
    this.#vectors = grown;
  }
}

/**
 * The cosine of two vectors of length 1. Eight numbers at a time, in four sums: the processor adds those side by side.
 */
function dotProduct(vectors: Float32Array, start: number, query: Float32Array): number {
  const count = query.length;
  const even = count - (count % 8);
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let at = start;
  let i = 0;
  for (; i < even; i += 8, at += 8) {
    a += numberAt(vectors, at) * numberAt(query, i) + numberAt(vectors, at + 4) * numberAt(query, i + 4);
    b +=
      numberAt(vectors, at + 1) * numberAt(query, i + 1) + numberAt(vectors, at + 5) * numberAt(query, i + 5);
    c +=
      numberAt(vectors, at + 2) * numberAt(query, i + 2) + numberAt(vectors, at + 6) * numberAt(query, i + 6);
    d +=
      numberAt(vectors, at + 3) * numberAt(query, i + 3) + numberAt(vectors, at + 7) * numberAt(query, i + 7);
  }
  for (; i < count; i++, at++) a += numberAt(vectors, at) * numberAt(query, i);
  return a + b + c + d;
}

/** The number at an index that exists. */
function numberAt(numbers: Float32Array, index: number): number {
  return numbers[index] as number;
}

/** Keeps the `count` closest of `found` in order, each answer once. */
function insert(found: Near[], near: Near, count: number): void {
  const known = found.findIndex(({ answerKey }) => answerKey === near.answerKey);
  if (known !== -1) {
    if ((found[known] as Near).similarity >= near.similarity) return;
    found.splice(known, 1);
  }
  const place = found.findIndex(({ similarity }) => similarity < near.similarity);
  found.splice(place === -1 ? found.length : place, 0, near);
  if (found.length > count) found.pop();
}
