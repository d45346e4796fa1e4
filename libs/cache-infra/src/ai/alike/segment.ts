/** Vectors of a segment. An append rewrites one segment, so it is small. */
export const segmentSize = 64;

/** What a partition's vectors have in common. */
export interface PartitionHead {
  readonly alikeHead: 1;
  readonly dimensions: number;
  /** Segments of the ring. */
  readonly segments: number;
  /** Vectors appended so far, which is the version of the partition. */
  readonly appended: number;
  /** End of the last answer, milliseconds since the epoch; 0 = never. */
  readonly endsAt: number;
}

/** Up to {@link segmentSize} vectors of a partition in one entry. */
export interface Segment {
  readonly alikeSegment: 1;
  /** Rounds of the ring before this one. */
  readonly lap: number;
  /** `appended` of the head after this segment was written. */
  readonly appended: number;
  /** Keys of the answers. */
  readonly keys: readonly string[];
  /** Ends of the answers, milliseconds since the epoch; 0 = never. */
  readonly ends: readonly number[];
  /** Tags of the answers beyond those of the partition. The entry has them all: it goes when one is invalidated. */
  readonly tags: readonly string[];
  /** One after the other, each of length 1. */
  readonly vectors: Float32Array;
}

/** An entry of another shape is of another release, and counts as none. */
export function isHead(entry: unknown): entry is PartitionHead {
  if (typeof entry !== 'object' || entry === null) return false;
  const head = entry as Partial<Record<keyof PartitionHead, unknown>>;
  const counts = [head.dimensions, head.segments, head.appended, head.endsAt];
  return head.alikeHead === 1 && counts.every(isCount) && Number(head.dimensions) * Number(head.segments) > 0;
}

/** As {@link isHead}; the vectors must fit the head. */
export function isSegment(entry: unknown, dimensions: number): entry is Segment {
  if (typeof entry !== 'object' || entry === null) return false;
  const { alikeSegment, lap, appended, keys, ends, tags, vectors } = entry as Partial<
    Record<keyof Segment, unknown>
  >;
  if (alikeSegment !== 1 || !isCount(lap) || !isCount(appended)) return false;
  if (!isListOf(keys, 'string') || !isListOf(ends, 'number') || !isListOf(tags, 'string')) return false;
  const fits = vectors instanceof Float32Array && vectors.length === keys.length * dimensions;
  return fits && keys.length <= segmentSize && keys.length === ends.length;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isListOf(value: unknown, type: 'string' | 'number'): value is readonly unknown[] {
  return Array.isArray(value) && value.every((each) => typeof each === type);
}
