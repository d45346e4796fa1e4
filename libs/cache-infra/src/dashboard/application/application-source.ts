import { describeValue } from '../../base/redact.js';
import type { Cache } from '../../cache/contract/cache.js';
import { fleetOf } from '../../fleet/read-fleet.js';
import type { FleetSummary, InstanceSummary } from '../../fleet/summary.js';
import type { DashboardSource, DashboardView, KeyQuestion } from '../dashboard-source.js';
import { viewOf } from '../fleet-view.js';
import { DashboardRefusal } from '../refusal.js';
import type { DashboardOutcome, DashboardPreview, DashboardTarget, KeyState } from '../state.js';
import { inner, invalidate, preview } from './cache-actions.js';
import { keyState } from './key-state.js';
import { OtherInstances } from './others.js';

/** The serving instance. */
export interface OwnInstance {
  readonly id: string;
  summary(): Promise<InstanceSummary>;
}

/** Milliseconds for which requests share one look at all instances. */
const sharedMs = 1000;

/** An application: this instance as it is now, the others as they publish themselves in Redis. */
export class ApplicationSource implements DashboardSource {
  readonly #own: OwnInstance;
  readonly #caches: () => readonly Cache[];
  readonly #others: OtherInstances;
  #fleet: Promise<FleetSummary> | undefined;
  #fleetAt = -Infinity;
  #isSearching = false;

  /** `caches`: those of the application, with all their namespaces. */
  constructor(own: OwnInstance, caches: () => readonly Cache[]) {
    this.#own = own;
    this.#caches = caches;
    this.#others = new OtherInstances(caches, own.id);
  }

  async state(shown: string | null): Promise<DashboardView> {
    return viewOf(await this.#shared(), 'application', shown);
  }

  inspect(question: KeyQuestion): Promise<KeyState> {
    return keyState(inner(this.#cache(question.cache)), question);
  }

  /** One at a time: each may scan a database of Redis. */
  async preview(target: DashboardTarget): Promise<DashboardPreview> {
    const cache = this.#cache(target.cache);
    if (this.#isSearching) throw new DashboardRefusal(409, 'Another preview is running: try again.');
    this.#isSearching = true;
    try {
      return await preview(cache, target);
    } finally {
      this.#isSearching = false;
    }
  }

  async invalidate(target: DashboardTarget): Promise<DashboardOutcome> {
    return invalidate(this.#cache(target.cache), target);
  }

  #cache(name: string): Cache {
    const cache = this.#caches().find((each) => each.name === name);
    if (cache !== undefined) return cache;
    throw new DashboardRefusal(404, `The application has no cache ${describeValue(name)}.`);
  }

  /** Clients share a look: their number does not multiply the questions to Redis. */
  #shared(): Promise<FleetSummary> {
    const now = performance.now();
    if (this.#fleet !== undefined && now - this.#fleetAt < sharedMs) return this.#fleet;
    this.#fleetAt = now;
    const fleet = this.#look();
    this.#fleet = fleet;
    fleet.catch(() => {
      if (this.#fleet === fleet) this.#fleet = undefined;
    });
    return fleet;
  }

  async #look(): Promise<FleetSummary> {
    const [own, others] = await Promise.all([this.#own.summary(), this.#others.summaries()]);
    return fleetOf([own, ...others], Date.now());
  }
}
