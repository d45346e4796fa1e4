import { createHash } from 'node:crypto';

import { isWellFormed } from '../../../keys/digest.js';

/**
 * Longest edge tag, in bytes. The smallest limit of the CDNs: Akamai 128 (techdocs.akamai.com/purge-cache, "Purge
 * content by cache tag"), CloudFront 256 (docs.aws.amazon.com, "What you need to know when invalidating tags"),
 * Cloudflare and Fastly 1024.
 */
export const maxEdgeTagBytes = 128;

/** Longest prefix, in bytes after encoding: the prefix and a digest fit into an edge tag. */
export const maxPrefixBytes = 60;

/** Separates the prefix, and marks edge tags that are no tag of an entry. No encoded text contains it. */
const mark = '!';

/**
 * The form of a tag in the headers of a response and in the purges of a CDN: an edge tag.
 *
 * ```ts
 * edgeTag('product:1', 'shop'); // 'shop!product%3a1'
 * ```
 *
 * Lower-case letters, digits, `-`, `.`, `_` and `~` stay; the bytes of every other character are percent-encoded.
 * Upper-case letters are encoded, too, because CloudFront ignores case. An edge tag above 128 bytes is replaced by the
 * SHA-256 digest of the tag. So different tags, and different prefixes, have different edge tags on every CDN.
 */
export function edgeTag(tag: string, prefix?: string): string {
  const whole = scoped(encoded(tag), prefix);
  if (whole.length <= maxEdgeTagBytes) return whole;
  return scoped(mark + createHash('sha256').update(encoded(tag)).digest('hex'), prefix);
}

/** The edge tag of every response: a purge of it purges the whole application. */
export function tagOfAll(prefix?: string): string {
  return scoped(`${mark}all`, prefix);
}

/** The edge tag of a response whose tags are unknown or too many: every purge includes it. */
export function tagOfMany(prefix?: string): string {
  return scoped(`${mark}many`, prefix);
}

/** Bytes of a prefix in an edge tag. */
export function prefixBytes(prefix: string): number {
  return encoded(prefix).length;
}

function scoped(text: string, prefix: string | undefined): string {
  return prefix === undefined ? text : `${encoded(prefix)}${mark}${text}`;
}

function encoded(text: string): string {
  return text.replaceAll(/[^a-z\d._~-]/gu, percentEncoded);
}

function percentEncoded(character: string): string {
  // UTF-8 has no form for a lone surrogate.
  if (!isWellFormed(character)) return `%u${character.charCodeAt(0).toString(16)}`;
  return [...Buffer.from(character)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
}
