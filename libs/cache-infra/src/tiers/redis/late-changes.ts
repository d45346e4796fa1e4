import {
  stampErrorMs,
  type Clear,
  type Cleared,
  type LateChange,
  type RemoteLateChanges,
} from '../remote-tier.js';
import { integerOf } from './client.js';
import type { SiblingKeys } from './entry-removals.js';
import { unwanted, type RedisExecutor } from './executor.js';
import { catchUpScript, markClearedScript } from './scripts.js';
import { isShortLived, sixBytes, traceMs, uniqueText } from './tombstones.js';

/** Clears remembered at most; more become one that covers everything. */
const maxCleared = 1000;

export interface LateChangesOptions {
  /** The sorted set of recorded clears; then, except in a Cluster, the moment of the latest one. */
  readonly clearedKeys: () => readonly string[];
  /** The mark that stands for all keys. */
  readonly clearedEverything: string;
  /** Milliseconds that a set may be replayed; 0 = sets are not replayed. */
  readonly horizonMs: number;
  readonly siblings: SiblingKeys;
  /** True if the mark of a clear covers the key. */
  readonly covers: (mark: string, redisKey: string) => boolean;
}

/** Changes that were made during an outage, and clears, by scripts that compare them with what Redis holds. */
export class LateChanges implements RemoteLateChanges {
  readonly #executor: RedisExecutor;
  readonly #options: LateChangesOptions;
  /** The clears of this instance: their moments by Redis's clock. */
  readonly #ownClears = new Map<string, number>();

  constructor(executor: RedisExecutor, options: LateChangesOptions) {
    this.#executor = executor;
    this.#options = options;
  }

  async replay({ redisKey, stamp, set, leavesTombstone, isWanted }: LateChange): Promise<boolean> {
    const { siblings, horizonMs } = this.#options;
    const keys = [redisKey, siblings.guardKeyOf(redisKey), siblings.tombstoneOf(redisKey)];
    const moments = [sixBytes(stamp + stampErrorMs), sixBytes(stamp - stampErrorMs)];
    const hasTombstone = set === undefined ? leavesTombstone : isShortLived(set.ttlMs);
    const tombstone = [hasTombstone ? traceMs(horizonMs) : 0, uniqueText()];
    const args = [...moments, set?.bytes ?? '', set?.ttlMs ?? 0, ...tombstone];
    const reply = await this.#executor.script('catch up', catchUpScript, keys, args, { isWanted });
    return reply !== unwanted && integerOf(reply) === 1;
  }

  async markCleared(clears: readonly Clear[]): Promise<void> {
    const { clearedKeys, clearedEverything, horizonMs } = this.#options;
    const pairs = clears.flatMap(({ mark, at }) => [mark, at ?? '']);
    const args = [traceMs(horizonMs), maxCleared, clearedEverything, ...pairs];
    const moments = await this.#executor.script('mark cleared', markClearedScript, clearedKeys(), args);
    for (const [i, at] of (moments as string[]).entries()) {
      this.#ownClears.set((clears[i] as Clear).mark, Number(at));
      if (this.#ownClears.size > maxCleared) this.#ownClears.delete(first(this.#ownClears.keys()));
    }
  }

  /** The clears of this instance are left out: this instance knows its own by the order of its changes. */
  async clearedElsewhere(): Promise<Cleared[]> {
    if (this.#options.horizonMs === 0) return [];
    const all = await this.clearedSince('-inf');
    return all.filter(({ mark, at }) => this.#ownClears.get(mark) !== at);
  }

  async clearedSince(at: string): Promise<Cleared[]> {
    const pairs = await this.#executor.call('ZRANGEBYSCORE', (client) =>
      client.zrangebyscore(this.#options.clearedKeys()[0] ?? '', at, '+inf', 'WITHSCORES'),
    );
    // A user's client may return pairs, as RESP3 does.
    const reply = pairs.flat();
    const all: Cleared[] = [];
    for (let i = 0; i < reply.length; i += 2) all.push({ mark: String(reply[i]), at: Number(reply[i + 1]) });
    return all;
  }

  async removedSince(redisKey: string, at: number): Promise<boolean> {
    const { siblings, covers } = this.#options;
    const tombstoneKey = siblings.tombstoneOf(redisKey);
    const since = Math.max(0, Math.floor(at));
    const [tombstone, clears] = await Promise.all([
      this.#executor.call('GET', (client) => client.getBuffer(tombstoneKey)),
      this.clearedSince(String(since)),
    ]);
    const isDeleted = tombstone !== null && tombstone.length >= 6 && tombstone.readUIntBE(0, 6) >= since;
    return isDeleted || clears.some(({ mark }) => covers(mark, redisKey));
  }
}

function first<T>(items: Iterable<T>): T {
  const [item] = items;
  return item as T;
}
