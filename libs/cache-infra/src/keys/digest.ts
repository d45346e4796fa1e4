import { hash } from 'node:crypto';

/** Characters of a {@link sha256} text. */
export const digestLength = 43;

/**
 * SHA-256 as base64url text: 43 characters, safe in keys, URLs and file names.
 *
 * Text counts by its UTF-8 bytes. Lone surrogates have none, so text that holds one counts by its UTF-16 bytes
 * behind 0xFF, a byte that UTF-8 never uses: different texts never share their input.
 */
export function sha256(input: string | Uint8Array): string {
  if (typeof input !== 'string' || isWellFormed(input)) return hash('sha256', input, 'base64url');
  const bytes = Buffer.allocUnsafe(1 + input.length * 2);
  bytes[0] = 0xff;
  bytes.write(input, 1, 'utf16le');
  return hash('sha256', bytes, 'base64url');
}

/** Characters that a stand-in shows of its key. */
export const headLength = 100;
export const digestMarker = '~sha256:';

/**
 * A short stand-in for a long key: its first 100 characters, for people and with `_` for braces, then `~sha256:` and the digest of all of it.
 * Keys for which {@link looksDigested} holds have to be digested too, then no two keys share a stand-in.
 */
export function digestKey(key: string): string {
  // A part of a hash tag would decide the key's slot in a Redis Cluster, or stand in the way of one that does.
  const head = key.slice(0, headLength).replace(/[{}]/g, '_');
  return `${wellFormed(head)}${digestMarker}${sha256(key)}`;
}

/** What a stand-in tells of its key: its beginning, which is all of it unless it `isCut`. Braces and lone surrogates show as another character. */
export function digestHead(standIn: string): { head: string; isCut: boolean } {
  const head = standIn.slice(0, -(digestLength + digestMarker.length));
  return { head, isCut: head.length >= headLength };
}

/** A character of a stand-in's head that may stand for another. */
export function isMasked(character: string): boolean {
  return character === '_' || character === '\uFFFD';
}

/** Whether a key has the form that {@link digestKey} makes. */
export function looksDigested(key: string): boolean {
  return key.startsWith(digestMarker, key.length - digestLength - digestMarker.length);
}

/** Whether `text` is free of lone surrogates, and so survives UTF-8. */
export function isWellFormed(text: string): boolean {
  // Node 20 has it; the `lib` of this project's TypeScript target does not yet.
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}

function wellFormed(text: string): string {
  return (text as string & { toWellFormed(): string }).toWellFormed();
}
