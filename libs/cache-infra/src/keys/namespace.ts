import { ValidationError } from '../base/errors.js';
import { describeValue } from '../base/redact.js';
import { digestKey, isWellFormed, looksDigested } from './digest.js';

/** Longest key that stands in Redis as it is, in UTF-8 bytes. */
export const maxKeyBytes = 1024;

/** The path of a cache that is no namespace of another. */
export const rootPath = '';

/**
 * The path of the namespace `name` below `parent`: names joined by `/`. What would let a name pass for another path,
 * a key or a Redis Cluster hash tag is percent-encoded in it (`%`, `!`, `:`, `/`, `{`, `}`, control characters, lone surrogates).
 *
 * ```ts
 * namespacePath('', 'users');          // 'users'
 * namespacePath('users', 'eu/west');   // 'users/eu%2Fwest'
 * ```
 *
 * @throws ValidationError unless `name` is a non-empty string
 */
export function namespacePath(parent: string, name: string): string {
  if (typeof name !== 'string' || name === '') {
    throw new ValidationError([
      { path: 'namespace', message: `namespace must be a non-empty string, got ${describeValue(name)}` },
    ]);
  }
  const encoded = name.replace(unsafe, percentEncoded);
  return parent === rootPath ? encoded : `${parent}/${encoded}`;
}

/**
 * A key prefix as it stands in Redis. A `:` in it would let one application's prefix cover another's: `shop` would clear
 * `shop:eu`. So it is percent-encoded, as are `%` and lone surrogates.
 *
 * ```ts
 * encodedPrefix('shop:eu'); // 'shop%3Aeu'
 * ```
 */
export function encodedPrefix(prefix: string): string {
  return prefix.replace(/[%:\p{Surrogate}]/gu, percentEncoded);
}

// With the `u` flag a surrogate matches only when it stands alone.
const unsafe = /[%!:/{}\p{Cc}\p{Surrogate}]/gu;

export function percentEncoded(character: string): string {
  const code = character.charCodeAt(0).toString(16).toUpperCase();
  return code.length > 2 ? `%u${code}` : `%${code.padStart(2, '0')}`;
}

/**
 * The Redis key of an entry: `<prefix>:<path>:<key>`.
 *
 * A key above 1 kB (1024 UTF-8 bytes), one with lone surrogates (UTF-8 would make them all the same) and one that looks
 * like a digest already, and one with a `}` that ends no hash tag stand as its first 100 characters and its SHA-256. Different keys give different Redis keys.
 */
export function redisKey(prefix: string, path: string, key: string): string {
  return `${prefix}:${path}:${fitsAsItIs(key) ? key : digestKey(key)}`;
}

function fitsAsItIs(key: string): boolean {
  if (key.length > maxKeyBytes) return false;
  if (key.length * 3 > maxKeyBytes && Buffer.byteLength(key) > maxKeyBytes) return false;
  return isWellFormed(key) && !looksDigested(key) && !hasStrayBrace(key);
}

/** A `}` that ends no Redis Cluster hash tag: nothing else could be named so as to share the key's slot. */
export function hasStrayBrace(key: string): boolean {
  if (!key.includes('}')) return false;
  const open = key.indexOf('{');
  return open === -1 || key.indexOf('}', open + 1) <= open + 1;
}
