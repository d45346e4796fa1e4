import type { Redis } from 'ioredis';
import type { Deadlines } from '../redis/deadlines.js';
import { errorKindOf } from '../redis/errors.js';
import { parseTagMessage, tagChannel, type TagMessage } from '../redis/tag-channel.js';

/** What comes of the tag tables, by the tables' whole keys. */
export interface TagListener {
  onTags(tableKey: string, message: TagMessage): void;
  /** The table was changed, and nothing tells how. */
  onTable(tableKey: string): void;
}

/**
 * Hears of changes to tag tables on one connection: each comes as a message that tells all of it, and as an
 * invalidation of the table's key. The first without the second costs nothing to follow; the second without the
 * first is a change by somebody who does not publish (another release, a user who may not), and has to be asked
 * about.
 *
 * The server tells in this order, whatever happens at the same time: message, then invalidation under `BCAST` (it
 * sends those at the end of its turn, several changes as one). So one invalidation after a message is explained by
 * it.
 */
export class TagSubscription {
  readonly #subscriber: Redis;
  readonly #listener: TagListener;
  readonly #tables = new Map<string, string>();
  /** Every change of a table is told as an invalidation as well: messages need not be doubted. */
  #hearsAll = false;
  readonly #explained = new Set<string>();

  /** `tableKeys`: with all that the client puts before them. */
  constructor(subscriber: Redis, tableKeys: readonly string[], database: number, listener: TagListener) {
    this.#subscriber = subscriber;
    this.#listener = listener;
    for (const key of tableKeys) this.#tables.set(tagChannel(key, database), key);
  }

  /**
   * Has the server tell this very connection of every change to the tables, whoever reads them or not. To be called
   * before the connection subscribes to anything. A server that does not know how, or does not let this user, is
   * asked after each change.
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
      this.#hearsAll = true;
    } catch (error) {
      if (errorKindOf(error) === 'timeout' || errorKindOf(error) === 'connection') throw error;
    }
  }

  /** Every change is told as an invalidation without further ado, as under `broadcast`. */
  trust(): void {
    this.#hearsAll = true;
  }

  async subscribe(deadlines: Deadlines): Promise<void> {
    try {
      await deadlines.within(this.#subscriber.subscribe(...this.#tables.keys()), 'SUBSCRIBE');
    } catch (error) {
      // Without messages each change is asked about.
      if (errorKindOf(error) !== 'permission') throw error;
    }
  }

  /** True if the message was about a tag table. */
  take(channel: string, message: unknown): boolean {
    const tableKey = this.#tables.get(channel);
    if (tableKey === undefined) return false;
    const change = Buffer.isBuffer(message) ? parseTagMessage(message) : undefined;
    if (change === undefined || !this.#hearsAll) {
      this.#listener.onTable(tableKey);
    } else {
      this.#explained.add(tableKey);
      this.#listener.onTags(tableKey, change);
    }
    return true;
  }

  /** What is left of changed keys to be told of. */
  unexplained(redisKeys: readonly string[]): readonly string[] {
    if (this.#explained.size === 0) return redisKeys;
    return redisKeys.filter((redisKey) => !this.#explained.delete(redisKey));
  }
}
