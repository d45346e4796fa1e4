import type { Clock } from '../../../base/clock.js';
import type { Cache } from '../../../cache/contract/cache.js';
import type { Looked } from '../../../cache/tiered-cache.js';
import type { Revalidations } from './revalidations.js';

/** The namespace of a cache that stores responses. */
export interface HttpStore {
  readonly cache: Cache;
  /** Reads a value without counting a hit or a miss, where the cache supports it. The value must not be modified. */
  readonly look: <T>(key: string) => Promise<Looked<T> | undefined>;
  /**
   * Counts one request as one read, by the tier that had the response; undefined = a miss. `start` is a
   * `performance.now()` reading.
   */
  readonly recordRead: (key: string, tier: Looked<unknown>['tier'] | undefined, start: number) => void;
  readonly clock: Clock;
  readonly revalidations: Revalidations;
}
