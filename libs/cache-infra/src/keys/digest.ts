import { hash } from 'node:crypto';

/** Characters of a {@link sha256} text. */
export const digestLength = 43;

/**
 * SHA-256 as base64url text: 43 characters, safe in keys, URLs and file names.
 *
 * Hashes the UTF-8 bytes of text. Lone surrogates have no UTF-8 form: text with one is hashed as 0xFF, a byte that
 * UTF-8 never uses, followed by its UTF-16 bytes. So different texts never have the same input.
 */
export function sha256(input: string | Uint8Array): string {
  if (typeof input !== 'string' || isWellFormed(input)) return hash('sha256', input, 'base64url');
  const bytes = Buffer.allocUnsafe(1 + input.length * 2);
  bytes[0] = 0xff;
  bytes.write(input, 1, 'utf16le');
  return hash('sha256', bytes, 'base64url');
}

/** Characters of the key that a digested key begins with. */
export const headLength = 100;
export const digestMarker = '~sha256:';

/**
 * Shortens a key to its first 100 characters, braces replaced by `_`, followed by `~sha256:` and the digest of the
 * whole key. Also digest keys for which {@link looksDigested} holds; then no two keys share a digested key.
 */
export function digestKey(key: string): string {
  // Braces in the head could form a hash tag and change the key's slot in a Redis Cluster.
  const head = key.slice(0, headLength).replace(/[{}]/g, '_');
  return `${wellFormed(head)}${digestMarker}${sha256(key)}`;
}

/** Whether a key has the form that {@link digestKey} makes. */
export function looksDigested(key: string): boolean {
  return key.startsWith(digestMarker, key.length - digestLength - digestMarker.length);
}

/** Whether `text` has no lone surrogates, which UTF-8 cannot encode. */
export function isWellFormed(text: string): boolean {
  // Node 20 has the method; the `lib` of this project's TypeScript target does not.
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}

function wellFormed(text: string): string {
  return (text as string & { toWellFormed(): string }).toWellFormed();
}
