import { ValidationError } from '../base/errors.js';
import { describeValue } from '../base/redact.js';
import { digestKey, isWellFormed, looksDigested } from './digest.js';

/** Longest key that is not digested, in UTF-8 bytes. */
export const maxKeyBytes = 1024;

/** The path of a root cache. */
export const rootPath = '';

/**
 * The path of the namespace `name` below `parent`: names joined by `/`. Characters that could make a name look like
 * another path, a key or a Redis Cluster hash tag are percent-encoded (`%`, `!`, `:`, `/`, `{`, `}`, control
 * characters, lone surrogates).
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
 * Encodes a key prefix for Redis. `:` is percent-encoded, because one application's prefix could cover another's:
 * `shop` would clear `shop:eu`. `%` and lone surrogates are encoded, too.
 *
 * ```ts
 * encodedPrefix('shop:eu'); // 'shop%3Aeu'
 * ```
 */
export function encodedPrefix(prefix: string): string {
  return prefix.replace(/[%:\p{Surrogate}]/gu, percentEncoded);
}

// With the `u` flag, only lone surrogates match.
const unsafe = /[%!:/{}\p{Cc}\p{Surrogate}]/gu;

/** The inverse of {@link percentEncoded} for all its characters in a text. */
export function percentDecoded(text: string): string {
  return text.replace(/%(?:u([0-9A-F]{4})|([0-9A-F]{2}))/g, (_, long?: string, short?: string) =>
    String.fromCharCode(parseInt(long ?? short ?? '', 16)),
  );
}

export function percentEncoded(character: string): string {
  const code = character.charCodeAt(0).toString(16).toUpperCase();
  return code.length > 2 ? `%u${code}` : `%${code.padStart(2, '0')}`;
}

/**
 * The Redis key of an entry: `<prefix>:<path>:<key>`.
 *
 * {@link digestKey} replaces a key above 1 kB (1024 UTF-8 bytes), a key with lone surrogates (UTF-8 would make them all
 * equal), a key that looks digested, and a key with a `}` that ends no hash tag. Different keys give different Redis
 * keys.
 */
export function redisKey(prefix: string, path: string, key: string): string {
  return `${prefix}:${path}:${fitsAsItIs(key) ? key : digestKey(key)}`;
}

function fitsAsItIs(key: string): boolean {
  if (key.length > maxKeyBytes) return false;
  if (key.length * 3 > maxKeyBytes && Buffer.byteLength(key) > maxKeyBytes) return false;
  return isWellFormed(key) && !looksDigested(key) && !hasStrayBrace(key);
}

/** Whether a `}` ends no Redis Cluster hash tag: a lease could not be named to share the slot of such a key. */
export function hasStrayBrace(key: string): boolean {
  if (!key.includes('}')) return false;
  const open = key.indexOf('{');
  return open === -1 || key.indexOf('}', open + 1) <= open + 1;
}
