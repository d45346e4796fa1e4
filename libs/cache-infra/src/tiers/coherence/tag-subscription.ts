import type { Redis } from 'ioredis';
import type { Deadlines } from '../redis/deadlines.js';
import { errorKindOf } from '../redis/errors.js';
import { parseTagMessage, tagChannel, type TagMessage } from '../redis/tag-channel.js';

/** Callbacks for changes of tag tables. A `tableKey` includes the client's prefix. */
export interface TagListener {
  /** The table was changed, as `message` says. */
  onTags(tableKey: string, message: TagMessage): void;
  /** The table was changed, and no message says how. */
  onTable(tableKey: string): void;
}

/**
 * Receives changes of tag tables on one connection. Each change arrives twice: as a message that describes it, and as
 * an invalidation of the table's key. An invalidation without a message is a change by a client that does not publish
 * (another release, a user who may not publish): the cache must ask Redis for it.
 *
 * The message arrives first: under `BCAST` the server sends invalidations at the end of its turn, and several changes
 * as one. So a message explains the next invalidation of its table.
 */
export class TagSubscription {
  readonly #subscriber: Redis;
  readonly #listener: TagListener;
  readonly #tables = new Map<string, string>();
  /**
   * Every change of a table also arrives as an invalidation, so that a missing message is noticed and messages can be
   * trusted.
   */
  #invalidatesAll = false;
  readonly #explained = new Set<string>();

  /** `tableKeys` include the client's prefix. */
  constructor(subscriber: Redis, tableKeys: readonly string[], database: number, listener: TagListener) {
    this.#subscriber = subscriber;
    this.#listener = listener;
    for (const key of tableKeys) this.#tables.set(tagChannel(key, database), key);
  }

  /**
   * Asks the server to announce every change of the tables on this connection, whether a client has read them or not.
   * Call it before the connection subscribes. When the server refuses, the cache asks Redis after each change.
   */
  async track(id: number, deadlines: Deadlines): Promise<void> {
    const prefixes = [...this.#tables.values()].flatMap((key) => ['PREFIX', key]);
    const tracking = this.#subscriber.call(
      'CLIENT',
      'TRACKING',
      'ON',
      'REDIRECT',
      String(id),
      'BCAST',
      ...prefixes,
    );
    try {
      await deadlines.within(tracking, 'CLIENT TRACKING');
      this.#invalidatesAll = true;
    } catch (error) {
      if (errorKindOf(error) === 'timeout' || errorKindOf(error) === 'connection') throw error;
    }
  }

  /** Every change arrives as an invalidation already, as in `broadcast` mode. */
  trust(): void {
    this.#invalidatesAll = true;
  }

  async subscribe(deadlines: Deadlines): Promise<void> {
    try {
      await deadlines.within(this.#subscriber.subscribe(...this.#tables.keys()), 'SUBSCRIBE');
    } catch (error) {
      // Without messages the cache asks Redis after each change.
      if (errorKindOf(error) !== 'permission') throw error;
    }
  }

  /** Handles a message; false when it does not concern a tag table. */
  take(channel: string, message: unknown): boolean {
    const tableKey = this.#tables.get(channel);
    if (tableKey === undefined) return false;
    const change = Buffer.isBuffer(message) ? parseTagMessage(message) : undefined;
    if (change === undefined || !this.#invalidatesAll) {
      this.#listener.onTable(tableKey);
    } else {
      this.#explained.add(tableKey);
      this.#listener.onTags(tableKey, change);
    }
    return true;
  }

  /** The changed keys without the tables whose change a message has explained. */
  unexplained(redisKeys: readonly string[]): readonly string[] {
    if (this.#explained.size === 0) return redisKeys;
    return redisKeys.filter((redisKey) => !this.#explained.delete(redisKey));
  }
}
