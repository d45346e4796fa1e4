/** Work in flight for a key. Superseded work stores no result; `in-flight-work.ts` says which event supersedes it. */
export interface Supersedable {
  superseded: boolean;
  /** Called once, when the work is superseded. */
  onSuperseded?: (() => void) | undefined;
}

/** Work whose result carries tags. */
export interface TaggedWork extends Supersedable {
  /** As the tag table names them. */
  readonly tags?: readonly string[] | undefined;
  /** Upper bound of the entry's tag epoch: a tag of the entry was invalidated after that epoch. */
  latestEpoch?: number;
}

/** Reads the flag anew after an `await`: TypeScript would keep the narrowed type. */
export function isSuperseded(work: Supersedable): boolean {
  return work.superseded;
}

export function supersede(work: Supersedable): void {
  if (work.superseded) return;
  work.superseded = true;
  work.onSuperseded?.();
}

/** Starts after which the map is replaced. */
const renewAfter = 256;

/**
 * The registry of one kind of work in flight, by key: reads, writes, loads or expiries. {@link InFlightWork} says which
 * event supersedes which kind.
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

  /** Registers `work` in place of earlier work for this key, which is not superseded by that. */
  start(id: string, work: T): void {
    if (--this.#untilRenewed === 0) this.#renew();
    this.#byId.set(id, work);
  }

  /** Unregisters `work`, unless newer work has replaced it. */
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
   * Replaces the map. V8 links each abandoned hash table of a map to its successor: a dead table in the old generation
   * would keep all later ones, with the work they held, alive through minor collections.
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
