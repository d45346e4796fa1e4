const lasting: object[] = [];

/**
 * Keeps an object alive for ever, so that V8 keeps the shape of its class.
 *
 * V8 holds the transitions of a class's maps weakly. A full collection that finds no object of the class alive discards
 * them, with all optimized code that depends on them. Objects that live only as long as a call would have this code
 * compiled again after each collection; one lasting object prevents it.
 */
export function pinShape(object: object): void {
  lasting.push(object);
}
