import type { EntryMeta } from '../codec/codec.js';
import type { JournalStats } from './stats.js';

/** A change that did not reach Redis. `at`: by this process's clock, `stamp`: by Redis's as far as it was known; milliseconds. */
export type JournalEntry =
  | { readonly kind: 'delete'; readonly at: number; readonly stamp: number; readonly redisKey: string }
  | {
      readonly kind: 'set';
      readonly at: number;
      readonly redisKey: string;
      readonly bytes: Buffer;
      readonly meta: EntryMeta;
    }
  | { readonly kind: 'tag'; readonly at: number; readonly tag: string }
  | {
      readonly kind: 'match';
      readonly at: number;
      readonly stamp: number;
      readonly glob: string;
      readonly matches: (redisKey: string) => boolean;
    };

export interface JournalLimits {
  /** Changes kept at most. */
  readonly maxEntries: number;
  /** Bytes kept at most: values, keys and what holds them. */
  readonly maxBytes: number;
}

/** What an entry costs besides its key and value, roughly. */
const overheadBytes = 200;

/**
 * Changes that could not reach Redis, in order, the last one for each key. Bounded: when it is full the oldest leaves.
 * Redis is not trusted for a key that stands here.
 */
export class RecoveryJournal {
  readonly #entries = new Map<string, JournalEntry>();
  readonly #limits: JournalLimits;
  readonly #onDropped: (dropped: JournalEntry) => void;
  /** Patterns and clears, apart: each read has to ask them. */
  readonly #matches = new Set<JournalEntry & { kind: 'match' }>();
  #bytes = 0;
  #recorded = 0;
  #replayed = 0;
  #dropped = 0;
  #expired = 0;

  constructor(limits: JournalLimits, onDropped: (dropped: JournalEntry) => void) {
    this.#limits = limits;
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
    const id = identity(entry);
    const before = this.#entries.get(id);
    if (before !== undefined) this.#remove(id, before);
    this.#entries.set(id, entry);
    this.#bytes += cost(entry);
    if (entry.kind === 'match') this.#matches.add(entry);
    while (this.#entries.size > this.#limits.maxEntries || this.#bytes > this.#limits.maxBytes) {
      const [oldestId, oldest] = this.#entries.entries().next().value as [string, JournalEntry];
      this.#remove(oldestId, oldest);
      this.#dropped++;
      this.#onDropped(oldest);
    }
  }

  /** The change that waits for this key; the last one where several cover it. */
  pending(redisKey: string): JournalEntry | undefined {
    if (this.#entries.size === 0) return undefined;
    let last = this.#entries.get(`k${redisKey}`);
    for (const entry of this.#matches) {
      if (entry.matches(redisKey) && (last === undefined || entry.at >= last.at)) last = entry;
    }
    return last;
  }

  /** A newer value reached Redis: what waited for this key is out of date. */
  supersede(redisKey: string): void {
    const id = `k${redisKey}`;
    const entry = this.#entries.get(id);
    if (entry !== undefined) this.#remove(id, entry);
  }

  /** Whatever matches is out of date: it is being removed. */
  supersedeWhere(matches: (redisKey: string) => boolean): void {
    for (const [id, entry] of this.#entries) {
      if ((entry.kind === 'set' || entry.kind === 'delete') && matches(entry.redisKey))
        this.#remove(id, entry);
    }
  }

  /** The oldest changes, at most `count`. Sets whose value has expired by `now` are dropped on the way. */
  oldest(count: number, now: number): JournalEntry[] {
    const oldest: JournalEntry[] = [];
    for (const [id, entry] of this.#entries) {
      if (oldest.length === count) break;
      if (entry.kind === 'set' && entry.meta.ttlMs !== 0 && entry.at + entry.meta.ttlMs <= now) {
        this.#remove(id, entry);
        this.#expired++;
      } else {
        oldest.push(entry);
      }
    }
    return oldest;
  }

  /** `entry` will never reach Redis. */
  giveUp(entry: JournalEntry): void {
    const id = identity(entry);
    if (this.#entries.get(id) !== entry) return;
    this.#remove(id, entry);
    this.#dropped++;
    this.#onDropped(entry);
  }

  /** `entry` has reached Redis. */
  done(entry: JournalEntry): void {
    const id = identity(entry);
    if (this.#entries.get(id) !== entry) return;
    this.#remove(id, entry);
    this.#replayed++;
  }

  #remove(id: string, entry: JournalEntry): void {
    this.#entries.delete(id);
    this.#bytes -= cost(entry);
    if (entry.kind === 'match') this.#matches.delete(entry);
  }
}

function identity(entry: JournalEntry): string {
  if (entry.kind === 'tag') return `t${entry.tag}`;
  if (entry.kind === 'match') return `m${entry.glob}`;
  return `k${entry.redisKey}`;
}

function cost(entry: JournalEntry): number {
  if (entry.kind === 'tag') return overheadBytes + entry.tag.length * 2;
  if (entry.kind === 'match') return overheadBytes + entry.glob.length * 2;
  const value = entry.kind === 'set' ? entry.bytes.length : 0;
  return overheadBytes + entry.redisKey.length * 2 + value;
}
