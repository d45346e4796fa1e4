/** Keys that a change covers: globs of Redis's kind that find at least those, and who decides. */
export interface Matching {
  /** As other instances are told of it (see `matchingOf`). */
  readonly mark: string;
  readonly globs: readonly string[];
  readonly matches: (redisKey: string) => boolean;
}
