const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];
const [openBracket, closeBracket, openBrace, closeBrace] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Whether JSON text holds more values than `most`, told before it is parsed: a few bytes that compress well can be millions of objects.
 * Every value but the first one stands behind a comma or an opening bracket. Text with spaces in it counts as more.
 */
export function hasMoreParts(text: Uint8Array, most: number): boolean {
  // A value takes two bytes at least, so most texts are too short to need a look.
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
