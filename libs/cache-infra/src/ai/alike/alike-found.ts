import type { SimilarityBin } from './similarity-histogram.js';

/** A stored answer for a text that is alike. */
export interface AlikeFound {
  readonly answerKey: string;
  /** What the cache holds under `answerKey`. */
  readonly answer: unknown;
  /** Cosine of the two texts, `minSimilarity` to 1. */
  readonly similarity: number;
  /** Lower end of the band of similarity: `'0.86'`. */
  readonly band: string;
  /**
   * `'serve'` = serve the answer. `'serve-and-check'` = serve it, make a new one beside, and compare. `'check'` = a
   * miss: make a new one, and compare. Compare by `AlikeSearch.check`.
   */
  readonly mode: 'serve' | 'serve-and-check' | 'check';
}

/** An answer whose text can be found from now on. */
export interface AlikeAnswer {
  /** The text as it stands in the request. */
  readonly text: string;
  readonly answerKey: string;
  /** Tags of the answer beyond those of the partition. */
  readonly tags: readonly string[];
  /** Milliseconds; 0 = never expires. */
  readonly ttlMs: number;
}

/** Counters of this process, since it started. */
export interface AlikeStats {
  readonly lookups: number;
  readonly served: number;
  /** Comparisons that ended. */
  readonly checks: number;
  /** Comparisons whose stored answer was not right. */
  readonly wrong: number;
  /** Look-ups that took longer than `timeout`. */
  readonly slow: number;
  /** Failures of the embedder, the judge or the cache, and refused vectors. */
  readonly failures: number;
  /** Similarities of the closest candidates of all look-ups, hits and misses. */
  readonly similarities: readonly SimilarityBin[];
}
