const rows = 4;
const mostCount = 15;
/** Counters of a row, in capacities. With one for each entry, equal keys of a loop seem to differ. */
const countersFactor = 4;
/** Additions between two agings, in capacities. */
const sampleFactor = 10;
const seeds = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f];

/** FNV-1a of the code units of a text. */
export function hashOf(text) {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

/**
 * How often a key was used lately: a count-min sketch of four rows with conservative update. Counts end at 15, and all
 * are halved after ten additions for each entry of the cache.
 *
 * G. Cormode, S. Muthukrishnan, "An Improved Data Stream Summary", Journal of Algorithms 55 (2005); the aging: G.
 * Einziger, R. Friedman, B. Manes, "TinyLFU: A Highly Efficient Cache Admission Policy", ACM Transactions on Storage 13
 * (2017), section 3.3.
 */
export class FrequencySketch {
  #counts;
  #width;
  #additions = 0;
  #sample;

  constructor(capacity) {
    this.#width = 2 ** Math.ceil(Math.log2(Math.max(16, countersFactor * capacity)));
    this.#counts = new Uint8Array(this.#width * rows);
    this.#sample = sampleFactor * capacity;
  }

  add(hash) {
    const count = this.count(hash);
    if (count < mostCount) {
      for (let row = 0; row < rows; row++) {
        const at = this.#at(hash, row);
        if (this.#counts[at] === count) this.#counts[at]++;
      }
    }
    if (++this.#additions >= this.#sample) this.#age();
  }

  count(hash) {
    let least = mostCount;
    for (let row = 0; row < rows; row++) {
      const count = this.#counts[this.#at(hash, row)];
      if (count < least) least = count;
    }
    return least;
  }

  #at(hash, row) {
    const mixed = Math.imul(hash ^ (hash >>> 15), seeds[row]);
    return row * this.#width + ((mixed ^ (mixed >>> 13)) & (this.#width - 1));
  }

  #age() {
    this.#additions >>>= 1;
    for (let i = 0; i < this.#counts.length; i++) this.#counts[i] >>>= 1;
  }
}
