const lasting: object[] = [];

/**
 * Keeps an object for ever that nobody looks at. V8 remembers only weakly how the objects of a class come to look (the transitions of
 * its maps), and with every full collection that finds none alive it forgets, and drops all code that was compiled by it: then a
 * class whose objects live as long as a call is compiled for again and again. One object that stays is enough.
 */
export function pinShape(object: object): void {
  lasting.push(object);
}
