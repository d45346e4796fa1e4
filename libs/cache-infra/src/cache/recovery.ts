import type { EntryMeta } from '../codec/codec.js';
import { restamp } from '../codec/header.js';
import { failureKind, isOutage } from '../tiers/redis-errors.js';
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
    this.journal.record({ kind: 'set', at: this.#now(), redisKey, bytes, meta });
  }

  lostDelete(redisKey: string): void {
    this.journal.record({ kind: 'delete', at: this.#now(), redisKey });
  }

  lostTag(tag: string): void {
    this.journal.record({ kind: 'tag', at: this.#now(), tag });
  }

  lostMatch(glob: string, matches: (redisKey: string) => boolean): void {
    this.journal.record({ kind: 'match', at: this.#now(), glob, matches });
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
        if (outcome.status === 'fulfilled') this.journal.done(entry);
        else if (isOutage(failureKind(outcome.reason))) return false;
        // Redis is there and refuses (out of memory, read-only, ...): trying again would not help.
        else this.journal.giveUp(entry);
      }
    }
  }

  async #makeUpFor(entry: JournalEntry): Promise<void> {
    const elapsed = this.#now() - entry.at;
    const stamp = Math.max(0, Math.floor(this.#l2.now() - elapsed));
    switch (entry.kind) {
      case 'delete':
        await this.#l2.catchUp(entry.redisKey, stamp, undefined, 0);
        return;
      case 'set': {
        const { ttlMs } = entry.meta;
        const leftMs = ttlMs === 0 ? 0 : Math.max(1, Math.ceil(ttlMs - elapsed));
        await this.#l2.catchUp(entry.redisKey, stamp, restamp(entry.bytes, stamp), leftMs);
        return;
      }
      case 'tag':
        await this.#tags.learn(true, [entry.tag]);
        return;
      case 'match':
        await this.#l2.scan(entry.glob, entry.matches, async (keys) => {
          await Promise.all(keys.map((key) => this.#l2.catchUp(key, stamp, undefined, 0)));
        });
    }
  }
}
