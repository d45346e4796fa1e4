import { sha256 } from '../../../keys/digest.js';
import { fieldText, listMembers, type Fields } from './header-fields.js';
import { parseHttpDate } from './http-date.js';
import type { StoredBody } from './stored-body.js';

/** Characters of the digest in an ETag: 162 bits. */
const tagLength = 27;

/** A strong ETag (RFC 9110 §8.8.3) of the body and the fields that describe its encoding. */
export function strongEtag(body: StoredBody, fields: Fields): string {
  const read = ['content-type', 'content-encoding', 'content-language'].map(
    (name) => fieldText(fields, name) ?? '',
  );
  // A body of kind 'value' is sent as JSON.
  const head = sha256(JSON.stringify([body.kind === 'value' ? 'json' : body.kind, ...read]));
  const content = contentDigest(body);
  return `"${sha256(head + content).slice(0, tagLength)}"`;
}

function contentDigest(body: StoredBody): string {
  if (body.kind === 'value') return body.digest;
  if (body.kind === 'binary') return sha256(body.bytes);
  return sha256('text' in body ? body.text : '');
}

/**
 * True if a GET or HEAD is answered by 304: the client has this representation (RFC 9110 §13.1.2, §13.1.3, §13.2.2).
 */
export function isNotModified(request: Fields, response: Fields, now: number): boolean {
  const tags = fieldText(request, 'if-none-match');
  if (tags !== undefined) return matchesTag(tags, fieldText(response, 'etag'));
  const since = parseHttpDate(fieldText(request, 'if-modified-since'), now);
  // RFC 9111 §4.3.2: without `Last-Modified`, `Date` is the time of the last change.
  const modified = parseHttpDate(fieldText(response, 'last-modified') ?? fieldText(response, 'date'), now);
  return since !== undefined && modified !== undefined && modified <= since;
}

/** The weak comparison (RFC 9110 §8.8.3.2). */
function matchesTag(tags: string, etag: string | undefined): boolean {
  if (tags.trim() === '*') return true;
  return etag !== undefined && listMembers(tags).some((tag) => opaque(tag) === opaque(etag));
}

function opaque(tag: string): string {
  return tag.startsWith('W/') ? tag.slice(2) : tag;
}
