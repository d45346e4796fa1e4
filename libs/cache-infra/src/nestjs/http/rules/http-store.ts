import type { Clock } from '../../../base/clock.js';
import type { Cache } from '../../../cache/contract/cache.js';
import type { Looked } from '../../../cache/tiered-cache.js';
import type { Revalidations } from './revalidations.js';

/** The part of a cache that holds responses. */
export interface HttpStore {
  readonly cache: Cache;
  /** What it gives must not be changed. Counts nothing where the cache can do without. */
  readonly look: <T>(key: string) => Promise<Looked<T> | undefined>;
  /** Counts the answer to one request, by the tier that had it; undefined = it is not there. `start`: of `performance.now()`. */
  readonly recordRead: (key: string, tier: Looked<unknown>['tier'] | undefined, start: number) => void;
  readonly clock: Clock;
  readonly revalidations: Revalidations;
}
