import { sha256 } from '../../../keys/digest.js';
import { fieldText, fieldTokens, type Fields } from './header-fields.js';
import { remembered } from './memo.js';

/** The request fields in `Vary`, sorted and unique; `'*'` = no request matches (RFC 9111 §4.1). */
export function varyNames(fields: Fields): readonly string[] | '*' {
  const names = fieldTokens(fields, 'vary');
  return names.includes('*') ? '*' : merged(names);
}

/** Merges lists of names: lower case, sorted, unique. */
export function merged(...lists: readonly (readonly string[])[]): readonly string[] {
  return [...new Set(lists.flat().map((name) => name.toLowerCase()))].sort();
}

export function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}

/** A digest of the selecting fields' values. A digest, because fields may be credentials. */
export function variantOf(names: readonly string[], request: Fields): string {
  // Most requests have none of these fields.
  return hasNone(names, request) ? withoutAny(names.join(' ')) : digestOf(names, request);
}

/** Names of selecting fields, with the digest for requests that have none of them. */
export interface Selection {
  readonly names: readonly string[];
  readonly withoutAny: string;
}

export function selection(names: readonly string[]): Selection {
  return { names, withoutAny: variantOf(names, {}) };
}

/** As `variantOf`, with a precomputed digest. */
export function selectedBy({ names, withoutAny: none }: Selection, request: Fields): string {
  return hasNone(names, request) ? none : digestOf(names, request);
}

function hasNone(names: readonly string[], request: Fields): boolean {
  for (const name of names) if (request[name] !== undefined) return false;
  return true;
}

function digestOf(names: readonly string[], request: Fields): string {
  return sha256(JSON.stringify(names.map((name) => [name, normalized(fieldText(request, name))])));
}

const withoutAny = remembered((names) => digestOf(names === '' ? [] : names.split(' '), {}));

/** Fields that never select a response: they differ between all requests. */
const noise: ReadonlySet<string> = new Set([
  'cache-control',
  'connection',
  'content-length',
  'date',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-unmodified-since',
  'pragma',
  'traceparent',
  'tracestate',
  'x-correlation-id',
  'x-request-id',
]);

/** A digest of all fields that a handler could distinguish requests by. */
export function fingerprintOf(request: Fields): string {
  return variantOf(merged(Object.keys(request).filter((name) => !noise.has(name))), request);
}

/** Whitespace around commas and at the ends is insignificant (RFC 9111 §4.1). */
function normalized(value: string | undefined): string | null {
  if (value === undefined) return null;
  return value
    .split(',')
    .map((part) => part.trim())
    .join(',');
}
