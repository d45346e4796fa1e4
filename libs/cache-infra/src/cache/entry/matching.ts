/**
 * The Redis keys that a pattern or clear covers. `matches` decides; `globs` (of Redis's kind) find a superset by
 * `SCAN`.
 */
export interface Matching {
  /** The mark in Redis by which other instances recognize the pattern or clear (see `matchingOf`). */
  readonly mark: string;
  readonly globs: readonly string[];
  readonly matches: (redisKey: string) => boolean;
}
