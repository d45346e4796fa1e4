/** Places of a bucket. */
const ways = 8;
/** Stands in an empty place: the hash of no key. */
const empty = 0;

/**
 * The keys that left the small queue lately, as hashes of 32 bits: {@link S3Fifo} takes them into the main queue when
 * they come back. Each key has its bucket, whose new hash displaces the oldest one. So there are at most `capacity`
 * hashes, of 4 bytes each. Two keys with one hash count as one.
 */
export class Ghosts {
  readonly #ways: number;
  readonly #buckets: number;
  /** Bucket by bucket; the newest hash of a bucket is its first. */
  readonly #hashes: Int32Array;
  #isEmpty = true;

  constructor(capacity: number) {
    this.#ways = Math.min(ways, capacity);
    this.#buckets = Math.floor(capacity / this.#ways);
    this.#hashes = new Int32Array(this.#buckets * this.#ways);
  }

  /** True until a hash is added; then only after {@link clear}. No key needs to be hashed as long as it is true. */
  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  add(hash: number): void {
    this.#isEmpty = false;
    const hashes = this.#hashes;
    const first = this.#bucket(hash);
    for (let place = first + this.#ways - 1; place > first; place--)
      hashes[place] = hashes[place - 1] as number;
    hashes[first] = hash;
  }

  /** Removes the hash. Returns true if it was there. */
  take(hash: number): boolean {
    const hashes = this.#hashes;
    const first = this.#bucket(hash);
    const last = first + this.#ways - 1;
    let place = first;
    while (place <= last && hashes[place] !== hash) place++;
    if (place > last) return false;
    for (; place < last; place++) hashes[place] = hashes[place + 1] as number;
    hashes[last] = empty;
    return true;
  }

  clear(): void {
    if (this.#isEmpty) return;
    this.#hashes.fill(empty);
    this.#isEmpty = true;
  }

  /** The first place of the bucket of a hash. */
  #bucket(hash: number): number {
    const mixed = Math.imul(hash ^ (hash >>> 16), 0x9e3779b1) >>> 0;
    return Math.floor((mixed / 2 ** 32) * this.#buckets) * this.#ways;
  }
}

/** FNV-1a of the code units of a key; never 0. */
export function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return hash === empty ? 1 : hash;
}
