import { sha256 } from '../keys/digest.js';

/** How spans show keys: `'hash'` = the first 16 characters of their SHA-256; `'none'` = not at all. */
export type ShownKeys = 'hash' | 'plain' | 'none';

/** Characters of a hash: 96 bits, so that two keys of a cache do not share one. */
const hashLength = 16;

/** The keys as spans show them; undefined = spans show none. */
export function shownKeys(keys: readonly string[], how: ShownKeys): string[] | undefined {
  if (how === 'none' || keys.length === 0) return undefined;
  return how === 'plain' ? [...keys] : keys.map(hashed);
}

/** A text without the keys that it mentions: messages of errors name them. */
export function withoutKeys(text: string, keys: readonly string[], how: ShownKeys): string {
  if (how === 'plain') return text;
  let clean = text;
  for (const key of keys) {
    if (key !== '') clean = clean.replaceAll(key, how === 'none' ? '…' : hashed(key));
  }
  return clean;
}

function hashed(key: string): string {
  return sha256(key).slice(0, hashLength);
}
