import { afterEach } from '@jest/globals';

interface Closable {
  close(): unknown;
}

/** Called at the top of a file or a `describe`: what is given to the function it returns is closed after each test. */
export function closingAfterEach(): <T extends Closable>(thing: T) => T {
  const open: Closable[] = [];
  afterEach(async () => {
    for (const thing of open.splice(0).reverse()) await thing.close();
  });
  return (thing) => {
    open.push(thing);
    return thing;
  };
}
