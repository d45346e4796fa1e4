import type { TagState, TagStates } from './freshness.js';

/**
 * The epoch of each tag's last invalidation. An entry carries the table's latest epoch at the time when its value was
 * made, and is valid while none of its tags has a later epoch. So an invalidation costs O(tags) whatever the number of
 * entries, and also covers values whose loader is still running.
 *
 * *Bounds.* The table keeps the last `maxTags` invalidated tags. The *floor* is the epoch of the last tag that was
 * forgotten; an entry with tags from below the floor counts as invalid, since one of its tags may be among the
 * forgotten ones.
 *
 * *Expired tags.* `expireTags` records its tags under names of their own ({@link expiredName}): an entry from before
 * that epoch is stale, not invalid. So the table, its bounds and its way to other instances are the same for both.
 */
export class TagTable implements TagStates {
  readonly #invalidatedAt = new Map<string, number>();
  readonly #maxTags: number;
  #latest = 0;
  #floor = 0;
  #version = 0;
  /** A tag was expired at some time: until then no entry is checked for it. */
  #hasExpired = false;

  constructor(maxTags = 10_000) {
    this.#maxTags = maxTags;
  }

  /** The latest known epoch. */
  get latest(): number {
    return this.#latest;
  }

  /** Rises with every change of the table. An entry that was checked at this version need not be checked again. */
  get version(): number {
    return this.#version;
  }

  get size(): number {
    return this.#invalidatedAt.size;
  }

  get floor(): number {
    return this.#floor;
  }

  /** True if no tag was invalidated after `epoch`. An entry without tags is always valid. */
  isValid(tags: readonly string[], epoch: number): boolean {
    if (tags.length === 0) return true;
    // Below the floor, or from a table that was lost.
    if (epoch < this.#floor || epoch > this.#latest) return false;
    for (const tag of tags) {
      const at = this.#invalidatedAt.get(tag);
      if (at !== undefined && at > epoch) return false;
    }
    return true;
  }

  /** The state of an entry's tags: see `stateOf`. */
  of(tags: readonly string[], epoch: number): TagState {
    if (!this.isValid(tags, epoch)) return 'invalid';
    return this.isExpired(tags, epoch) ? 'expired' : 'valid';
  }

  /** True if a tag was expired after `epoch`. */
  isExpired(tags: readonly string[], epoch: number): boolean {
    if (!this.#hasExpired) return false;
    for (const tag of tags) {
      const at = this.#invalidatedAt.get(expiredName(tag));
      if (at !== undefined && at > epoch) return true;
    }
    return false;
  }

  /** True if a tag was invalidated or expired at `epoch` or later. */
  changedSince(tags: readonly string[], epoch: number): boolean {
    return tags.some((tag) =>
      [tag, expiredName(tag)].some((name) => (this.#invalidatedAt.get(name) ?? -Infinity) >= epoch),
    );
  }

  /** Invalidates tags at an epoch later than any known one. `now`, microseconds, keeps epochs apart across restarts. */
  invalidate(tags: Iterable<string>, now: number): number {
    const epoch = Math.max(this.#latest + 1, now);
    for (const tag of tags) this.record(tag, epoch);
    return epoch;
  }

  /** Makes every entry with one of `tags` invalid until {@link record} sets their epoch. */
  suspend(tags: Iterable<string>): void {
    for (const tag of tags) this.#put(tag, Infinity);
    this.#version++;
  }

  /** Records that `tag` was invalidated at `epoch`. */
  record(tag: string, epoch: number): void {
    const known = this.#invalidatedAt.get(tag);
    if (known !== undefined && known !== Infinity && known >= epoch) return;
    this.#put(tag, epoch);
    this.#latest = Math.max(this.#latest, epoch);
    this.#version++;
  }

  /** Makes every entry be checked anew. */
  touch(): void {
    this.#version++;
  }

  /** Raises the latest epoch. */
  advance(epoch: number): void {
    this.#latest = Math.max(this.#latest, epoch);
  }

  /** Lowers all epochs to `epoch`: Redis rejected later ones. */
  cap(epoch: number): void {
    for (const [tag, at] of this.#invalidatedAt) {
      if (at > epoch && at !== Infinity) this.#invalidatedAt.set(tag, epoch);
    }
    this.#latest = Math.min(this.#latest, epoch);
    this.#floor = Math.min(this.#floor, epoch);
    this.#version++;
  }

  /** Raises the floor: invalidations before `epoch` are unknown. */
  raiseFloor(epoch: number): void {
    if (epoch <= this.#floor) return;
    this.#floor = epoch;
    this.#latest = Math.max(this.#latest, epoch);
    this.#version++;
  }

  #put(tag: string, epoch: number): void {
    if (tag.startsWith(expiredMark)) this.#hasExpired = true;
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

/** No name of a tag begins so: paths have no `!`. */
const expiredMark = '!!';

/** The name under which `expireTags` records a tag. `tag`: as the tag table names it. */
export function expiredName(tag: string): string {
  return expiredMark + tag;
}
