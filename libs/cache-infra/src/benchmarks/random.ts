/** Numbers from 0 to 1, 1 excluded. */
export type Random = () => number;

/**
 * A pseudo-random number generator with equal numbers for equal seeds on every machine: sfc32 of Chris Doty-Humphrey's
 * PractRand (https://pracrand.sourceforge.net/). Not for secrets.
 *
 * @param stream makes generators of one seed independent of each other
 */
export function seededRandom(seed: number, stream = ''): Random {
  let [a, b, c, counter] = [seed | 0, Math.floor(seed / 2 ** 32) | 0, hash(stream), 1];
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  // Discard the first numbers, which are similar for similar seeds.
  for (let round = 0; round < 12; round++) next();
  return next;
}

/** An integer from 0 to `below` (excluded, at most 2^32). */
export function integerBelow(random: Random, below: number): number {
  return (random() * below) >>> 0;
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value | 0;
}
