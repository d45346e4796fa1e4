import type { EntryMeta } from '../../codec/codec.js';
import type { Matching } from '../entry/matching.js';
import type { JournalStats } from '../contract/stats.js';

/** When a change was made. */
export interface Moment {
  /** By this process's clock, milliseconds. */
  readonly at: number;
  /** By Redis's clock as far as it was known, milliseconds. */
  readonly stamp: number;
  /** How far off `stamp` may be, milliseconds. */
  readonly stampErrorMs: number;
  /** Its number among the changes of this process. */
  readonly order: number;
}

export type MatchEntry = Moment & Matching & { readonly kind: 'match' };

interface SetChange {
  readonly kind: 'set';
  readonly bytes: Buffer;
  readonly meta: EntryMeta;
  /** The names in the tag table that cover it. */
  readonly tags: readonly string[];
}

/** A change of one key. */
export type KeyedEntry = Moment & { readonly redisKey: string } & ({ readonly kind: 'delete' } | SetChange);

export type TagEntry = Moment & { readonly kind: 'tag'; readonly tag: string };

/** A change that did not reach Redis. */
export type JournalEntry = KeyedEntry | MatchEntry | TagEntry;

export interface JournalLimits {
  /** Changes kept at most. */
  readonly maxEntries: number;
  /** Bytes kept at most: values, keys and what holds them. */
  readonly maxBytes: number;
  /** A value older than this is replayed as a delete, milliseconds: deletes of other instances are remembered as long. */
  readonly horizonMs: number;
}

/** Who is told when there is no room. */
export interface JournalListener {
  /** A change is given up. */
  onDropped(dropped: JournalEntry): void;
  /** Every key of the cache will be removed: there were too many changes to keep them apart. */
  onWidened(): void;
}

/** What an entry costs besides its key and value, roughly. */
const overheadBytes = 200;
/** Patterns kept at most, since every read has to ask each of them; more become one that covers everything. */
const maxMatches = 100;
/** Keys times patterns that are compared at once. */
const maxChecks = 100_000;

/** What a pattern or clear takes away from the changes that were made before it. */
interface Cover {
  readonly order: number;
  readonly matches: (redisKey: string) => boolean;
}

/**
 * Changes that could not reach Redis, the last one for each key. Redis is not trusted for a key that stands here.
 *
 * A pattern or clear covers the sets and deletes made before it. They are not looked for when it comes, which takes long with many
 * of them: each leaves when it is looked at. So what is left is newer than every pattern that covers it, and all patterns can be
 * made up for first.
 *
 * Bounded. When values take too many bytes, the oldest of them leaves and a delete stays in its place: a miss is right, the value from
 * before is not. When there are too many entries, all deletes become one removal that covers every key but those set here. Only then the
 * oldest value leaves, which that removal covers as well.
 */
export class RecoveryJournal {
  readonly #entries = new Map<string, JournalEntry>();
  readonly #limits: JournalLimits;
  readonly #everything: Matching;
  readonly #listener: JournalListener;
  readonly #matches = new Set<MatchEntry>();
  /** Of entries that hold a value, the oldest first. */
  readonly #sets = new Set<string>();
  readonly #deletes = new Set<string>();
  #covers: Cover[] = [];
  #bytes = 0;
  #recorded = 0;
  #replayed = 0;
  #dropped = 0;
  #expired = 0;
  #superseded = 0;

  /** `everything`: all keys of the cache. */
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

  /** The change that waits for this key; the last one where several cover it. */
  pending(redisKey: string): JournalEntry | undefined {
    if (this.#entries.size === 0) return undefined;
    const entry = this.#entries.get(keyedId(redisKey)) as KeyedEntry | undefined;
    if (entry !== undefined && !this.#isCovered(entry)) return entry;
    return this.#matchOf(redisKey, -1);
  }

  /** A newer value reached Redis: what waited for this key is out of date. */
  supersede(redisKey: string): void {
    this.#remove(keyedId(redisKey));
  }

  /** Whatever matches and was changed before the change number `order` is out of date: it is being removed. */
  supersedeWhere(matches: (redisKey: string) => boolean, order: number): void {
    if (this.#sets.size + this.#deletes.size === 0) {
      this.#covers = [];
      return;
    }
    this.#covers.push({ order, matches });
    if (this.#covers.length > maxMatches) this.#settleCovers();
  }

  /** Forgets the covers, once what they cover has left. */
  #settleCovers(): void {
    const latest = Math.max(...this.#covers.map(({ order }) => order));
    const isSmall = (this.#sets.size + this.#deletes.size) * this.#covers.length <= maxChecks;
    if (isSmall) {
      for (const id of [...this.#sets, ...this.#deletes])
        this.#isCovered(this.#entries.get(id) as KeyedEntry);
    } else {
      // A miss is right, a value that one of them covered is not.
      for (const id of [...this.#sets]) {
        const entry = this.#entries.get(id) as KeyedEntry;
        if (entry.order > latest) continue;
        this.#forgetValue(id);
        this.#drop(entry);
      }
    }
    this.#covers = [];
  }

  /** Patterns and clears that wait: they come first. */
  matches(): readonly MatchEntry[] {
    return [...this.#matches];
  }

  /** The earliest state of the tag table that a set with tags was made under; undefined = none waits. */
  oldestTagEpoch(): number | undefined {
    let oldest: number | undefined;
    for (const id of this.#sets) {
      const entry = this.#entries.get(id);
      if (entry?.kind !== 'set' || entry.tags.length === 0) continue;
      oldest = Math.min(oldest ?? Infinity, entry.meta.tagEpoch);
    }
    return oldest;
  }

  /** Invalidations of tags that wait: they come next. */
  tags(): readonly TagEntry[] {
    return [...this.#entries.values()].filter((entry) => entry.kind === 'tag');
  }

  /**
   * The oldest changes of keys, at most `count`, without those in `except`. A value that has expired by `now`, or is older than the horizon,
   * becomes a delete: what it replaced stays out of date.
   */
  oldest(count: number, now: number, except: ReadonlySet<JournalEntry> = new Set()): KeyedEntry[] {
    const oldest: KeyedEntry[] = [];
    for (const [id, entry] of this.#entries) {
      if (oldest.length === count) break;
      if (!isKeyed(entry) || except.has(entry) || this.#isCovered(entry)) continue;
      if (entry.kind === 'set' && entry.meta.ttlMs !== 0 && entry.at + entry.meta.ttlMs <= now) {
        oldest.push(this.#forgetValue(id));
        this.#expired++;
      } else if (entry.kind === 'set' && entry.at + this.#limits.horizonMs < now) {
        oldest.push(this.#forgetValue(id));
        this.#drop(entry);
      } else {
        oldest.push(entry);
      }
    }
    return oldest;
  }

  /** `entry` will never reach Redis. */
  giveUp(entry: JournalEntry): void {
    if (this.#take(entry)) this.#drop(entry);
  }

  /** `entry` has reached Redis. */
  done(entry: JournalEntry): void {
    if (this.#take(entry)) this.#replayed++;
  }

  /** Redis has something newer than `entry`. */
  outdated(entry: JournalEntry): void {
    if (this.#take(entry)) this.#superseded++;
  }

  #recordMatch(entry: MatchEntry): void {
    if (!this.#covers.some(({ order }) => order === entry.order))
      this.supersedeWhere(entry.matches, entry.order);
    this.#put(entry);
    if (this.#matches.size <= maxMatches) return;
    // Everything is invalidated instead, but not what was set or deleted here: that comes after, and stays.
    const latest = [...this.#matches].reduce((one, other) => (other.order > one.order ? other : one));
    for (const match of this.#matches) this.#remove(identity(match));
    this.#coverEverything(latest);
  }

  /** True when it was covered by a pattern that came after it: then it leaves. */
  #isCovered({ redisKey, order }: KeyedEntry): boolean {
    const isCovered = this.#covers.some((cover) => cover.order > order && cover.matches(redisKey));
    if (isCovered) this.#remove(keyedId(redisKey));
    return isCovered;
  }

  /** One removal of every key, as late as `moment` and as those of its kind before it. What was set here comes after it. */
  #coverEverything(moment: Moment): void {
    const id = identity({ ...moment, ...this.#everything, kind: 'match' });
    const earlier = this.#entries.get(id);
    if (earlier === undefined) this.#listener.onWidened();
    const before = earlier ?? moment;
    this.#put({
      kind: 'match',
      at: Math.max(before.at, moment.at),
      stamp: Math.max(before.stamp, moment.stamp),
      stampErrorMs: Math.max(before.stampErrorMs, moment.stampErrorMs),
      order: Math.max(before.order, moment.order),
      ...this.#everything,
    });
  }

  /** Something newer waits for the key, or covers it. */
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
      this.#forgetValue(id);
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

  /** A delete that is forgotten is an old value for its whole ttl. */
  #coverDeletes(): void {
    let latest: Moment | undefined;
    for (const id of this.#deletes) {
      const entry = this.#entries.get(id) as JournalEntry;
      if (latest === undefined || entry.stamp >= latest.stamp) latest = entry;
      this.#remove(id);
    }
    if (latest !== undefined) this.#coverEverything(latest);
  }

  /** A delete takes its place, and is no younger than it was. */
  #forgetValue(id: string): KeyedEntry {
    const entry = this.#entries.get(id) as KeyedEntry;
    const { at, stamp, stampErrorMs, order, redisKey } = entry;
    const deletion: KeyedEntry = { kind: 'delete', at, stamp, stampErrorMs, order, redisKey };
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
    // One that is larger than all that may be kept would throw out the others first.
    if (entry.kind !== 'set' || cost(entry) <= this.#limits.maxBytes) return;
    this.#forgetValue(id);
    this.#drop(entry);
  }

  /** Removes it, unless another has taken its place. */
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
