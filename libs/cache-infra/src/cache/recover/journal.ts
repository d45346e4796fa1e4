import type { EntryMeta } from '../../codec/codec.js';
import type { Matching } from '../entry/matching.js';
import type { JournalStats } from '../contract/stats.js';

/** When a change was made. */
export interface Moment {
  /** By this process's clock, milliseconds. */
  readonly at: number;
  /** By Redis's clock as known at that time, milliseconds. */
  readonly stamp: number;
  /** Order number among the changes of this process. */
  readonly order: number;
}

export type MatchEntry = Moment & Matching & { readonly kind: 'match' };

interface SetChange {
  readonly kind: 'set';
  readonly bytes: Buffer;
  readonly meta: EntryMeta;
  /** The names in the tag table that cover the entry. */
  readonly tags: readonly string[];
  /** Epoch up to which this process knew the tag table in Redis when the set was made. */
  readonly knownTagEpoch: number;
}

/** A change of one key. */
export type KeyedEntry = Moment & { readonly redisKey: string } & ({ readonly kind: 'delete' } | SetChange);

export type TagEntry = Moment & { readonly kind: 'tag'; readonly tag: string };

/** A change that did not reach Redis. */
export type JournalEntry = KeyedEntry | MatchEntry | TagEntry;

export interface JournalLimits {
  /** Most changes kept. */
  readonly maxEntries: number;
  /** Most bytes kept: values, keys and overhead. */
  readonly maxBytes: number;
  /**
   * Milliseconds. An older set is replayed as a delete, since tombstones of deletes by other instances live as long.
   */
  readonly horizonMs: number;
}

/** Notified when the journal is full. */
export interface JournalListener {
  /** A change was dropped. */
  onDropped(dropped: JournalEntry): void;
  /** Too many deletes or patterns: one removal of every key of the cache replaced them. */
  onWidened(): void;
}

/** Bytes that an entry costs besides its key and value, roughly. */
const overheadBytes = 200;
/** Most patterns kept, since every read checks each of them. More become one pattern that covers every key. */
const maxMatches = 100;
/** Most comparisons (keys times covers) in one turn of the event loop. */
const maxChecks = 100_000;

/** A pattern or clear: it supersedes matching changes with a lower order number. */
interface Cover {
  readonly order: number;
  readonly matches: (redisKey: string) => boolean;
}

/**
 * The changes that did not reach Redis: for each key the last one. Reads of a journalled key are answered from the
 * journal, since Redis holds an older entry.
 *
 * *Patterns and clears.* A pattern or clear supersedes the sets and deletes made before it. Searching a large journal
 * takes long, so a superseded entry leaves when it is next visited: by a read, or by the replay. A replay therefore
 * only sees sets and deletes that are newer than every pattern that covers them, and can run all patterns first.
 *
 * *Bounds.* A miss is correct, an older value is not; so an entry that has to go leaves a removal in its place:
 *
 * 1. Too many bytes: the oldest set becomes a delete of its key.
 * 2. Too many entries: all deletes become one removal of every key of the cache. Journalled sets are newer and survive
 *    it.
 * 3. Still too many: the oldest entries are dropped. The removal of every key covers them.
 */
export class RecoveryJournal {
  readonly #entries = new Map<string, JournalEntry>();
  readonly #limits: JournalLimits;
  readonly #everything: Matching;
  readonly #listener: JournalListener;
  readonly #matches = new Set<MatchEntry>();
  /** Ids of sets, the oldest first. */
  readonly #sets = new Set<string>();
  /** Ids of deletes. */
  readonly #deletes = new Set<string>();
  #covers: Cover[] = [];
  #bytes = 0;
  #recorded = 0;
  #replayed = 0;
  #dropped = 0;
  #expired = 0;
  #superseded = 0;

  /** `everything`: matches all keys of the cache. */
  constructor(limits: JournalLimits, everything: Matching, listener: JournalListener) {
    this.#limits = limits;
    this.#everything = everything;
    this.#listener = listener;
  }

  get size(): number {
    return this.#entries.size;
  }

  stats(): JournalStats {
    return {
      size: this.#entries.size,
      bytes: this.#bytes,
      recorded: this.#recorded,
      replayed: this.#replayed,
      dropped: this.#dropped,
      expired: this.#expired,
      superseded: this.#superseded,
    };
  }

  record(entry: JournalEntry): void {
    this.#recorded++;
    if (entry.kind === 'match') this.#recordMatch(entry);
    else if (entry.kind === 'tag' || !this.#isSuperseded(entry)) this.#put(entry);
    this.#shrink();
  }

  /** The last journalled change that covers this key. */
  pending(redisKey: string): JournalEntry | undefined {
    if (this.#entries.size === 0) return undefined;
    const entry = this.#entries.get(keyedId(redisKey)) as KeyedEntry | undefined;
    if (entry !== undefined && !this.#isCovered(entry)) return entry;
    return this.#matchOf(redisKey, -1);
  }

  /** The Redis keys of journalled sets. A later pattern may have superseded some: see {@link pending}. */
  setKeys(): readonly string[] {
    return [...this.#sets].map((id) => (this.#entries.get(id) as KeyedEntry).redisKey);
  }

  /** The key is changed anew: its journalled change is superseded. */
  supersede(redisKey: string): void {
    this.#remove(keyedId(redisKey));
  }

  /** Matching keys are being removed: their journalled changes with a lower `order` are superseded. */
  supersedeWhere(matches: (redisKey: string) => boolean, order: number): void {
    if (this.#sets.size + this.#deletes.size === 0) {
      this.#covers = [];
      return;
    }
    this.#covers.push({ order, matches });
    if (this.#covers.length > maxMatches) this.#settleCovers();
  }

  /** Removes the entries that covers have superseded, then the covers. */
  #settleCovers(): void {
    const latest = Math.max(...this.#covers.map(({ order }) => order));
    const isSmall = (this.#sets.size + this.#deletes.size) * this.#covers.length <= maxChecks;
    if (isSmall) {
      for (const id of [...this.#sets, ...this.#deletes])
        this.#isCovered(this.#entries.get(id) as KeyedEntry);
    } else {
      // Too many to compare: every set that a cover may have superseded becomes a delete.
      for (const id of [...this.#sets]) {
        const entry = this.#entries.get(id) as KeyedEntry;
        if (entry.order > latest) continue;
        this.#turnIntoDelete(id);
        this.#drop(entry);
      }
    }
    this.#covers = [];
  }

  /** Journalled patterns and clears. They are replayed first. */
  matches(): readonly MatchEntry[] {
    return [...this.#matches];
  }

  /** The lowest tag epoch among journalled sets with tags; undefined = there is none. */
  oldestTagEpoch(): number | undefined {
    let oldest: number | undefined;
    for (const id of this.#sets) {
      const entry = this.#entries.get(id);
      if (entry?.kind !== 'set' || entry.tags.length === 0) continue;
      oldest = Math.min(oldest ?? Infinity, entry.knownTagEpoch);
    }
    return oldest;
  }

  /** Journalled invalidations of tags. They are replayed second. */
  tags(): readonly TagEntry[] {
    return [...this.#entries.values()].filter((entry) => entry.kind === 'tag');
  }

  /**
   * The oldest changes of keys, at most `count`, without those in `except`. A set whose ttl is over by `now`, or that
   * is older than the horizon, becomes a delete: the entry that it was to replace is superseded all the same.
   */
  oldest(count: number, now: number, except: ReadonlySet<JournalEntry> = new Set()): KeyedEntry[] {
    const oldest: KeyedEntry[] = [];
    for (const [id, entry] of this.#entries) {
      if (oldest.length === count) break;
      if (!isKeyed(entry) || except.has(entry) || this.#isCovered(entry)) continue;
      if (entry.kind === 'set' && entry.meta.ttlMs !== 0 && entry.at + entry.meta.ttlMs <= now) {
        oldest.push(this.#turnIntoDelete(id));
        this.#expired++;
      } else if (entry.kind === 'set' && entry.at + this.#limits.horizonMs < now) {
        oldest.push(this.#turnIntoDelete(id));
        this.#drop(entry);
      } else {
        oldest.push(entry);
      }
    }
    return oldest;
  }

  /** Redis refuses `entry` permanently. */
  giveUp(entry: JournalEntry): void {
    if (this.#take(entry)) this.#drop(entry);
  }

  /** `entry` has reached Redis. */
  done(entry: JournalEntry): void {
    if (this.#take(entry)) this.#replayed++;
  }

  /** Redis holds a newer change than `entry`. */
  outdated(entry: JournalEntry): void {
    if (this.#take(entry)) this.#superseded++;
  }

  #recordMatch(entry: MatchEntry): void {
    if (!this.#covers.some(({ order }) => order === entry.order))
      this.supersedeWhere(entry.matches, entry.order);
    this.#put(entry);
    if (this.#matches.size <= maxMatches) return;
    // One removal of every key replaces them. Journalled changes of keys are newer, and stay.
    const latest = [...this.#matches].reduce((one, other) => (other.order > one.order ? other : one));
    for (const match of this.#matches) this.#remove(identity(match));
    this.#coverEverything(latest);
  }

  /** True if a later pattern supersedes the entry. Removes it then. */
  #isCovered({ redisKey, order }: KeyedEntry): boolean {
    const isCovered = this.#covers.some((cover) => cover.order > order && cover.matches(redisKey));
    if (isCovered) this.#remove(keyedId(redisKey));
    return isCovered;
  }

  /** Journals one removal of every key, at the later of `moment` and an earlier such removal. */
  #coverEverything(moment: Moment): void {
    const id = identity({ ...moment, ...this.#everything, kind: 'match' });
    const existing = this.#entries.get(id);
    if (existing === undefined) this.#listener.onWidened();
    const before = existing ?? moment;
    this.#put({
      kind: 'match',
      at: Math.max(before.at, moment.at),
      stamp: Math.max(before.stamp, moment.stamp),
      order: Math.max(before.order, moment.order),
      ...this.#everything,
    });
  }

  /** A newer journalled change covers the key. */
  #isSuperseded({ redisKey, order }: KeyedEntry): boolean {
    const before = this.#entries.get(keyedId(redisKey));
    if (before !== undefined && before.order > order) return true;
    return this.#matchOf(redisKey, order) !== undefined;
  }

  #matchOf(redisKey: string, after: number): MatchEntry | undefined {
    let last: MatchEntry | undefined;
    for (const match of this.#matches) {
      if (match.order > Math.max(after, last?.order ?? -1) && match.matches(redisKey)) last = match;
    }
    return last;
  }

  #shrink(): void {
    const { maxBytes } = this.#limits;
    while (this.#bytes > maxBytes && this.#sets.size > 0) {
      const id = this.#sets.values().next().value as string;
      const entry = this.#entries.get(id) as JournalEntry;
      this.#turnIntoDelete(id);
      this.#drop(entry);
    }
    if (this.#isFull) this.#coverDeletes();
    if (!this.#isFull) return;
    for (const [id, entry] of this.#entries) {
      if (entry.kind === 'match') continue;
      this.#remove(id);
      this.#coverEverything(entry);
      this.#drop(entry);
      if (!this.#isFull) return;
    }
  }

  get #isFull(): boolean {
    return this.#entries.size > this.#limits.maxEntries || this.#bytes > this.#limits.maxBytes;
  }

  /** Replaces all deletes by one removal of every key. To drop them would serve old values for their whole ttl. */
  #coverDeletes(): void {
    let latest: Moment | undefined;
    for (const id of this.#deletes) {
      const entry = this.#entries.get(id) as JournalEntry;
      if (latest === undefined || entry.stamp >= latest.stamp) latest = entry;
      this.#remove(id);
    }
    if (latest !== undefined) this.#coverEverything(latest);
  }

  /** Replaces a set by a delete of its key, at the same moment. */
  #turnIntoDelete(id: string): KeyedEntry {
    const entry = this.#entries.get(id) as KeyedEntry;
    const { at, stamp, order, redisKey } = entry;
    const deletion: KeyedEntry = { kind: 'delete', at, stamp, order, redisKey };
    this.#entries.set(id, deletion);
    this.#sets.delete(id);
    this.#deletes.add(id);
    this.#bytes += cost(deletion) - cost(entry);
    return deletion;
  }

  #drop(entry: JournalEntry): void {
    this.#dropped++;
    this.#listener.onDropped(entry);
  }

  #put(entry: JournalEntry): void {
    const id = identity(entry);
    this.#remove(id);
    this.#entries.set(id, entry);
    this.#bytes += cost(entry);
    if (entry.kind === 'match') this.#matches.add(entry);
    if (entry.kind === 'set') this.#sets.add(id);
    if (entry.kind === 'delete') this.#deletes.add(id);
    // A set larger than the whole budget would evict all others first.
    if (entry.kind !== 'set' || cost(entry) <= this.#limits.maxBytes) return;
    this.#turnIntoDelete(id);
    this.#drop(entry);
  }

  /** Removes `entry`, unless a newer change of the key has replaced it. */
  #take(entry: JournalEntry): boolean {
    const id = identity(entry);
    if (this.#entries.get(id) !== entry) return false;
    this.#remove(id);
    return true;
  }

  #remove(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    this.#sets.delete(id);
    this.#deletes.delete(id);
    this.#bytes -= cost(entry);
    if (entry.kind === 'match') this.#matches.delete(entry);
  }
}

function isKeyed(entry: JournalEntry): entry is KeyedEntry {
  return entry.kind === 'set' || entry.kind === 'delete';
}

function keyedId(redisKey: string): string {
  return `k${redisKey}`;
}

function identity(entry: JournalEntry): string {
  if (entry.kind === 'tag') return `t${entry.tag}`;
  if (entry.kind === 'match') return `m${entry.globs.join(' ')}`;
  return keyedId(entry.redisKey);
}

function cost(entry: JournalEntry): number {
  if (entry.kind === 'tag') return overheadBytes + entry.tag.length * 2;
  if (entry.kind === 'match') return overheadBytes + identity(entry).length * 2;
  const value = entry.kind === 'set' ? entry.bytes.length : 0;
  return overheadBytes + entry.redisKey.length * 2 + value;
}
