import type { EntryMeta } from '../codec/codec.js';
import type { JournalStats } from './stats.js';

/** When a change was made. */
export interface Moment {
  /** By this process's clock, milliseconds. */
  readonly at: number;
  /** By Redis's clock as far as it was known, milliseconds. */
  readonly stamp: number;
  /** Its number among the changes of this process. */
  readonly order: number;
}

/** Keys that a change covers: globs of Redis's kind that find at least those, and who decides. */
export interface Matching {
  readonly globs: readonly string[];
  readonly matches: (redisKey: string) => boolean;
}

export type MatchEntry = Moment & Matching & { readonly kind: 'match' };

/** A change of one key. */
export type KeyedEntry = Moment & { readonly redisKey: string } & (
    { readonly kind: 'delete' } | { readonly kind: 'set'; readonly bytes: Buffer; readonly meta: EntryMeta }
  );

/** A change that did not reach Redis. */
export type JournalEntry =
  KeyedEntry | MatchEntry | (Moment & { readonly kind: 'tag'; readonly tag: string });

export interface JournalLimits {
  /** Changes kept at most. */
  readonly maxEntries: number;
  /** Bytes kept at most: values, keys and what holds them. */
  readonly maxBytes: number;
}

/** What an entry costs besides its key and value, roughly. */
const overheadBytes = 200;
/** Patterns kept at most, since every read has to ask each of them; more become one that covers everything. */
const maxMatches = 100;

/**
 * Changes that could not reach Redis, the last one for each key. Redis is not trusted for a key that stands here.
 *
 * A set or delete that stands here is newer than every pattern or clear that covers its key: so all of those can be made up for first.
 *
 * Bounded: when values take too many bytes, the oldest of them leaves and a delete stays in its place (a miss is right, the value
 * from before is not); when there are too many entries, the oldest leaves.
 */
export class RecoveryJournal {
  readonly #entries = new Map<string, JournalEntry>();
  readonly #limits: JournalLimits;
  readonly #everything: Matching;
  readonly #onDropped: (dropped: JournalEntry) => void;
  readonly #matches = new Set<MatchEntry>();
  /** Of entries that hold a value, the oldest first. */
  readonly #sets = new Set<string>();
  #bytes = 0;
  #recorded = 0;
  #replayed = 0;
  #dropped = 0;
  #expired = 0;

  /** `everything`: all keys of the cache. */
  constructor(limits: JournalLimits, everything: Matching, onDropped: (dropped: JournalEntry) => void) {
    this.#limits = limits;
    this.#everything = everything;
    this.#onDropped = onDropped;
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
    return this.#entries.get(keyedId(redisKey)) ?? this.#matchOf(redisKey, -1);
  }

  /** A newer value reached Redis: what waited for this key is out of date. */
  supersede(redisKey: string): void {
    this.#remove(keyedId(redisKey));
  }

  /** Whatever matches is out of date: it is being removed. */
  supersedeWhere(matches: (redisKey: string) => boolean, before = Infinity): void {
    for (const [id, entry] of this.#entries) {
      if (isKeyed(entry) && entry.order < before && matches(entry.redisKey)) this.#remove(id);
    }
  }

  /** Patterns and clears that wait: they come first. */
  matches(): readonly MatchEntry[] {
    return [...this.#matches];
  }

  /** The oldest of the other changes, at most `count`. Values that have expired by `now` are dropped on the way; what they replaced stays out of date. */
  oldest(count: number, now: number): Exclude<JournalEntry, MatchEntry>[] {
    const oldest: Exclude<JournalEntry, MatchEntry>[] = [];
    for (const [id, entry] of this.#entries) {
      if (oldest.length === count) break;
      if (entry.kind === 'match') continue;
      if (entry.kind === 'set' && entry.meta.ttlMs !== 0 && entry.at + entry.meta.ttlMs <= now) {
        oldest.push(this.#forgetValue(id));
        this.#expired++;
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

  #recordMatch(entry: MatchEntry): void {
    this.supersedeWhere(entry.matches, entry.order);
    this.#put(entry);
    if (this.#matches.size <= maxMatches) return;
    // Everything is invalidated instead, but not what was set or deleted here: that comes after, and stays.
    const latest = [...this.#matches].reduce((one, other) => (other.order > one.order ? other : one));
    for (const match of this.#matches) this.#remove(identity(match));
    const { at, stamp, order } = latest;
    this.#put({ kind: 'match', at, stamp, order, ...this.#everything });
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
    const { maxEntries, maxBytes } = this.#limits;
    while (this.#bytes > maxBytes && this.#sets.size > 0) {
      const id = this.#sets.values().next().value as string;
      const entry = this.#entries.get(id) as JournalEntry;
      this.#forgetValue(id);
      this.#drop(entry);
    }
    while (this.#entries.size > maxEntries || this.#bytes > maxBytes) {
      const [id, oldest] = this.#entries.entries().next().value as [string, JournalEntry];
      this.#remove(id);
      this.#drop(oldest);
    }
  }

  /** A delete takes its place, and is no younger than it was. */
  #forgetValue(id: string): KeyedEntry {
    const entry = this.#entries.get(id) as KeyedEntry;
    const { at, stamp, order, redisKey } = entry;
    const deletion: KeyedEntry = { kind: 'delete', at, stamp, order, redisKey };
    this.#entries.set(id, deletion);
    this.#sets.delete(id);
    this.#bytes += cost(deletion) - cost(entry);
    return deletion;
  }

  #drop(entry: JournalEntry): void {
    this.#dropped++;
    this.#onDropped(entry);
  }

  #put(entry: JournalEntry): void {
    const id = identity(entry);
    this.#remove(id);
    this.#entries.set(id, entry);
    this.#bytes += cost(entry);
    if (entry.kind === 'match') this.#matches.add(entry);
    if (entry.kind === 'set') this.#sets.add(id);
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
