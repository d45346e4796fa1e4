import type { EntryMeta } from '../codec/codec.js';
import { restamp } from '../codec/header.js';
import { failureKind, isOutage, type RedisErrorKind } from '../tiers/redis-errors.js';
import type { RedisTier } from '../tiers/redis-tier.js';
import type { JournalEntry, RecoveryJournal } from './recovery-journal.js';
import type { TagKeeper } from './tag-keeper.js';

/** Entries replayed at a time: one round trip for many, and no burst that delays the callers. */
const replayBatch = 200;

/**
 * What becomes of changes that cannot reach Redis: they are written down, and made up for when Redis is back, each unless
 * something newer was written there meanwhile.
 *
 * "Newer" is told without comparing clocks of two hosts: entries carry Redis's time, and a change of ours was made as long
 * before now, by Redis's clock, as this process's own clock says has passed since.
 */
export class Recovery {
  readonly journal: RecoveryJournal;
  /** Told when there is something to make up for. */
  onRecorded: (() => void) | undefined;
  /** Told when a key's change has reached Redis, or never will. */
  onSettled: ((redisKey: string) => void) | undefined;
  readonly #l2: RedisTier;
  readonly #tags: TagKeeper;
  readonly #now: () => number;
  #replaying: Promise<boolean> | undefined;

  /** `now`: this process's clock, milliseconds. */
  constructor(journal: RecoveryJournal, l2: RedisTier, tags: TagKeeper, now: () => number) {
    this.journal = journal;
    this.#l2 = l2;
    this.#tags = tags;
    this.#now = now;
  }

  lostSet(redisKey: string, bytes: Buffer, meta: EntryMeta): void {
    this.#record({ kind: 'set', at: this.#now(), redisKey, bytes, meta });
  }

  lostDelete(redisKey: string): void {
    this.#record({ kind: 'delete', at: this.#now(), stamp: this.#l2.stamp(), redisKey });
  }

  lostTag(tag: string): void {
    this.#record({ kind: 'tag', at: this.#now(), tag });
  }

  lostMatch(glob: string, matches: (redisKey: string) => boolean): void {
    this.#record({ kind: 'match', at: this.#now(), stamp: this.#l2.stamp(), glob, matches });
  }

  /** Makes up for what is written down, in order; true once nothing is left. Stops when Redis goes away again. */
  async replay(): Promise<boolean> {
    this.#replaying ??= this.#run().finally(() => {
      this.#replaying = undefined;
    });
    return this.#replaying;
  }

  async #run(): Promise<boolean> {
    for (;;) {
      const batch = this.journal.oldest(replayBatch, this.#now());
      if (batch.length === 0) return true;
      const outcomes = await Promise.allSettled(batch.map((entry) => this.#makeUpFor(entry)));
      for (const [i, outcome] of outcomes.entries()) {
        const entry = batch[i] as JournalEntry;
        if (outcome.status === 'fulfilled') this.#settle(entry);
        else if (isTemporary(failureKind(outcome.reason))) return false;
        // Redis is there, and would refuse it again.
        else {
          this.journal.giveUp(entry);
          this.#told(entry);
        }
      }
    }
  }

  async #makeUpFor(entry: JournalEntry): Promise<void> {
    const elapsed = this.#now() - entry.at;
    // By what is known of Redis's clock now, and not before what was known then: this instance's own changes keep their order.
    const known = entry.kind === 'set' ? entry.meta.stamp : entry.kind === 'tag' ? 0 : entry.stamp;
    const stamp = Math.max(known, Math.floor(this.#l2.now() - elapsed));
    switch (entry.kind) {
      case 'delete':
        await this.#l2.catchUp(entry.redisKey, stamp, undefined, 0);
        return;
      case 'set':
        await this.#makeUpForSet(entry, stamp, elapsed);
        return;
      case 'tag':
        await this.#tags.learn(true, [entry.tag]);
        return;
      case 'match':
        await this.#l2.scan(entry.glob, entry.matches, async (keys) => {
          await Promise.all(keys.map((key) => this.#l2.catchUp(key, stamp, undefined, 0)));
        });
    }
  }

  async #makeUpForSet(entry: JournalEntry & { kind: 'set' }, stamp: number, elapsed: number): Promise<void> {
    const { redisKey, bytes, meta } = entry;
    const leftMs = meta.ttlMs === 0 ? 0 : Math.max(1, Math.ceil(meta.ttlMs + meta.graceMs - elapsed));
    try {
      await this.#l2.catchUp(redisKey, stamp, restamp(bytes, stamp), leftMs);
    } catch (error) {
      if (failureKind(error) !== 'oom') throw error;
      // Redis is full: at least the value from before has to go.
      await this.#l2.catchUp(redisKey, stamp, undefined, 0);
    }
  }

  #settle(entry: JournalEntry): void {
    this.journal.done(entry);
    this.#told(entry);
  }

  /** Redis was not there to remember that this instance holds the key: from now on it is read again before it is believed. */
  #told(entry: JournalEntry): void {
    if (entry.kind === 'set' || entry.kind === 'delete') this.onSettled?.(entry.redisKey);
  }

  #record(entry: JournalEntry): void {
    this.journal.record(entry);
    this.onRecorded?.();
  }
}

/** What may pass by itself, or by a new connection. */
function isTemporary(kind: RedisErrorKind): boolean {
  return isOutage(kind) || kind === 'readonly' || kind === 'auth' || kind === 'moved';
}
