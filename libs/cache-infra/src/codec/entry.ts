/** What a stored entry says about itself. */
export interface EntryMeta {
  /** Milliseconds since the Unix epoch when it was written. */
  readonly stamp: number;
  /** A random unsigned 32-bit number: together with `stamp` the entry's version id. */
  readonly nonce: number;
  /** Milliseconds of life from `stamp`; 0 = never expires. */
  readonly ttlMs: number;
  /** Milliseconds beyond its life in which it may stand in for a failed load. */
  readonly graceMs: number;
  /** State of the tag table that the value was made under, up to 2^53. */
  readonly tagEpoch: number;
  /** `undefined` = none. */
  readonly tags: readonly string[] | undefined;
}

/** Why bytes are no entry. */
export type DecodeFailure =
  /** They end too early. */
  | 'truncated'
  /** Written by a newer release, or by something else. */
  | 'version'
  /** Changed after they were written. */
  | 'checksum'
  /** Intact, and still not in the form that this release writes. */
  | 'format'
  /** Larger than `maxValueBytes`. */
  | 'too-large'
  /** Encrypted, and this cache holds no key at all. */
  | 'encrypted'
  /** Encrypted by a key that this cache does not hold. */
  | 'unknown-key'
  /** Not encrypted, where everything has to be. */
  | 'unencrypted'
  /** Encrypted for another Redis key, or changed since, behind a right checksum. */
  | 'tampered';

export type DecodedEntry =
  /** `value` as it is kept: see `wholeOf`. */
  | { readonly ok: true; readonly value: unknown; readonly meta: EntryMeta }
  | { readonly ok: false; readonly reason: DecodeFailure };
