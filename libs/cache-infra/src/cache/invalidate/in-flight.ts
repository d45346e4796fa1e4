/** Something under way for a key, whose result an invalidation makes unfit to be stored. */
export interface Supersedable {
  superseded: boolean;
  /** Called once it is superseded. */
  onSuperseded?: (() => void) | undefined;
}

/** Work whose result carries tags. */
export interface TaggedWork extends Supersedable {
  /** As the tag table names them. */
  readonly tags?: readonly string[] | undefined;
  /** The epoch that its entry may carry at most: a tag of it was invalidated after that. */
  latestEpoch?: number;
}

export function supersede(work: Supersedable): void {
  if (work.superseded) return;
  work.superseded = true;
  work.onSuperseded?.();
}

/** Works started until the map of them is made anew. */
const renewAfter = 256;

/**
 * What is under way, by key: tier reads, loads, or writes. An invalidation *supersedes* what it covers: the result still goes to
 * those who wait for it, and is stored nowhere; and whoever comes after the invalidation starts anew.
 */
export class InFlight<T extends Supersedable> {
  #byId = new Map<string, T>();
  #untilRenewed = renewAfter;

  get size(): number {
    return this.#byId.size;
  }

  get(id: string): T | undefined {
    return this.#byId.get(id);
  }

  /** Registers `work`; what was under way for this key before is superseded, not superseded. */
  start(id: string, work: T): void {
    if (--this.#untilRenewed === 0) this.#renew();
    this.#byId.set(id, work);
  }

  /** Unregisters `work`, unless newer work has taken its place. */
  end(id: string, work: T): void {
    if (this.#byId.get(id) === work) this.#byId.delete(id);
  }

  supersede(id: string): void {
    const work = this.#byId.get(id);
    if (work === undefined) return;
    this.#byId.delete(id);
    supersede(work);
  }

  /**
   * A map in V8 leaves its table for a new one again and again, and each points to the next: one that has grown old, and is dead,
   * would keep all after it through every minor collection, with all that was under way when they were left.
   */
  #renew(): void {
    this.#byId = new Map(this.#byId);
    this.#untilRenewed = Math.max(renewAfter, 2 * this.#byId.size);
  }

  supersedeWhere(matches: (id: string) => boolean): void {
    for (const id of this.#byId.keys()) {
      if (matches(id)) this.supersede(id);
    }
  }

  entries(): Iterable<readonly [id: string, work: T]> {
    return this.#byId.entries();
  }
}
