/** Longer ones are not remembered: clients write them. */
const maxLength = 300;

/** `make`, which makes a text of a text, remembered for the texts asked for last; `max` bounds them. */
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
