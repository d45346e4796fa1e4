import { sha256 } from '../../keys/digest.js';
import { fieldText, fieldTokens, type Fields } from './header-fields.js';
import { remembered } from './memo.js';

/** The request fields that select a response, sorted, each once; `'*'` = nothing can tell (RFC 9111 §4.1). */
export function varyNames(fields: Fields): readonly string[] | '*' {
  const names = fieldTokens(fields, 'vary');
  return names.includes('*') ? '*' : merged(names);
}

/** Names of several lists, sorted, each once. */
export function merged(...lists: readonly (readonly string[])[]): readonly string[] {
  return [...new Set(lists.flat().map((name) => name.toLowerCase()))].sort();
}

export function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}

/** One text for requests that select the same response. A digest: the fields may be credentials. */
export function variantOf(names: readonly string[], request: Fields): string {
  // Most requests have none of them.
  if (names.every((name) => request[name] === undefined)) return withoutAny(names);
  return sha256(JSON.stringify(names.map((name) => [name, normalized(fieldText(request, name))])));
}

/** By the list itself: a route has the same one for all requests. */
const digestsWithoutAny = new WeakMap<readonly string[], string>();

function withoutAny(names: readonly string[]): string {
  const known = digestsWithoutAny.get(names);
  if (known !== undefined) return known;
  const digest = digestOfNames(names.join(' '));
  digestsWithoutAny.set(names, digest);
  return digest;
}

const digestOfNames = remembered((names) =>
  sha256(JSON.stringify((names === '' ? [] : names.split(' ')).map((name) => [name, null]))),
);

/** Not one of these ever selects a response: they differ from request to request. */
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

/** One text for requests that no handler could tell apart. */
export function fingerprintOf(request: Fields): string {
  return variantOf(merged(Object.keys(request).filter((name) => !noise.has(name))), request);
}

/** White space around commas and at the ends means nothing (RFC 9111 §4.1). */
function normalized(value: string | undefined): string | null {
  if (value === undefined) return null;
  return value
    .split(',')
    .map((part) => part.trim())
    .join(',');
}
