import type { EntryMeta } from '../codec/codec.js';
import { restamp } from '../codec/header.js';
import { failureKind, isTemporary, type RedisErrorKind } from '../tiers/redis-errors.js';
import type { RedisTier } from '../tiers/redis-tier.js';
import { removeMatchingFromRedis } from './matching-removal.js';
import type { JournalEntry, MatchEntry, Matching, Moment, RecoveryJournal } from './recovery-journal.js';
import type { TagKeeper } from './tag-keeper.js';

/** How far off an instance may be in what it takes for Redis's time, milliseconds: half a good round trip. */
const clockErrorMs = 10;
/** Entries replayed at a time: one round trip for many, and no burst that delays the callers. */
const replayBatch = 200;

/** What a recovery needs to know of its cache. */
export interface RecoveryParts {
  readonly keyPrefix: string;
  readonly l2: RedisTier;
  readonly tags: TagKeeper;
  /** All keys of the cache. */
  readonly everything: Matching;
  /** The Redis key that protects loads of an entry. */
  readonly fenceOf: (redisKey: string) => string;
  /** This process's clock, milliseconds. */
  readonly now: () => number;
}

/**
 * What becomes of changes that cannot reach Redis: they are written down, and made up for when Redis is back, each unless
 * something newer was written there meanwhile.
 *
 * "Newer" is told without comparing clocks of two hosts: entries carry Redis's time, and a change of ours was made as long
 * before now, by Redis's clock, as this process's own clock says has passed since. A set counts from when it was made: it must not
 * replace what came after it. A removal counts from when it turned out not to have reached Redis, and of two changes that are too
 * close to be told apart ours counts as the later: removing too much is a miss, removing too little is an old value.
 */
export class Recovery {
  readonly journal: RecoveryJournal;
  /** Told when there is something to make up for. */
  onRecorded: (() => void) | undefined;
  /** Told when a key's change has reached Redis, or never will. */
  onSettled: ((redisKey: string) => void) | undefined;
  readonly #parts: RecoveryParts;
  #order = 0;
  #replaying: Promise<boolean> | undefined;

  constructor(journal: RecoveryJournal, parts: RecoveryParts) {
    this.journal = journal;
    this.#parts = parts;
  }

  /** To be taken when a change is made, before it is sent. */
  moment(): Moment {
    return { at: this.#parts.now(), stamp: this.#parts.l2.stamp(), order: ++this.#order };
  }

  lostSet(moment: Moment, redisKey: string, bytes: Buffer, meta: EntryMeta): void {
    // The entry's stamp is the one that others go by.
    this.#record({
      ...moment,
      stamp: Math.max(moment.stamp, meta.stamp),
      kind: 'set',
      redisKey,
      // A copy, which is not part of a slab.
      bytes: Buffer.from(bytes),
      meta,
    });
  }

  lostDelete(moment: Moment, redisKey: string): void {
    this.#record({ ...this.#lately(moment), kind: 'delete', redisKey });
  }

  lostTag(moment: Moment, tag: string): void {
    this.#record({ ...moment, kind: 'tag', tag });
  }

  lostMatch(moment: Moment, matching: Matching): void {
    this.#record({ ...this.#lately(moment), kind: 'match', ...matching });
  }

  /** Now, in the order of changes where it was made. */
  #lately({ order }: Moment): Moment {
    return { at: this.#parts.now(), stamp: this.#parts.l2.stamp(), order };
  }

  /** Makes up for what is written down; true once nothing is left. Stops when Redis goes away again. */
  async replay(): Promise<boolean> {
    this.#replaying ??= this.#run().finally(() => {
      this.#replaying = undefined;
    });
    return this.#replaying;
  }

  async #run(): Promise<boolean> {
    for (;;) {
      const matches = this.journal.matches();
      if (matches.length > 0) {
        const [outcome] = await Promise.allSettled([this.#makeUpForMatches(matches)]);
        for (const match of matches) if (!this.#settle(match, outcome)) return false;
        continue;
      }
      const batch = this.journal.oldest(replayBatch, this.#parts.now());
      if (batch.length === 0) return true;
      const outcomes = await Promise.allSettled(batch.map((entry) => this.#makeUpFor(entry)));
      for (const [i, outcome] of outcomes.entries()) {
        if (!this.#settle(batch[i] as JournalEntry, outcome)) return false;
      }
    }
  }

  /** By what is known of Redis's clock now, and not before what was known then: this instance's own changes keep their order. */
  #stampOf({ stamp, at }: Moment): number {
    const { l2, now } = this.#parts;
    return Math.max(stamp, Math.floor(l2.now() - (now() - at)));
  }

  /** One pass over the keys, however many patterns there are. */
  async #makeUpForMatches(entries: readonly MatchEntry[]): Promise<void> {
    const { l2, keyPrefix, everything, fenceOf } = this.#parts;
    const [only] = entries;
    const { globs } = entries.length === 1 && only !== undefined ? only : everything;
    const matches = (redisKey: string): boolean => entries.some((entry) => entry.matches(redisKey));
    await removeMatchingFromRedis(l2, keyPrefix, { globs, matches }, (redisKeys) =>
      Promise.all(
        redisKeys.map((redisKey) => {
          const covering = entries.filter((entry) => entry.matches(redisKey));
          const stamp = Math.max(...covering.map((entry) => this.#stampOf(entry))) + clockErrorMs;
          return l2.catchUp(redisKey, fenceOf(redisKey), stamp, undefined, 0, () => true);
        }),
      ),
    );
  }

  async #makeUpFor(entry: Exclude<JournalEntry, MatchEntry>): Promise<void> {
    const { l2, tags, fenceOf, now } = this.#parts;
    if (entry.kind === 'tag') {
      await tags.invalidate([entry.tag]);
      return;
    }
    const { redisKey } = entry;
    const fence = fenceOf(redisKey);
    const made = this.#stampOf(entry);
    const stamp = made + clockErrorMs;
    const isWanted = (): boolean => this.journal.pending(redisKey) === entry;
    if (entry.kind === 'delete') {
      await l2.catchUp(redisKey, fence, stamp, undefined, 0, isWanted);
      return;
    }
    const { bytes, meta } = entry;
    const leftMs =
      meta.ttlMs === 0 ? 0 : Math.max(1, Math.ceil(meta.ttlMs + meta.graceMs - (now() - entry.at)));
    try {
      await l2.catchUp(redisKey, fence, stamp, restamp(bytes, made), leftMs, isWanted);
    } catch (error) {
      if (failureKind(error) !== 'oom') throw error;
      // Redis is full: at least the value from before has to go.
      await l2.catchUp(redisKey, fence, stamp, undefined, 0, isWanted);
    }
  }

  /** False when the entry has to wait for another try. */
  #settle(entry: JournalEntry, outcome: PromiseSettledResult<unknown>): boolean {
    if (outcome.status === 'fulfilled') this.journal.done(entry);
    else if (isWorthWaiting(entry, failureKind(outcome.reason))) return false;
    // Redis is there, and would refuse it again.
    else this.journal.giveUp(entry);
    // Redis was not there to remember that this instance holds the key: from now on it is read again before it is believed.
    if (entry.kind === 'set' || entry.kind === 'delete') this.onSettled?.(entry.redisKey);
    return true;
  }

  #record(entry: JournalEntry): void {
    this.journal.record(entry);
    this.onRecorded?.();
  }
}

/** A Redis that is full takes no invalidation of tags, and will once something has left it. */
function isWorthWaiting(entry: JournalEntry, kind: RedisErrorKind): boolean {
  return isTemporary(kind) || (kind === 'oom' && entry.kind === 'tag');
}
