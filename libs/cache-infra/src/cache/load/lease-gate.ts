import type { SingleFlight } from './single-flight.js';

/** A load at the gate. */
interface Parked {
  readonly flight: SingleFlight;
  readonly enter: () => void;
}

/** Loads that ask for their leases in one turn of the event loop. */
const leasesAtOnce = 250;

/**
 * The order in which the loads of one call ask for leases.
 *
 * Two calls for the same keys in two instances would otherwise get some of the leases each, and run two loaders. So the
 * first key, in the order of strings, goes ahead alone. If another instance holds its lease, the other keys wait until
 * that load has ended: it has most likely loaded them, too. A load at the gate holds no lease, so that no two calls
 * wait for each other.
 */
export class LeaseGate {
  /** `opening`: the loads that wait go on; later ones need not wait. */
  #state: 'closed' | 'opening' | 'open' = 'closed';
  readonly #parked: Parked[] = [];
  #leader: SingleFlight | undefined;
  #leaderRuns: () => void = ignore;

  get state(): 'closed' | 'opening' | 'open' {
    return this.#state;
  }

  /** Waits until the load may ask for its lease; undefined = it may at once. */
  wait(flight: SingleFlight): Promise<void> | undefined {
    if (this.#state !== 'closed') return undefined;
    return new Promise((enter) => {
      this.#parked.push({ flight, enter });
    });
  }

  /** The loader is asked for the value of this load: the load has its lease, or Redis is unavailable. */
  runs(flight: SingleFlight): void {
    if (flight === this.#leader) this.#leaderRuns();
  }

  /**
   * Opens the gate. `passed`: called with the number of loads that go on; resolves once they have their leases, or wait
   * for another instance.
   */
  async open(passed: (count: number) => Promise<void>): Promise<void> {
    this.#state = 'opening';
    const [leader, ...others] = this.#parked.sort((a, b) => (a.flight.key < b.flight.key ? -1 : 1));
    if (leader !== undefined) await this.#lead(leader, others, passed);
    for (let from = 0; from < others.length; from += leasesAtOnce) {
      const portion = others.slice(from, from + leasesAtOnce);
      for (const { enter } of portion) enter();
      await passed(portion.length);
    }
    this.#parked.length = 0;
    this.#state = 'open';
  }

  async #lead(
    leader: Parked,
    others: readonly Parked[],
    passed: (count: number) => Promise<void>,
  ): Promise<void> {
    this.#leader = leader.flight;
    const runs = new Promise<void>((resolve) => {
      this.#leaderRuns = resolve;
    });
    // A caller with a lease that waits for one of the others waits for the leader.
    const ends = others.map(({ flight }) => flight.awaits(leader.flight));
    leader.enter();
    await Promise.race([Promise.all([runs, passed(1)]), leader.flight.ended()]);
    for (const end of ends) end();
  }
}

function ignore(): void {
  // No load leads yet.
}
