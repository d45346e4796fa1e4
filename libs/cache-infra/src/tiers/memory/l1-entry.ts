import { pinShape } from '../../base/pin-shape.js';

/** What an L1 entry carries beyond its value, when it carries anything. */
export interface L1EntryDetail {
  /** As the tag table names them. */
  readonly tags: readonly string[];
  /** State of the tag table that the value was made under. */
  readonly tagEpoch: number;
  /** Version of the tag table that this entry was last checked against. */
  checkedVersion: number;
  /** End of the ttl, milliseconds since the epoch. */
  readonly expiresAt: number;
  /** End of the ttl that the entry was given, later than `expiresAt` when this tier keeps it for less. Milliseconds since the epoch. */
  readonly endsAt: number;
  /** End of the grace, milliseconds since the epoch. */
  readonly staleUntil: number;
  /** The ttl that the entry was given, milliseconds; 0 = never expires. */
  readonly ttlMs: number;
  /** From when on a hit also refreshes, milliseconds since the epoch; `Infinity` = never, -1 = not yet decided. */
  readonly refreshAt: number;
}

/**
 * An L1 entry. One without `detail` is only looked at as such: `MemoryTier` holds its bare value.
 */
export class L1Entry {
  constructor(
    readonly value: unknown,
    /** Until then a hit needs no further thought. Milliseconds since the epoch; `Infinity` = for ever. */
    readonly plainUntil: number,
    readonly detail: L1EntryDetail | undefined,
  ) {}

  /** End of the ttl. */
  get expiresAt(): number {
    return this.detail?.expiresAt ?? this.plainUntil;
  }

  /** End of the ttl that the entry was given, wherever it is kept. */
  get endsAt(): number {
    return this.detail?.endsAt ?? this.plainUntil;
  }

  /** End of what is kept beyond the ttl. */
  get staleUntil(): number {
    return this.detail?.staleUntil ?? this.plainUntil;
  }
}

pinShape(new L1Entry(undefined, Infinity, undefined));
