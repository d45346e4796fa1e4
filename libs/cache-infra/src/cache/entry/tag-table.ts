/**
 * When each tag was last invalidated. An entry keeps the table's epoch from when its value was made, and is valid while
 * none of its tags was invalidated at a later epoch. So an invalidation costs O(tags) whatever the number of entries,
 * and also reaches entries whose loader was still running.
 *
 * Bounded: the tags invalidated longest ago are forgotten, and `floor` rises to the last one forgotten; an entry from
 * before the floor counts as invalid, because nothing is known of its tags any more.
 */
export class TagTable {
  readonly #invalidatedAt = new Map<string, number>();
  readonly #maxTags: number;
  #latest = 0;
  #floor = 0;
  #version = 0;

  constructor(maxTags = 10_000) {
    this.#maxTags = maxTags;
  }

  /** The epoch of the last invalidation known. */
  get latest(): number {
    return this.#latest;
  }

  /** Changes with every change of the table, so that an entry checked once need not be checked again. */
  get version(): number {
    return this.#version;
  }

  get size(): number {
    return this.#invalidatedAt.size;
  }

  get floor(): number {
    return this.#floor;
  }

  isValid(tags: readonly string[], epoch: number): boolean {
    // Nothing that is known of tags, or forgotten, concerns an entry without any.
    if (tags.length === 0) return true;
    // From before what is known, or from a table that was lost.
    if (epoch < this.#floor || epoch > this.#latest) return false;
    for (const tag of tags) {
      const at = this.#invalidatedAt.get(tag);
      if (at !== undefined && at > epoch) return false;
    }
    return true;
  }

  /** Invalidates here, at an epoch later than any known; `now` (microseconds) keeps epochs apart across restarts. */
  invalidate(tags: Iterable<string>, now: number): number {
    const epoch = Math.max(this.#latest + 1, now);
    for (const tag of tags) this.record(tag, epoch);
    return epoch;
  }

  /** Hides every entry that carries one of `tags`, until `record` says from when on they count again. */
  suspend(tags: Iterable<string>): void {
    for (const tag of tags) this.#put(tag, Infinity);
    this.#version++;
  }

  /** Learns that `tag` was invalidated at `epoch`. */
  record(tag: string, epoch: number): void {
    const known = this.#invalidatedAt.get(tag);
    if (known !== undefined && known !== Infinity && known >= epoch) return;
    this.#put(tag, epoch);
    this.#latest = Math.max(this.#latest, epoch);
    this.#version++;
  }

  /** Has every entry be checked anew. */
  touch(): void {
    this.#version++;
  }

  /** Learns that the table reaches up to `epoch`. */
  advance(epoch: number): void {
    this.#latest = Math.max(this.#latest, epoch);
  }

  /** Learns that the table reaches no further than `epoch`: what was taken for later is not. */
  cap(epoch: number): void {
    for (const [tag, at] of this.#invalidatedAt) {
      if (at > epoch && at !== Infinity) this.#invalidatedAt.set(tag, epoch);
    }
    this.#latest = Math.min(this.#latest, epoch);
    this.#floor = Math.min(this.#floor, epoch);
    this.#version++;
  }

  /** Learns that nothing is known of what happened before `epoch`. */
  raiseFloor(epoch: number): void {
    if (epoch <= this.#floor) return;
    this.#floor = epoch;
    this.#latest = Math.max(this.#latest, epoch);
    this.#version++;
  }

  #put(tag: string, epoch: number): void {
    // Re-inserted at the end: the map's order is the order of invalidation, the oldest first.
    this.#invalidatedAt.delete(tag);
    this.#invalidatedAt.set(tag, epoch);
    if (this.#invalidatedAt.size <= this.#maxTags) return;
    const oldest = this.#invalidatedAt.entries().next().value;
    if (oldest === undefined) return;
    this.#invalidatedAt.delete(oldest[0]);
    this.raiseFloor(Number.isFinite(oldest[1]) ? oldest[1] : this.#latest);
  }
}
