const ways = 4;

/**
 * The hashes of the latest keys that were added, in a table of buckets. Each place has a hash and the number of its
 * addition. A hash is a ghost while no more than `capacity` keys were added after it; a new one takes the oldest place
 * of its bucket. Two keys with one hash count as one.
 *
 * The paper of S3-FIFO describes such a table.
 */
export class Ghosts {
  #capacity;
  #mask;
  #hashes;
  #numbers;
  #added = 0;

  constructor(capacity) {
    this.#capacity = capacity;
    const buckets = 2 ** Math.ceil(Math.log2(Math.max(1, (2 * capacity) / ways)));
    this.#mask = buckets - 1;
    this.#hashes = new Int32Array(buckets * ways);
    this.#numbers = new Float64Array(buckets * ways);
  }

  add(hash) {
    const first = this.#bucket(hash);
    let oldest = first;
    for (let place = first + 1; place < first + ways; place++)
      if (this.#numbers[place] < this.#numbers[oldest]) oldest = place;
    this.#hashes[oldest] = hash;
    this.#numbers[oldest] = ++this.#added;
  }

  /** Returns true if the key was there. */
  delete(hash) {
    const first = this.#bucket(hash);
    for (let place = first; place < first + ways; place++) {
      const number = this.#numbers[place];
      if (this.#hashes[place] !== hash || number === 0) continue;
      this.#numbers[place] = 0;
      if (this.#added - number < this.#capacity) return true;
    }
    return false;
  }

  #bucket(hash) {
    return ((hash ^ (hash >>> 16)) & this.#mask) * ways;
  }
}
