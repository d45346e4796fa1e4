/** Texts up to this length are searched by a loop, which is faster than a regular expression for them. */
const maxLooped = 40;
/** Quotes, backslashes, and all but these ranges: control characters and surrogates. */
const escaped = /["\\]|[^ -\ud7ff\ue000-\uffff]/;

/** The JSON of a text, as `JSON.stringify` writes it. Faster for texts without characters that JSON escapes. */
export function quoted(text: string): string {
  return needsEscapes(text) ? JSON.stringify(text) : `"${text}"`;
}

/** Also true for surrogate pairs: JSON escapes the lone ones. */
function needsEscapes(text: string): boolean {
  if (text.length > maxLooped) return escaped.test(text);
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code === 0x22 || code === 0x5c || (code >= 0xd800 && code <= 0xdfff)) return true;
  }
  return false;
}
