/** Longer lists are faster to sort by the engine's own method. */
const maxInserted = 32;

/** Sorts in place by UTF-16 code units (RFC 8785 §3.2.3), as `sort()` does. Names are few, and often in order. */
export function sorted(names: string[]): string[] {
  if (names.length > maxInserted) return names.sort();
  for (let index = 1; index < names.length; index++) {
    const name = names[index] as string;
    let at = index;
    for (; at > 0 && (names[at - 1] as string) > name; at--) names[at] = names[at - 1] as string;
    names[at] = name;
  }
  return names;
}
