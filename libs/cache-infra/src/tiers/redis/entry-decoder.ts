import type { Codec, DecodedEntry, DecodeFailure } from '../../codec/codec.js';
import type { StoredEntry } from '../remote-tier.js';

export interface UnreadableEntries {
  /** A stored value could not be read. */
  readonly onCorrupt: (redisKey: string, reason: string) => void;
  /** Removes a value that no instance can read. */
  readonly remove: (redisKey: string) => Promise<unknown>;
}

/** Another instance may hold the encryption key, or run a Node that has the compression. */
const mayBeReadElsewhere: ReadonlySet<DecodeFailure> = new Set([
  'encrypted',
  'unknown-key',
  'unknown-compression',
]);

/**
 * Decodes the bytes under a key. Unreadable bytes are reported, and removed unless another instance may be able to read
 * them.
 */
export class EntryDecoder {
  readonly #codec: Codec;
  readonly #unreadable: UnreadableEntries;

  constructor(codec: Codec, unreadable: UnreadableEntries) {
    this.#codec = codec;
    this.#unreadable = unreadable;
  }

  /**
   * `undefined` for unreadable bytes; a promise only for large compressed values, which are decompressed off the event
   * loop.
   */
  decode(redisKey: string, bytes: Buffer): StoredEntry | undefined | Promise<StoredEntry | undefined> {
    const decoded = this.#codec.decode(bytes, redisKey);
    return decoded instanceof Promise
      ? decoded.then((entry) => this.#readable(redisKey, entry))
      : this.#readable(redisKey, decoded);
  }

  /** Reports a value that no instance can read, and removes it. */
  discard(redisKey: string, reason: string): void {
    this.#unreadable.onCorrupt(redisKey, reason);
    this.#unreadable.remove(redisKey).catch(ignore);
  }

  #readable(redisKey: string, entry: DecodedEntry): StoredEntry | undefined {
    if (entry.ok) return entry;
    if (mayBeReadElsewhere.has(entry.reason)) this.#unreadable.onCorrupt(redisKey, entry.reason);
    else this.discard(redisKey, entry.reason);
    return undefined;
  }
}

function ignore(): void {
  // A failed removal leaves the bytes: the next read is a miss again, and tries to remove them again.
}
