import { isPlain } from '../../base/opaque.js';
import { canonicalJson } from '../../keys/canonical-json.js';
import { sha256 } from '../../keys/digest.js';

/** Nesting up to which a text is searched. */
const maxDepth = 20;

/**
 * The digest of everything of a request but one text, which must stand in it as a whole string, however often.
 * Undefined if it does not.
 *
 * The places of the text are in the digest. So the last question of a conversation is compared within the same
 * conversation only, and no other string can pass for the text.
 */
export function digestWithout(text: string, fields: Readonly<Record<string, unknown>>): string | undefined {
  const places: string[] = [];
  const rest = masked(fields, text, '$', places, 0);
  if (places.length === 0) return undefined;
  return sha256(canonicalJson([rest, places], { omitUndefined: true }));
}

function masked(value: unknown, text: string, place: string, places: string[], depth: number): unknown {
  if (value === text) {
    places.push(place);
    return '';
  }
  if (typeof value !== 'object' || value === null || depth === maxDepth) return value;
  if (Array.isArray(value))
    return value.map((each, index) => masked(each, text, `${place}[${index}]`, places, depth + 1));
  if (!isPlain(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name,
      masked(each, text, `${place}.${JSON.stringify(name)}`, places, depth + 1),
    ]),
  );
}
