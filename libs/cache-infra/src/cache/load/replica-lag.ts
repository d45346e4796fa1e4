import type { Clock } from '../../base/clock.js';
import type { RemoteTier } from '../../tiers/remote-tier.js';
import type { Keyspace } from '../entry/keyspace.js';
import type { RecentRemovals } from '../invalidate/recent-removals.js';
import type { TagSync } from '../invalidate/tag-sync.js';
import { failed, type ErrorPolicy } from '../recover/error-policy.js';

export interface ReplicaLagDeps {
  /** How far a replica of the origin's database may lag behind, milliseconds. */
  readonly lagMs: number;
  readonly clock: Clock;
  readonly l2: RemoteTier | undefined;
  readonly tags: TagSync;
  readonly removals: RecentRemovals;
  readonly errors: ErrorPolicy;
}

/** A load whose value is about to be stored. */
export interface EndingLoad {
  readonly keyspace: Keyspace;
  readonly key: string;
  readonly id: string;
  readonly tags: readonly string[];
  /** When its loader began, milliseconds since the epoch. */
  readonly beganAt: number;
  /** Redis is asked for removals by other instances. */
  readonly isInRedis: boolean;
}

/**
 * Loads that may have read a replica from before an invalidation. A writer changes the primary database and
 * invalidates; a load that begins within the lag of the replica reads the old row again. Its value is served and not
 * stored. A load that began before the invalidation is superseded as always.
 *
 * Who invalidated is told by three records: this process's own removals; the tombstone of the key and the record of
 * clears in Redis; and the epochs of the tag table, which are moments in microseconds.
 */
export class ReplicaLag {
  readonly #deps: ReplicaLagDeps;

  constructor(deps: ReplicaLagDeps) {
    this.#deps = deps;
  }

  /** True if the key or a tag was invalidated within the lag before the load began, or Redis does not say. */
  mayCover(load: EndingLoad): boolean | Promise<boolean> {
    const { lagMs, l2, tags, removals } = this.#deps;
    const { keyspace, id, beganAt } = load;
    const names = load.tags.length === 0 ? load.tags : keyspace.coveringTags(load.tags);
    const since = beganAt - lagMs;
    const inRedis = (l2?.clock.of(beganAt) ?? beganAt) - lagMs;
    if (removals.covers(id, since) || tags.table.changedSince(names, inRedis * 1000)) return true;
    if (l2 === undefined || !load.isInRedis) return false;
    return this.#askRedis(l2, keyspace.redisKey(load.key), inRedis);
  }

  async #askRedis(l2: RemoteTier, redisKey: string, since: number): Promise<boolean> {
    const asked = l2.lateChanges.removedSince(redisKey, since);
    const answer = await this.#deps.errors.guarded('getOrSet', asked);
    return answer === failed || answer;
  }
}
