import { pinShape } from '../../base/pin-shape.js';

/** Details of an L1 entry that has more than a value and a ttl. */
export interface L1EntryDetail {
  /** Tags, as the tag table names them. */
  readonly tags: readonly string[];
  /** Epoch of the tag table when the value was made. */
  readonly tagEpoch: number;
  /** Version of the tag table against which the entry was last checked. */
  checkedVersion: number;
  /** End of the ttl, milliseconds since the epoch. */
  readonly expiresAt: number;
  /**
   * End of the ttl that the entry was stored with, milliseconds since the epoch. Later than `expiresAt` when the L1
   * keeps it for a shorter time.
   */
  readonly endsAt: number;
  /** End of the grace, milliseconds since the epoch. */
  readonly staleUntil: number;
  /** The ttl that the entry was stored with, milliseconds; 0 = never expires. */
  readonly ttlMs: number;
  /**
   * The moment from which a hit also refreshes, milliseconds since the epoch; `Infinity` = never, -1 = not yet decided.
   */
  readonly refreshAt: number;
  /** The version that the entry was stored with, if it is not the cache's own: see `VersionRule`. */
  readonly otherVersion: number | undefined;
}

/** An L1 entry. `MemoryTier` holds an entry without `detail` as its bare value, and creates the `L1Entry` on access. */
export class L1Entry {
  constructor(
    readonly value: unknown,
    /** Until this moment a hit needs no further check. Milliseconds since the epoch; `Infinity` = never expires. */
    readonly plainUntil: number,
    readonly detail: L1EntryDetail | undefined,
  ) {}

  /** End of the ttl. */
  get expiresAt(): number {
    return this.detail?.expiresAt ?? this.plainUntil;
  }

  /** End of the ttl that the entry was stored with. */
  get endsAt(): number {
    return this.detail?.endsAt ?? this.plainUntil;
  }

  /** End of the grace. */
  get staleUntil(): number {
    return this.detail?.staleUntil ?? this.plainUntil;
  }
}

pinShape(new L1Entry(undefined, Infinity, undefined));
