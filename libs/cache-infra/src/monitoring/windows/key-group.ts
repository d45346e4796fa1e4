/**
 * The group of a key: its text with `*` for the parts that vary. A part is the text between separators (`:` `/` `|` `?`
 * `&` `=` `,` `#`). Text with spaces varies as a whole.
 *
 * ```ts
 * groupOf('user:42:orders'); // 'user:*:orders'
 * groupOf('order-2024-11-03'); // 'order-*'
 * groupOf('ProductsService.find:' + sha256); // 'ProductsService.find(*)'
 * ```
 */
export function groupOf(key: string): string {
  const call = callOf(key);
  if (call !== undefined) return call;
  let group = '';
  /** Where the text begins that is kept and not yet in `group`: few concatenations, and none without a varying part. */
  let kept = 0;
  let parts = 0;
  for (let from = 0; from <= key.length;) {
    if (parts === maxParts) return `${group}${key.slice(kept, from)}*`;
    let to = from;
    while (to < key.length && !isSeparator(key.charCodeAt(to))) to++;
    const constant = to === from ? from : endOfConstant(key, from, to, parts === 0 && to < key.length);
    if (constant < to) {
      group += `${key.slice(kept, constant)}*`;
      kept = to;
    }
    from = to + 1;
    parts++;
  }
  return kept === 0 ? key : group + key.slice(kept);
}

/** Parts of a key that are told apart; the rest is `*`. */
const maxParts = 5;
/** Longest part that can be a name. */
const maxName = 40;
/** Longest first part with digits inside that is taken for a name: `i18n:de`. */
const maxOddName = 12;
/** A SHA-256 in base64url. */
const digestLength = 43;

/** `Class.method(*)`, for the default key of a decorator: `Class.method:<SHA-256 of the arguments>`. */
function callOf(key: string): string | undefined {
  const colon = key.length - digestLength - 1;
  if (colon < 1 || key.charCodeAt(colon) !== 0x3a || !isBase64Url(key, colon + 1)) return undefined;
  const name = key.slice(0, colon);
  return name.includes('.') && !hasSeparator(name) ? `${name}(*)` : undefined;
}

/** Where the constant beginning of a part ends: at `to` if nothing varies, at `from` if the whole part does. */
function endOfConstant(key: string, from: number, to: number, isName: boolean): number {
  const length = to - from;
  if (length > maxName) return from;
  let firstDigit = -1;
  let lettersAfter = false;
  let at = -1;
  for (let i = from; i < to; i++) {
    const code = key.charCodeAt(i);
    if (isDigit(code)) firstDigit = firstDigit === -1 ? i : firstDigit;
    else if (code <= 0x20) return from;
    else if (code === 0x40) at = i;
    // A mail address; `Base.find@Sub` has no dot after the @.
    else if (code === 0x2e && at > from) return from;
    else if (firstDigit !== -1 && isLetter(code)) lettersAfter = true;
  }
  if (firstDigit === -1) return to;
  if (lettersAfter) return isName && length <= maxOddName && !isHex(key, from, to) ? to : from;
  if (length >= 8 && isHex(key, from, to)) return from;
  // A version: `v2`.
  if (firstDigit === from + 1 && length <= 3 && isLetter(key.charCodeAt(from))) return to;
  return firstDigit;
}

function isSeparator(code: number): boolean {
  switch (code) {
    case 0x3a: // :
    case 0x2f: // /
    case 0x7c: // |
    case 0x3f: // ?
    case 0x26: // &
    case 0x3d: // =
    case 0x2c: // ,
    case 0x23: // #
      return true;
    default:
      return false;
  }
}

function hasSeparator(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (isSeparator(text.charCodeAt(i))) return true;
  return false;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isLetter(code: number): boolean {
  return (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
}

function isBase64Url(key: string, from: number): boolean {
  for (let i = from; i < key.length; i++) {
    const code = key.charCodeAt(i);
    if (!isDigit(code) && !isLetter(code) && code !== 0x2d && code !== 0x5f) return false;
  }
  return true;
}

/** Hexadecimal digits, with the hyphens of a UUID. */
function isHex(key: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const code = key.charCodeAt(i);
    if (!isDigit(code) && code !== 0x2d && !((code | 0x20) >= 0x61 && (code | 0x20) <= 0x66)) return false;
  }
  return true;
}
