import { createHash } from 'node:crypto';
import { isWellFormed } from './digest.js';

/** Characters that are hashed at a time: their bytes stay in the processor's cache, and no copy of the text is made. */
const step = 32_768;

/** Characters by which the encoding of a text is chosen. */
const sample = 256;
const beyondAscii = /[^\t-\r -~]/;

/**
 * SHA-256 of a long text as base64url, without a copy of the text.
 *
 * Hashes the UTF-8 bytes of a text that begins in printable ASCII. Else it hashes 0xFF, a byte that UTF-8 never uses,
 * and the UTF-16 bytes: to encode another alphabet in UTF-8 costs more than to hash it. Text with lone surrogates has
 * no UTF-8 bytes, and is hashed in UTF-16, too. So different texts never have the same input.
 */
export function textDigest(text: string): string {
  const isUtf16 = beyondAscii.test(text.slice(0, sample)) || !isWellFormed(text);
  const sha = createHash('sha256');
  if (isUtf16) sha.update(Buffer.of(0xff));
  for (let at = 0; at < text.length;) {
    const end = isUtf16 ? at + step : endOfCharacters(text, at + step);
    sha.update(text.slice(at, end), isUtf16 ? 'utf16le' : 'utf8');
    at = end;
  }
  return sha.digest('base64url');
}

/** `end`, or the index before it if a surrogate pair would be cut. */
function endOfCharacters(text: string, end: number): number {
  const last = end < text.length ? text.charCodeAt(end - 1) : 0;
  return last >= 0xd800 && last <= 0xdbff ? end - 1 : end;
}
