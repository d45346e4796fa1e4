import type { EntryMeta } from '../../codec/codec.js';
import { wholeOf } from '../../values/graph.js';
import { restamp } from '../../codec/entry-head.js';
import { snapshot } from '../../values/snapshot.js';
import { failureKind, isFinal, isTemporary } from '../../tiers/redis/errors.js';
import { stampErrorMs, type Cleared, type LateChange, type RemoteTier } from '../../tiers/remote-tier.js';
import { removeMatching } from '../../tiers/redis/remove-matching.js';
import { tagTableKey, tagTableMark } from '../../tiers/redis/tag-channel.js';
import { covers } from '../entry/keyspace.js';
import type { Matching } from '../entry/matching.js';
import type { JournalEntry, KeyedEntry, MatchEntry, Moment, RecoveryJournal, TagEntry } from './journal.js';
import type { ValueLimits } from '../entry/value-rules.js';

/** Entries replayed in one batch: few round trips, and no burst that delays callers. */
const replayBatch = 200;

/** The collaborators of a recovery. */
export interface RecoveryDeps {
  readonly keyPrefix: string;
  readonly l2: RemoteTier;
  /** Invalidates tags in Redis. `latest`: the epoch of the invalidation, `before`: the table's epoch before it. */
  readonly tags: {
    invalidate(
      names: readonly string[],
    ): Promise<{ readonly latest: number; readonly before?: number | undefined }>;
  };
  /** All keys of the cache. */
  readonly everything: Matching;
  readonly values: ValueLimits;
  /** This process's clock, milliseconds. */
  readonly now: () => number;
}

/** A set that did not reach Redis. */
export interface UnreachedSet {
  readonly redisKey: string;
  readonly bytes: Buffer;
  readonly meta: EntryMeta;
  /** The names in the tag table that cover the entry. */
  readonly tags: readonly string[];
  /** Epoch up to which this process knew the tag table in Redis when the set was made. */
  readonly knownTagEpoch: number;
}

/** Invalidations of tags during the outage. A replayed set is compared with them. */
class TagHistory {
  /** Per tag: the epoch of the last invalidation by another instance, read before own invalidations are replayed. */
  readonly foreign = new Map<string, number>();
  /** Per tag: the order number of the last own invalidation. */
  readonly own = new Map<string, number>();
  /** Tags that another instance may have invalidated between the read of the table and an own invalidation. */
  readonly unsure = new Set<string>();
  /** The epoch up to which the table in Redis is known. */
  reached = 0;
}

/**
 * Records changes that did not reach Redis in the journal, and replays them once Redis is available. Last write wins: a
 * change is replayed unless Redis holds a newer one.
 *
 * *Which change is newer.* The clocks of two hosts are never compared. Entries carry Redis's time. The age of a
 * journalled change is measured by this process's clock; Redis's time now minus that age is the stamp of the change. A
 * stamp has an error bound, since the offset between the two clocks is known only as exactly as a round trip allows.
 *
 * - A set counts from the call: it must not replace a later change.
 * - A removal counts from the moment it failed.
 * - If the error bounds of two changes overlap, a removal wins over a set: to remove too much costs a miss, to remove
 *   too little serves an old value. Of two sets the journalled one wins.
 *
 * *Order of a replay.* Patterns and clears first, then tags, then keys. Clears and tag invalidations of other instances
 * are read before own ones are replayed, since an own one may replace them in Redis. They cover journalled sets that
 * were made before them: such a set is not replayed, and the older entry that it was to replace is deleted.
 *
 * *Errors.* An outage ends the replay; the journal keeps its entries. A permanent refusal drops the entry. Any other
 * refusal (Redis is full, say) keeps the entry for a later replay, and the replay continues with the next one.
 */
export class Recovery {
  readonly journal: RecoveryJournal;
  /** Called when the journal has an entry to replay. */
  onRecorded: (() => void) | undefined;
  /** Called when the change of a key has reached Redis, or was dropped. */
  onSettled: ((redisKey: string) => void) | undefined;
  /** Called with the keys that a replay changed in Redis. */
  onReplayed: ((redisKeys: readonly string[]) => void) | undefined;
  readonly #deps: RecoveryDeps;
  #order = 0;
  /** Kept until a replay has emptied the journal. */
  #history: TagHistory | undefined;
  /** Per tag: the epoch of the last own invalidation that was replayed. */
  readonly #ownEpochs = new Map<string, number>();
  #replaying: Promise<boolean> | undefined;

  constructor(journal: RecoveryJournal, deps: RecoveryDeps) {
    this.journal = journal;
    this.#deps = deps;
  }

  /** The moment of a change. Call it when the change is made, before it is sent. */
  moment(): Moment {
    const { l2, now } = this.#deps;
    return { at: now(), stamp: l2.clock.stamp(), order: ++this.#order };
  }

  recordSet(moment: Moment, { bytes, ...set }: UnreachedSet): void {
    // Other instances compare with the stamp in the entry. The copy of the bytes releases Node's shared slab.
    const stamp = Math.max(moment.stamp, set.meta.stamp);
    this.#record({ ...moment, stamp, kind: 'set', ...set, bytes: Buffer.from(bytes) });
  }

  recordDelete(moment: Moment, redisKey: string): void {
    this.#record({ ...this.#nowInOrderOf(moment), kind: 'delete', redisKey });
  }

  recordTag(moment: Moment, tag: string): void {
    this.#record({ ...moment, kind: 'tag', tag });
  }

  recordMatch(moment: Moment, matching: Matching): void {
    this.#record({ ...this.#nowInOrderOf(moment), kind: 'match', ...matching });
  }

  /** The present moment, with the order number of the change. */
  #nowInOrderOf({ order }: Moment): Moment {
    const { l2, now } = this.#deps;
    return { at: now(), stamp: l2.clock.stamp(), order };
  }

  /**
   * Replays the journal. Calls during a replay share it. False = Redis became unavailable again. True = the journal is
   * empty, or holds only entries that Redis refuses for now: a later replay retries them.
   */
  async replay(): Promise<boolean> {
    this.#replaying ??= this.#run().finally(() => {
      this.#replaying = undefined;
    });
    return this.#replaying;
  }

  async #run(): Promise<boolean> {
    const refused = new Set<JournalEntry>();
    if (this.journal.size === 0) return true;
    // Read before own clears are replayed: those may replace the marks of other instances.
    const cleared = await this.#cleared();
    if (cleared === undefined) return false;
    const history = await this.#tagHistory();
    if (history === undefined) return false;
    for (;;) {
      const matches = this.journal.matches().filter((match) => !refused.has(match));
      if (matches.length > 0) {
        const [outcome] = await Promise.allSettled([this.#replayMatches(matches)]);
        for (const match of matches) if (!this.#settle(match, outcome, refused)) return false;
        continue;
      }
      const tags = this.journal.tags().filter((tag) => !refused.has(tag));
      if (tags.length > 0) {
        const [outcome] = await Promise.allSettled([this.#replayTags(tags, history)]);
        for (const tag of tags) if (!this.#settle(tag, outcome, refused)) return false;
        continue;
      }
      const batch = this.journal.oldest(replayBatch, this.#deps.now(), refused);
      if (batch.length === 0) break;
      if (!(await this.#replayKeys(batch, { cleared, history }, refused))) return false;
    }
    if (refused.size > 0) {
      this.onRecorded?.();
      return true;
    }
    this.#history = undefined;
    this.#ownEpochs.clear();
    return true;
  }

  /**
   * The stamp by Redis's clock as known now. Never before the recorded stamp: this instance's changes keep their order.
   */
  #stampOf({ stamp, at }: Moment): number {
    const { l2, now } = this.#deps;
    return Math.max(stamp, Math.floor(l2.clock.now() - (now() - at)));
  }

  /** Scans the keys once, whatever the number of patterns. */
  async #replayMatches(entries: readonly MatchEntry[]): Promise<boolean> {
    const { l2, keyPrefix, everything } = this.#deps;
    const [only] = entries;
    const { globs } = entries.length === 1 && only !== undefined ? only : everything;
    const matches = (redisKey: string): boolean => entries.some((entry) => entry.matches(redisKey));
    // The marks carry the moments of the changes: a clear does not cover entries that were set after it.
    const clears = entries.map((entry) => ({ mark: entry.mark, at: this.#stampOf(entry) }));
    await removeMatching(l2, keyPrefix, { clears, globs, matches }, async (redisKeys) => {
      await Promise.all(
        redisKeys.map((redisKey) => {
          const covering = entries.filter((entry) => entry.matches(redisKey));
          const stamp = Math.max(...covering.map((entry) => this.#stampOf(entry)));
          // No tombstones: the marks cover all these keys.
          return l2.lateChanges.replay({ redisKey, stamp, leavesTombstone: false });
        }),
      );
      this.onReplayed?.(redisKeys);
    });
    return true;
  }

  /** Invalidations by other instances since the oldest journalled set; undefined = Redis became unavailable. */
  async #tagHistory(): Promise<TagHistory | undefined> {
    const { l2 } = this.#deps;
    const history = this.#history ?? new TagHistory();
    const since = this.journal.oldestTagEpoch();
    if (since === undefined) return history;
    try {
      for (let upTo = since; ;) {
        const changes = await l2.tagTable.news({ since: upTo, claim: 0, ahead: 0 }, { make: false });
        for (const [tag, epoch] of changes.invalidated) {
          if (this.#ownEpochs.get(tag) !== epoch) history.foreign.set(tag, epoch);
        }
        history.reached = changes.latest;
        if (changes.upTo >= changes.latest) break;
        upTo = changes.upTo;
      }
    } catch (error) {
      if (!isFinal(failureKind(error))) return undefined;
    }
    this.#history = history;
    return history;
  }

  async #replayTags(entries: readonly TagEntry[], history: TagHistory): Promise<boolean> {
    const { tags, keyPrefix } = this.#deps;
    const tableKey = tagTableKey(keyPrefix);
    for (let i = 0; i < entries.length; i += replayBatch) {
      const batch = entries.slice(i, i + replayBatch);
      const names = batch.map(({ tag }) => tag);
      const { latest, before } = await tags.invalidate(names);
      for (const { tag, order } of batch) {
        history.own.set(tag, Math.max(order, history.own.get(tag) ?? 0));
        this.#ownEpochs.set(tag, latest);
        if (before !== history.reached) history.unsure.add(tag);
      }
      history.reached = latest;
      this.onReplayed?.([tableKey, tagTableMark(tableKey, latest)]);
    }
    return true;
  }

  /** Clears by other instances; undefined = Redis became unavailable. If this user may not read them, none is known. */
  async #cleared(): Promise<readonly Cleared[] | undefined> {
    try {
      return await this.#deps.l2.lateChanges.clearedElsewhere();
    } catch (error) {
      const kind = failureKind(error);
      return isFinal(kind) || kind === 'wrongtype' ? [] : undefined;
    }
  }

  /** False = Redis became unavailable. `known`: changes by other instances, read before this replay. */
  async #replayKeys(
    batch: readonly KeyedEntry[],
    known: { readonly cleared: readonly Cleared[]; readonly history: TagHistory },
    refused: Set<JournalEntry>,
  ): Promise<boolean> {
    const outcomes = await Promise.allSettled(
      batch.map((entry) =>
        this.#clearedAfter(entry, known.cleared) === undefined
          ? this.#replayKey(entry, known.history)
          : this.#deleteReplaced(entry),
      ),
    );
    // The scan of a clear that began meanwhile may have passed a key before its set was replayed.
    const clearedNow = batch.some(({ kind }) => kind === 'set') ? await this.#cleared() : [];
    if (clearedNow === undefined) return false;
    for (const [i, outcome] of outcomes.entries()) {
      const entry = batch[i] as KeyedEntry;
      const clearedAt = this.#clearedAfter(entry, clearedNow);
      const isReplayed = outcome.status === 'fulfilled' && outcome.value;
      // If this removal fails, the entry stays in the journal, and the next replay removes it.
      if (isReplayed && clearedAt !== undefined && !(await this.#isRemoved(entry, clearedAt))) return false;
      if (!this.#settle(entry, outcome, refused)) return false;
    }
    return true;
  }

  async #isRemoved({ redisKey }: KeyedEntry, clearedAt: number): Promise<boolean> {
    try {
      const { l2 } = this.#deps;
      await l2.lateChanges.replay({
        redisKey,
        stamp: clearedAt,
        leavesTombstone: false,
      });
      return true;
    } catch (error) {
      return isFinal(failureKind(error));
    }
  }

  /** The last clear of this key that may have come after this set, by Redis's clock; undefined = none. */
  #clearedAfter(entry: KeyedEntry, cleared: readonly Cleared[]): number | undefined {
    if (entry.kind !== 'set' || cleared.length === 0) return undefined;
    const made = this.#stampOf(entry) - stampErrorMs;
    const covering = cleared.filter(
      ({ mark, at }) => at >= made && covers(this.#deps.keyPrefix, mark, entry.redisKey),
    );
    return covering.length === 0 ? undefined : Math.max(...covering.map(({ at }) => at));
  }

  /**
   * The bytes to replay for a set; undefined = one of its tags was invalidated after the set. If a tag was invalidated
   * before the set, the entry is encoded again with the table's current epoch: under its own epoch it would count as
   * dead.
   */
  async #bytesOf(
    entry: Extract<KeyedEntry, { kind: 'set' }>,
    history: TagHistory,
  ): Promise<Buffer | undefined> {
    const { l2, values } = this.#deps;
    const { bytes, meta, redisKey } = entry;
    const made = this.#stampOf(entry);
    const surelyBefore = (made - stampErrorMs) * 1000;
    let needsNewEpoch = false;
    for (const tag of entry.tags) {
      const own = history.own.get(tag);
      const foreign = history.foreign.get(tag) ?? 0;
      if (own !== undefined && (own > entry.order || history.unsure.has(tag))) return undefined;
      if (foreign > entry.knownTagEpoch && foreign >= surelyBefore) return undefined;
      needsNewEpoch ||= own !== undefined || foreign > entry.knownTagEpoch;
    }
    if (!needsNewEpoch) return restamp(bytes, made);
    const stored = await l2.decode(redisKey, bytes);
    if (stored === undefined) return undefined;
    const { types, maxNodes } = values;
    const copy = snapshot(wholeOf(stored.value), { classes: 'refuse', types, maxNodes });
    return l2.codec.encode(copy, { ...meta, stamp: made, tagEpoch: history.reached }, redisKey);
  }

  #deletionOf(entry: KeyedEntry): LateChange {
    const { redisKey } = entry;
    const isWanted = (): boolean => this.journal.pending(redisKey) === entry;
    return { redisKey, stamp: this.#stampOf(entry), leavesTombstone: true, isWanted };
  }

  /** Deletes the older entry that an outdated set was to replace. Returns false: the set itself is not replayed. */
  async #deleteReplaced(entry: KeyedEntry): Promise<false> {
    await this.#deps.l2.lateChanges.replay(this.#deletionOf(entry));
    return false;
  }

  /** False = Redis holds a newer change. */
  async #replayKey(entry: KeyedEntry, history: TagHistory): Promise<boolean> {
    const { l2, now } = this.#deps;
    const deletion = this.#deletionOf(entry);
    if (entry.kind === 'delete') return l2.lateChanges.replay(deletion);
    const bytes = await this.#bytesOf(entry, history);
    if (bytes === undefined) return this.#deleteReplaced(entry);
    const { meta } = entry;
    const leftMs =
      meta.ttlMs === 0 ? 0 : Math.max(1, Math.ceil(meta.ttlMs + meta.graceMs - (now() - entry.at)));
    try {
      return await l2.lateChanges.replay({ ...deletion, set: { bytes, ttlMs: leftMs } });
    } catch (error) {
      if (failureKind(error) !== 'oom') throw error;
      // Redis is full: delete the older value instead, so that readers miss.
      return await l2.lateChanges.replay(deletion);
    }
  }

  /**
   * Ends the replay of one entry by its outcome. False = Redis is unavailable: the entry stays, and the replay ends.
   */
  #settle(entry: JournalEntry, outcome: PromiseSettledResult<boolean>, refused: Set<JournalEntry>): boolean {
    if (outcome.status === 'fulfilled') {
      if (outcome.value) this.journal.done(entry);
      else this.journal.outdated(entry);
    } else {
      const kind = failureKind(outcome.reason);
      if (isTemporary(kind)) return false;
      if (!isFinal(kind)) {
        refused.add(entry);
        return true;
      }
      this.journal.giveUp(entry);
    }
    if (entry.kind !== 'set' && entry.kind !== 'delete') return true;
    // During the outage Redis did not track this key for this instance, so its L1 entry must be read anew.
    this.onSettled?.(entry.redisKey);
    if (outcome.status === 'fulfilled') this.onReplayed?.([entry.redisKey]);
    return true;
  }

  #record(entry: JournalEntry): void {
    this.journal.record(entry);
    this.onRecorded?.();
  }
}
