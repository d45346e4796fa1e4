/** Longer strings are not memoized: clients write them. */
const maxLength = 300;

/** Memoizes a function of a string. `max` bounds the number of memoized results. */
export function remembered(make: (text: string) => string, max = 1000): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const made = make(text);
    if (text.length > maxLength) return made;
    if (known.size >= max) known.clear();
    known.set(text, made);
    return made;
  };
}
