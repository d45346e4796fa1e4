const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];
const [openBracket, closeBracket, openBrace, closeBrace] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Whether JSON text may contain more than `most` values. Check before parsing: a few compressed bytes can be millions
 * of objects. Counts commas and opening brackets, one of which precedes every value but the first. JSON with
 * whitespace, such as `[ ]`, may count as more.
 */
export function hasMoreParts(text: Uint8Array, most: number): boolean {
  // A value takes at least two bytes, so most texts are too short to be scanned.
  if (text.length <= 2 * most) return false;
  let parts = 1;
  let isText = false;
  for (let at = 0; at < text.length; at++) {
    const byte = text[at];
    if (isText) {
      if (byte === backslash) at++;
      else if (byte === quote) isText = false;
    } else if (byte === quote) {
      isText = true;
    } else if (beginsPart(byte, text[at + 1]) && ++parts > most) {
      return true;
    }
  }
  return false;
}

function beginsPart(byte: number | undefined, next: number | undefined): boolean {
  if (byte === comma) return true;
  return (byte === openBracket && next !== closeBracket) || (byte === openBrace && next !== closeBrace);
}
