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

/** Clears remembered at most; more become one that covers everything. */
const maxCleared = 1000;

export interface LateChangesOptions {
  /** The sorted set of recorded clears. */
  readonly clearedKey: string;
  /** The mark that stands for all keys. */
  readonly clearedEverything: string;
  /** Milliseconds that deletes and clears are remembered; 0 = they are not. */
  readonly horizonMs: number;
  readonly siblings: SiblingKeys;
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
    const args = [...moments, set?.bytes ?? '', set?.ttlMs ?? 0, leavesTombstone ? horizonMs : 0];
    const reply = await this.#executor.script('catch up', catchUpScript, keys, args, isWanted);
    return reply !== unwanted && integerOf(reply) === 1;
  }

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

  /** The clears of this instance are left out: this instance knows its own by the order of its changes. */
  async clearedElsewhere(): Promise<Cleared[]> {
    const { clearedKey, horizonMs } = this.#options;
    if (horizonMs === 0) return [];
    const pairs = await this.#executor.call('ZRANGEBYSCORE', (client) =>
      client.zrangebyscore(clearedKey, '-inf', '+inf', 'WITHSCORES'),
    );
    // A user's client may return pairs, as RESP3 does.
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
