import { versionId } from '../../codec/header.js';
import type { DeadEntry } from '../remote-tier.js';
import { integerOf, isCluster } from './client.js';
import type { RedisConnection } from './connection.js';
import type { RedisExecutor } from './executor.js';
import { keyBatches } from './key-batches.js';
import type { OwnChange } from './own-changes.js';
import { removeDeadScript, removeScript } from './scripts.js';
import { leastTraceMs, traceMs, uniqueText } from './tombstones.js';

/** Entries that one script removes. */
const removeBatch = 100;

/** The keys that belong to an entry's key: all of one slot. */
export interface SiblingKeys {
  /** Protects loads of the entry. */
  readonly guardKeyOf: (redisKey: string) => string;
  /** Records when the entry was deleted. */
  readonly tombstoneOf: (redisKey: string) => string;
}

export interface EntryRemovalsDeps {
  readonly connection: RedisConnection;
  readonly executor: RedisExecutor;
  readonly siblings: SiblingKeys;
  /** Milliseconds that a set may be replayed. */
  readonly horizonMs: number;
  /** These keys are about to be changed, each once and right after it is read. */
  readonly changing: (redisKeys: readonly string[]) => OwnChange;
}

/** Removes entries from Redis, in scripts and commands of bounded size. */
export class EntryRemovals {
  readonly #deps: EntryRemovalsDeps;

  constructor(deps: EntryRemovalsDeps) {
    this.#deps = deps;
  }

  /** See `RemoteTier.remove`. */
  async remove(
    redisKeys: readonly string[],
    { leavesTombstones }: { leavesTombstones: boolean },
  ): Promise<boolean[]> {
    const { connection, siblings } = this.#deps;
    const existed = new Map<string, boolean>();
    const batches = keyBatches(connection, redisKeys, removeBatch);
    await Promise.all(
      batches.map(async (keys) => {
        const tombstones = leavesTombstones ? keys.map(siblings.tombstoneOf) : [];
        const flags = await this.#removeTogether(keys, [...keys.map(siblings.guardKeyOf), ...tombstones]);
        keys.forEach((key, i) => existed.set(key, flags[i] === '1'));
      }),
    );
    return redisKeys.map((key) => existed.get(key) === true);
  }

  /** Removes a value that no instance can read; loads of its key go on. */
  async removeUnreadable(redisKey: string): Promise<void> {
    await this.#removeTogether([redisKey], []);
  }

  /** Removes entries that were read and are invalid, unless they changed since or a load is under way for their key. */
  async removeDead(dead: readonly DeadEntry[]): Promise<void> {
    // In a Cluster a script may touch one slot only.
    const atOnce = isCluster(this.#deps.connection.client) ? 1 : dead.length;
    const calls: Promise<void>[] = [];
    for (let i = 0; i < dead.length; i += atOnce)
      calls.push(this.#removeDeadTogether(dead.slice(i, i + atOnce)));
    await Promise.all(calls);
  }

  /** Removes keys and nothing that belongs to them. Returns how many existed. */
  async delete(redisKeys: readonly string[]): Promise<number> {
    const { connection, executor } = this.#deps;
    const counts = await Promise.all(
      keyBatches(connection, redisKeys).map((keys) =>
        executor.call('UNLINK', (client) => client.unlink(...keys)),
      ),
    );
    return counts.reduce((sum, count) => sum + integerOf(count), 0);
  }

  /** '1' for each key that existed, else '0'. */
  async #removeTogether(keys: readonly string[], besides: readonly string[]): Promise<string> {
    const { executor, horizonMs, changing } = this.#deps;
    const change = changing(keys);
    let flags = '';
    try {
      flags = String(
        await executor.script(
          'UNLINK',
          removeScript,
          [...keys, ...besides],
          [...[keys.length, traceMs(horizonMs), uniqueText()]],
        ),
      );
    } finally {
      // The server announces no change of a key that did not exist.
      if (flags === '' || flags.includes('0')) change.withdraw();
    }
    return flags;
  }

  async #removeDeadTogether(dead: readonly DeadEntry[]): Promise<void> {
    const { executor, changing, siblings, horizonMs } = this.#deps;
    const keys = dead.map(({ redisKey }) => redisKey);
    const besides = [...dead.map(({ guard }) => guard), ...keys.map(siblings.tombstoneOf)];
    const versions = dead.map(({ stamp, nonce }) => versionId(stamp, nonce));
    const change = changing(keys);
    let removed: unknown;
    try {
      removed = await executor.script(
        'UNLINK',
        removeDeadScript,
        [...keys, ...besides],
        [leastTraceMs, traceMs(horizonMs), ...versions],
      );
    } finally {
      if (removed === undefined || integerOf(removed) !== dead.length) change.withdraw();
    }
  }
}
