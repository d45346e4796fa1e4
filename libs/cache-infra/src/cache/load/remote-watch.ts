import type { OptimisticLoad } from '../../tiers/redis/optimistic-loads.js';
import type { LoadGuard } from '../../tiers/redis/load-guards.js';
import { supersede } from '../invalidate/in-flight.js';
import type { LoadDeps } from './load-deps.js';
import { SingleFlight, type FlightObserver, type FlightOptions } from './single-flight.js';

/** The collaborators of a watch. */
export type WatchDeps = Pick<
  LoadDeps,
  'work' | 'lookRounds' | 'loadedWrites' | 'lifecycle' | 'coherence' | 'optimisticLoads'
>;

/**
 * How a load reacts to a remote change of its entry:
 *
 * - `asking`: Redis is being asked for the entry, for what the load compares, or for a guard. The change is noted; the
 *   answer shows whether it came before the load.
 * - `guarded`: Redis can judge the load, by its guard or by comparing. The load asks whether the change concerns it.
 * - `unguarded`: Redis did not answer, or the value is being stored. The change supersedes the load.
 */
type GuardState = 'asking' | 'guarded' | 'unguarded';

/** Supersedes the flight of one load if another instance changes its entry: see `GuardState`. */
export class RemoteWatch implements FlightObserver {
  readonly flight: SingleFlight;
  /** The load as Redis judges it; undefined = Redis did not answer, or was not asked. */
  remote: LoadGuard | OptimisticLoad | undefined;
  readonly #deps: WatchDeps;
  readonly #id: string;
  #guardState: GuardState = 'unguarded';
  #entryChanged = false;
  /** Redis is asked now and then whether the key was changed, while the loader runs. */
  #isWatching = false;
  #renewal: NodeJS.Timeout | undefined;
  #isLooking = false;
  /** Of an optimistic load: see `Coherence.l1Generation`. */
  #l1Generation: number | undefined;

  constructor(deps: WatchDeps, id: string, options: FlightOptions) {
    this.#deps = deps;
    this.#id = id;
    this.flight = new SingleFlight(options, this);
  }

  /** Another instance changed the entry while Redis was asked for it. */
  get entryChanged(): boolean {
    return this.#entryChanged;
  }

  /** The channel was lost during a load that relied on it to tell of evicted traces. */
  get mayHaveMissedChanges(): boolean {
    const { coherence, optimisticLoads } = this.#deps;
    if (this.#l1Generation === undefined || this.#l1Generation === coherence.l1Generation) return false;
    return optimisticLoads?.keepsTraces !== true;
  }

  /** Redis is about to be asked: changes of the entry are noted from now on. */
  noteChanges(): void {
    this.#entryChanged = false;
    this.#guardState = 'asking';
  }

  /** Redis cannot judge the load any more, or may hold its value already: a change supersedes the load. */
  trustNoGuard(): void {
    this.#guardState = 'unguarded';
  }

  /** The load compares what Redis held for the key when it began. */
  compare(load: OptimisticLoad): void {
    this.remote = load;
    this.#l1Generation = this.#deps.coherence.l1Generation;
  }

  /** The loader is about to run. From now on a change of the entry elsewhere concerns its value. */
  start(): void {
    const { remote } = this;
    if (remote === undefined) {
      this.#guardState = 'unguarded';
      if (this.#entryChanged) this.#deps.work.loads.supersede(this.#id);
      return;
    }
    this.#guardState = 'guarded';
    this.#isWatching = true;
    if (remote.renewEveryMs === undefined) {
      this.#deps.lookRounds.add(this);
    } else {
      this.#renewal = setInterval(() => {
        void this.look();
      }, remote.renewEveryMs);
      this.#renewal.unref();
    }
    if (this.#entryChanged) this.onGuardChanged();
    if (this.flight.superseded) this.onSuperseded();
  }

  stop(): void {
    this.#guardState = 'unguarded';
    if (!this.#isWatching) return;
    this.#isWatching = false;
    if (this.#renewal === undefined) this.#deps.lookRounds.delete(this);
    else clearInterval(this.#renewal);
  }

  /** Renews the guard, or asks whether the key was changed. Resolves once Redis has answered, and never rejects. */
  look(): Promise<void> | undefined {
    // A look that waits for its answer is enough: many loads would ask faster than Redis answers.
    if (this.remote === undefined || this.#isLooking) return undefined;
    this.#isLooking = true;
    return this.#supersedeUnless(
      this.remote.renew().finally(() => {
        this.#isLooking = false;
      }),
    );
  }

  /** Releases the lease at once, however long the loader still runs: its value will not be stored. */
  onSuperseded(): void {
    if (!this.#isWatching) return;
    this.stop();
    if (this.remote?.leased !== true) return;
    const { loadedWrites, lifecycle } = this.#deps;
    const release = this.flight.isOverdue
      ? loadedWrites.releaseEmpty(this.remote)
      : loadedWrites.release(this.remote);
    lifecycle.untilEnded(release);
  }

  onAbandoned(): void {
    this.#deps.work.loads.end(this.#id, this.flight);
  }

  onEntryChanged(): boolean {
    if (this.#guardState === 'unguarded') return false;
    this.flight.stale = undefined;
    if (this.#guardState === 'asking') this.#entryChanged = true;
    else this.onGuardChanged();
    return true;
  }

  onGuardChanged(): void {
    if (!this.#isWatching || this.remote === undefined) return;
    void this.#supersedeUnless(this.remote.isCurrent());
  }

  #supersedeUnless(asked: Promise<boolean>): Promise<void> {
    return asked.then((isCurrent) => {
      // Once the load has ended, the state of its guard has no meaning.
      if (isCurrent || this.remote?.ended === true) return;
      this.#deps.work.loads.end(this.#id, this.flight);
      supersede(this.flight);
    }, ignore);
  }
}

function ignore(): void {
  // Redis is unavailable: the load relies on the state of this process.
}
