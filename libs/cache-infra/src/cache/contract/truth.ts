/**
 * Why a verified hit was wrong:
 *
 * - `ttl`: the origin has changed without an invalidation: the value was within its ttl.
 * - `tag`, `key`, `writer`: an invalidation was missed. A tag was invalidated, the key was deleted, or another instance
 *   stored a newer value, and this instance still served the old one.
 */
export type UntruthCause = 'ttl' | 'tag' | 'key' | 'writer';

/** How often the cache told the truth, by hits that were verified (`verify`). */
export interface TruthStats {
  /** Hits whose value was compared with a new one of the loader. */
  verified: number;
  /** Of these, hits whose value was wrong. */
  untrue: number;
  /** (verified - untrue) / verified, 0-1; 1 before the first verification. */
  rate: number;
  /**
   * The 95 % interval of the rate among all hits, 0-1 each (Wilson, "Probable inference, the law of succession, and
   * statistical inference", 1927).
   */
  interval: [low: number, high: number];
  /** Wrong hits by their cause. */
  causes: Record<UntruthCause, number>;
  /** Age of the oldest wrong value, milliseconds; 0 = there was none, or its age is unknown. */
  oldestMs: number;
  /** Verifications without a result: the loader failed, or the entry was changed or removed meanwhile. */
  inconclusive: number;
  /**
   * Hits that were chosen and not verified: the limit of `verifyPerMinute`, or a verification of the key was running.
   */
  skipped: number;
}
