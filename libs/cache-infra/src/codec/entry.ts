/** The metadata of a stored entry. */
export interface EntryMeta {
  /** Time of the write, in milliseconds since the Unix epoch. */
  readonly stamp: number;
  /** A random unsigned 32-bit number. `stamp` and `nonce` are the entry's version id. */
  readonly nonce: number;
  /** Milliseconds from `stamp`; 0 = never expires. */
  readonly ttlMs: number;
  /** Milliseconds after the ttl in which the stale value may be served. */
  readonly graceMs: number;
  /** Epoch of the tag table under which the value was loaded, up to 2^53. */
  readonly tagEpoch: number;
  /** `undefined` = none. */
  readonly tags: readonly string[] | undefined;
  /** The version of the shape of its value, from 1; undefined = none. */
  readonly version?: number | undefined;
}

/** Why bytes cannot be decoded. */
export type DecodeFailure =
  /** The bytes end too early. */
  | 'truncated'
  /** Written by a newer release or another program. */
  | 'version'
  /** Changed after the write. */
  | 'checksum'
  /** Intact, but not in the format of this release. */
  | 'format'
  /** Larger than `maxValueBytes`. */
  | 'too-large'
  /** Compressed by an algorithm that this Node or this release does not have. */
  | 'unknown-compression'
  /** Encrypted, but this cache has no keys. */
  | 'encrypted'
  /** Encrypted with a key that this cache does not have. */
  | 'unknown-key'
  /** Not encrypted, but this cache requires encryption. */
  | 'unencrypted'
  /** Encrypted for another Redis key, or changed later with a valid checksum. */
  | 'tampered';

export type DecodedEntry =
  /** `value` may be wrapped: see `wholeOf`. */
  | { readonly ok: true; readonly value: unknown; readonly meta: EntryMeta }
  | { readonly ok: false; readonly reason: DecodeFailure };
