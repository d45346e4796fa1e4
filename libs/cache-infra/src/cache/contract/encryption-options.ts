import type { EncryptionKey } from '../../codec/encryption.js';

/**
 * The first key encrypts, every key decrypts. To change keys without downtime: add the new key everywhere as the
 * second, then make it the first, and drop the old key when the entries that it encrypted have expired. Redis keys, and
 * the names of tags in the tag table, stay readable.
 */
export interface EncryptionOptions {
  readonly keys: readonly EncryptionKey[];
}
