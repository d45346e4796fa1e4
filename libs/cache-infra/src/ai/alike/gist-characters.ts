const ascii = /^[\t\x20-\x7e]*$/;
/** Control characters, private ones, and format characters other than the joiner inside of an emoji. */
const unreadable = /[\p{Cc}\p{Cs}\p{Co}\p{Cn}]|(?!\u200d)\p{Cf}/u;
/** A letter of another script than Latin; the micro sign belongs to a unit. */
const foreignLetter = /[^\P{L}\p{Script=Latin}\u00b5]/u;

/**
 * The text as one line in one spelling of its characters, or undefined for characters that a gist cannot judge.
 * Full-width forms, spaces, apostrophes and quotation marks are unified. Other compatibility characters stay: NFKC would
 * turn 2³ into 23.
 */
export function readableLine(text: string): string | undefined {
  const line = text.trim();
  if (ascii.test(line)) return line;
  const unified = line
    .normalize('NFC')
    .replaceAll(/[\uff01-\uff5e]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0))
    .replaceAll(/[\t\u00a0\u2000-\u200a\u202f\u205f\u3000]/g, ' ')
    .replaceAll(/[\u2018\u2019\u201a\u02bc]/g, "'")
    .replaceAll(/[\u201c-\u201e\u00ab\u00bb]/g, '"')
    .replaceAll('\u2026', '...');
  return unreadable.test(unified) || foreignLetter.test(unified) ? undefined : unified.trim();
}
