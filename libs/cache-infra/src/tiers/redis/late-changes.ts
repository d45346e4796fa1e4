import { integerOf } from './client.js';
import type { SiblingKeys } from './entry-removals.js';
import { unwanted, type RedisExecutor } from './executor.js';
import { catchUpScript, markClearedScript } from './scripts.js';

/** Clears remembered at most; more become one that covers everything. */
const maxCleared = 1000;

/** A clear of a pattern or scope, to be recorded. */
export interface Clear {
  readonly mark: string;
  /** By Redis's clock, milliseconds since the epoch; undefined = now. */
  readonly at?: number | undefined;
}

/** A recorded clear of a pattern or scope. */
export interface Cleared {
  readonly mark: string;
  /** By Redis's clock, milliseconds since the epoch. */
  readonly at: number;
}

/** A change that was made during an outage. */
export interface LateChange {
  readonly redisKey: string;
  /** The moment of the change by Redis's clock, milliseconds since the epoch. */
  readonly stamp: number;
  /** How far off `stamp` may be, milliseconds. */
  readonly errorMs: number;
  /** Undefined = a delete. */
  readonly set?: { readonly bytes: Buffer; readonly ttlMs: number } | undefined;
  /** A delete is remembered, for sets of other instances that were made before it. */
  readonly forGood: boolean;
  /** Asked before the change is sent a second time. */
  readonly isWanted?: (() => boolean) | undefined;
}

export interface LateChangesOptions {
  /** The sorted set of recorded clears. */
  readonly clearedKey: string;
  /** The mark that stands for all keys. */
  readonly clearedEverything: string;
  /** Milliseconds that deletes and clears are remembered; 0 = they are not. */
  readonly horizonMs: number;
  readonly siblings: SiblingKeys;
}

/** Replays the changes that were made during an outage, and records clears, which a replay must not undo. */
export class LateChanges {
  readonly #executor: RedisExecutor;
  readonly #options: LateChangesOptions;
  /** The clears of this instance: their moments by Redis's clock. */
  readonly #ownClears = new Map<string, number>();

  constructor(executor: RedisExecutor, options: LateChangesOptions) {
    this.#executor = executor;
    this.#options = options;
  }

  /** Makes a change, unless the key was written or deleted since. Returns whether the change was made. */
  async catchUp({ redisKey, stamp, errorMs, set, forGood, isWanted }: LateChange): Promise<boolean> {
    const { siblings, horizonMs } = this.#options;
    const keys = [redisKey, siblings.guardKeyOf(redisKey), siblings.tombstoneOf(redisKey)];
    const moments = [sixBytes(stamp + errorMs), sixBytes(stamp - errorMs)];
    const args = [...moments, set?.bytes ?? '', set?.ttlMs ?? 0, forGood ? horizonMs : 0];
    const reply = await this.#executor.script('catch up', catchUpScript, keys, args, isWanted);
    return reply !== unwanted && integerOf(reply) === 1;
  }

  /** Records clears for all instances: a set made before a clear is not replayed after it. */
  async markCleared(clears: readonly Clear[]): Promise<void> {
    const { clearedKey, clearedEverything, horizonMs } = this.#options;
    if (horizonMs === 0) return;
    const pairs = clears.flatMap(({ mark, at }) => [mark, at ?? '']);
    const args = [horizonMs, maxCleared, clearedEverything, ...pairs];
    const moments = await this.#executor.script('mark cleared', markClearedScript, [clearedKey], args);
    for (const [i, at] of (moments as string[]).entries()) {
      this.#ownClears.set((clears[i] as Clear).mark, Number(at));
      if (this.#ownClears.size > maxCleared) this.#ownClears.delete(first(this.#ownClears.keys()));
    }
  }

  /** The clears of other instances within the horizon. This instance knows its own by the order of its changes. */
  async cleared(): Promise<Cleared[]> {
    const { clearedKey, horizonMs } = this.#options;
    if (horizonMs === 0) return [];
    const pairs = await this.#executor.call('ZRANGEBYSCORE', (client) =>
      client.zrangebyscore(clearedKey, '-inf', '+inf', 'WITHSCORES'),
    );
    // A client of the user's own may return pairs, as RESP3 does.
    const reply = pairs.flat();
    const all: Cleared[] = [];
    for (let i = 0; i < reply.length; i += 2) all.push({ mark: String(reply[i]), at: Number(reply[i + 1]) });
    return all.filter(({ mark, at }) => this.#ownClears.get(mark) !== at);
  }
}

/** Milliseconds as entries carry them: such texts compare as the numbers do. */
function sixBytes(ms: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUIntBE(Math.max(0, Math.floor(ms)), 0, 6);
  return bytes;
}

function first<T>(items: Iterable<T>): T {
  const [item] = items;
  return item as T;
}
