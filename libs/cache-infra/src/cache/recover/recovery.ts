import type { EntryMeta } from '../../codec/codec.js';
import { wholeOf } from '../../values/graph.js';
import { restamp } from '../../codec/header.js';
import { snapshot } from '../../values/snapshot.js';
import { failureKind, isFinal, isTemporary } from '../../tiers/redis/errors.js';
import { removeMatching } from '../../tiers/redis/remove-matching.js';
import type { Cleared, LateChange, RemoteTier } from '../../tiers/remote-tier.js';
import { tagTableKey, tagTableMark } from '../../tiers/redis/tag-channel.js';
import { matchingOf } from '../entry/keyspace.js';
import type { Matching } from '../entry/matching.js';
import type { JournalEntry, KeyedEntry, MatchEntry, Moment, RecoveryJournal, TagEntry } from './journal.js';
import type { ValueLimits } from '../entry/value-rules.js';

/** Entries replayed at a time: one round trip for many, and no burst that delays the callers. */
const replayBatch = 200;

/** What a recovery needs to know of its cache. */
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
  /** The names in the tag table that cover it. */
  readonly tags: readonly string[];
}

/** What happened to tags, as a replay has to know it. */
class TagHistory {
  /** When others invalidated a tag, by the table in Redis before own invalidations reached it. */
  readonly foreign = new Map<string, number>();
  /** The last own invalidation of a tag: its number among the changes of this process. */
  readonly own = new Map<string, number>();
  /** Tags that somebody else may have invalidated just before an own invalidation reached the table. */
  readonly unsure = new Set<string>();
  /** Up to which epoch the table is known. */
  reached = 0;
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
  /** Told of keys that were changed in Redis. */
  onReplayed: ((redisKeys: readonly string[]) => void) | undefined;
  readonly #parts: RecoveryDeps;
  #order = 0;
  /** What is known of tags, until everything is made up for. */
  #history: TagHistory | undefined;
  readonly #ownEpochs = new Map<string, number>();
  #replaying: Promise<boolean> | undefined;

  constructor(journal: RecoveryJournal, parts: RecoveryDeps) {
    this.journal = journal;
    this.#parts = parts;
  }

  /** To be taken when a change is made, before it is sent. */
  moment(): Moment {
    const { l2, now } = this.#parts;
    return { at: now(), stamp: l2.clock.stamp(), stampErrorMs: l2.clock.totalErrorMs, order: ++this.#order };
  }

  recordSet(moment: Moment, { redisKey, bytes, meta, tags }: UnreachedSet): void {
    // The entry's stamp is the one that others go by; the bytes are a copy, which is not part of a slab.
    const stamp = Math.max(moment.stamp, meta.stamp);
    this.#record({ ...moment, stamp, kind: 'set', redisKey, bytes: Buffer.from(bytes), meta, tags });
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

  /** Now, in the order of changes where it was made. */
  #nowInOrderOf({ order }: Moment): Moment {
    const { l2, now } = this.#parts;
    return { at: now(), stamp: l2.clock.stamp(), stampErrorMs: l2.clock.totalErrorMs, order };
  }

  /**
   * Makes up for what is written down. False when Redis went away again. True once nothing is left but what Redis refuses for a reason that
   * may pass: that is tried again later.
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
    // Before own clears are replayed, which may take the place of those that others made.
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
      const batch = this.journal.oldest(replayBatch, this.#parts.now(), refused);
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

  /** By what is known of Redis's clock now, and not before what was known then: this instance's own changes keep their order. */
  #stampOf({ stamp, at }: Moment): number {
    const { l2, now } = this.#parts;
    return Math.max(stamp, Math.floor(l2.clock.now() - (now() - at)));
  }

  /** How far off `#stampOf` may be, milliseconds. */
  #stampErrorOf({ stampErrorMs }: Moment): number {
    return Math.max(stampErrorMs, this.#parts.l2.clock.totalErrorMs);
  }

  /** One pass over the keys, however many patterns there are. */
  async #replayMatches(entries: readonly MatchEntry[]): Promise<boolean> {
    const { l2, keyPrefix, everything } = this.#parts;
    const [only] = entries;
    const { globs } = entries.length === 1 && only !== undefined ? only : everything;
    const matches = (redisKey: string): boolean => entries.some((entry) => entry.matches(redisKey));
    // What was set after them is not covered, however late they are.
    const clears = entries.map((entry) => ({ mark: entry.mark, at: this.#stampOf(entry) }));
    await removeMatching(l2, keyPrefix, { clears, globs, matches }, async (redisKeys) => {
      await Promise.all(
        redisKeys.map((redisKey) => {
          const covering = entries.filter((entry) => entry.matches(redisKey));
          const stamp = Math.max(...covering.map((entry) => this.#stampOf(entry)));
          // The marks of what was cleared do for all of them.
          const errorMs = Math.max(...covering.map((entry) => this.#stampErrorOf(entry)));
          return l2.lateChanges.replay({ redisKey, stamp, errorMs, leavesTombstone: false });
        }),
      );
      this.onReplayed?.(redisKeys);
    });
    return true;
  }

  /** What others did to the tags of the sets that wait; undefined = Redis went away. */
  async #tagHistory(): Promise<TagHistory | undefined> {
    const { l2 } = this.#parts;
    const history = this.#history ?? new TagHistory();
    const since = this.journal.oldestTagEpoch();
    if (since === undefined) return history;
    try {
      for (let upTo = since; ;) {
        const news = await l2.tagTable.news({ since: upTo, claim: 0, ahead: 0 }, { make: false });
        for (const [tag, epoch] of news.invalidated) {
          if (this.#ownEpochs.get(tag) !== epoch) history.foreign.set(tag, epoch);
        }
        history.reached = news.latest;
        if (news.upTo >= news.latest) break;
        upTo = news.upTo;
      }
    } catch (error) {
      if (!isFinal(failureKind(error))) return undefined;
    }
    this.#history = history;
    return history;
  }

  async #replayTags(entries: readonly TagEntry[], history: TagHistory): Promise<boolean> {
    const { tags, keyPrefix } = this.#parts;
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

  /** What others cleared; undefined = Redis went away. Where this user may not ask, nothing is known of clears. */
  async #cleared(): Promise<readonly Cleared[] | undefined> {
    try {
      return await this.#parts.l2.lateChanges.clearedElsewhere();
    } catch (error) {
      const kind = failureKind(error);
      return isFinal(kind) || kind === 'wrongtype' ? [] : undefined;
    }
  }

  /** `known`: what others had cleared before this replay. False when Redis went away. */
  async #replayKeys(
    batch: readonly KeyedEntry[],
    known: { readonly cleared: readonly Cleared[]; readonly history: TagHistory },
    refused: Set<JournalEntry>,
  ): Promise<boolean> {
    const outcomes = await Promise.allSettled(
      batch.map((entry) =>
        this.#clearedAfter(entry, known.cleared) === undefined
          ? this.#replayKey(entry, known.history)
          : this.#removeReplaced(entry),
      ),
    );
    // A clear that began meanwhile may not have seen what was replayed behind it.
    const now = batch.some(({ kind }) => kind === 'set') ? await this.#cleared() : [];
    if (now === undefined) return false;
    for (const [i, outcome] of outcomes.entries()) {
      const entry = batch[i] as KeyedEntry;
      const clearedAt = this.#clearedAfter(entry, now);
      const isMade = outcome.status === 'fulfilled' && outcome.value;
      // What is not removed now is looked at again.
      if (isMade && clearedAt !== undefined && !(await this.#isRemoved(entry, clearedAt))) return false;
      if (!this.#settle(entry, outcome, refused)) return false;
    }
    return true;
  }

  async #isRemoved({ redisKey }: KeyedEntry, clearedAt: number): Promise<boolean> {
    try {
      const { l2 } = this.#parts;
      await l2.lateChanges.replay({
        redisKey,
        stamp: clearedAt,
        errorMs: l2.clock.totalErrorMs,
        leavesTombstone: false,
      });
      return true;
    } catch (error) {
      return isFinal(failureKind(error));
    }
  }

  /** When the key was cleared, by Redis's clock, if that was after this set was made, or too close to it to tell. */
  #clearedAfter(entry: KeyedEntry, cleared: readonly Cleared[]): number | undefined {
    if (entry.kind !== 'set' || cleared.length === 0) return undefined;
    const made = this.#stampOf(entry) - this.#stampErrorOf(entry);
    const covering = cleared.filter(({ mark, at }) => at >= made && this.#covers(mark, entry.redisKey));
    return covering.length === 0 ? undefined : Math.max(...covering.map(({ at }) => at));
  }

  /** What cannot be read is taken to cover everything. */
  #covers(mark: string, redisKey: string): boolean {
    return matchingOf(this.#parts.keyPrefix, mark)?.matches(redisKey) ?? true;
  }

  /**
   * The bytes of a set as they are right now. A tag of it that was invalidated before it, here or elsewhere, does not concern it: then the
   * entry gets the epoch of now. Undefined: a tag of it was invalidated after it.
   */
  async #bytesOf(
    entry: Extract<KeyedEntry, { kind: 'set' }>,
    history: TagHistory,
  ): Promise<Buffer | undefined> {
    const { l2, values } = this.#parts;
    const { bytes, meta, redisKey } = entry;
    const made = this.#stampOf(entry);
    const surelyBefore = (made - this.#stampErrorOf(entry)) * 1000;
    let isOvertaken = false;
    for (const tag of entry.tags) {
      const own = history.own.get(tag);
      const foreign = history.foreign.get(tag) ?? 0;
      if (own !== undefined && (own > entry.order || history.unsure.has(tag))) return undefined;
      if (foreign > meta.tagEpoch && foreign >= surelyBefore) return undefined;
      isOvertaken ||= own !== undefined || foreign > meta.tagEpoch;
    }
    if (!isOvertaken) return restamp(bytes, made);
    const stored = await l2.decode(redisKey, bytes);
    if (stored === undefined) return undefined;
    const { types, maxNodes } = values;
    const taken = snapshot(wholeOf(stored.value), { classes: 'refuse', types, maxNodes });
    return l2.codec.encode(taken, { ...meta, stamp: made, tagEpoch: history.reached }, redisKey);
  }

  #deletionOf(entry: KeyedEntry): LateChange {
    const { redisKey } = entry;
    const isWanted = (): boolean => this.journal.pending(redisKey) === entry;
    const [stamp, errorMs] = [this.#stampOf(entry), this.#stampErrorOf(entry)];
    return { redisKey, stamp, errorMs, leavesTombstone: true, isWanted };
  }

  /** A set that something overtook is not made: what it replaced is from before it, and leaves. Never `true`. */
  async #removeReplaced(entry: KeyedEntry): Promise<false> {
    await this.#parts.l2.lateChanges.replay(this.#deletionOf(entry));
    return false;
  }

  /** Whether the change was made. */
  async #replayKey(entry: KeyedEntry, history: TagHistory): Promise<boolean> {
    const { l2, now } = this.#parts;
    const deletion = this.#deletionOf(entry);
    if (entry.kind === 'delete') return l2.lateChanges.replay(deletion);
    const bytes = await this.#bytesOf(entry, history);
    if (bytes === undefined) return this.#removeReplaced(entry);
    const { meta } = entry;
    const leftMs =
      meta.ttlMs === 0 ? 0 : Math.max(1, Math.ceil(meta.ttlMs + meta.graceMs - (now() - entry.at)));
    try {
      return await l2.lateChanges.replay({ ...deletion, set: { bytes, ttlMs: leftMs } });
    } catch (error) {
      if (failureKind(error) !== 'oom') throw error;
      // Redis is full: at least the value from before has to go.
      return await l2.lateChanges.replay(deletion);
    }
  }

  /** False when Redis went away: the entry waits. So does one that is refused for a reason that may pass, and others go on. */
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
    // Redis was not there to remember that this instance holds the key: from now on it is read again before it is believed.
    this.onSettled?.(entry.redisKey);
    if (outcome.status === 'fulfilled') this.onReplayed?.([entry.redisKey]);
    return true;
  }

  #record(entry: JournalEntry): void {
    this.journal.record(entry);
    this.onRecorded?.();
  }
}
