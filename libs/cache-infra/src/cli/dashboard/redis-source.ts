import { InfrastructureError } from '../../base/errors.js';
import { describeValue } from '../../base/redact.js';
import type { RedisCache } from '../../cache/redis-cache.js';
import { keyState } from '../../dashboard/application/key-state.js';
import type { DashboardSource, DashboardView, KeyQuestion } from '../../dashboard/dashboard-source.js';
import { viewOf } from '../../dashboard/fleet-view.js';
import { DashboardRefusal } from '../../dashboard/refusal.js';
import type { KeyState } from '../../dashboard/state.js';
import type { FleetReader, FoundFleet } from '../top/fleet-reader.js';
import { NoFleetError } from '../top/published-prefix.js';
import type { FleetCaches } from './fleet-caches.js';

/** Milliseconds for which requests share one reading. */
const sharedMs = 1000;

/** A running fleet, as it publishes itself in Redis. Read-only. */
export class RedisSource implements DashboardSource {
  readonly #reader: FleetReader;
  readonly #cache: RedisCache;
  readonly #caches: FleetCaches;
  #reading: Promise<FoundFleet> | undefined;
  #readAt = -Infinity;

  constructor(reader: FleetReader, cache: RedisCache, caches: FleetCaches) {
    this.#reader = reader;
    this.#cache = cache;
    this.#caches = caches;
  }

  /** @throws DashboardRefusal with what to do, while Redis does not answer or no instance publishes */
  async state(shown: string | null): Promise<DashboardView> {
    return answered(async () => {
      const { fleet } = await this.#shared();
      return viewOf(fleet, 'redis', shown);
    });
  }

  /**
   * What Redis holds under a key. The L1s of the instances are not visible from here.
   *
   * @throws DashboardRefusal for a cache that no instance has in this Redis, and while Redis does not answer
   */
  async inspect(question: KeyQuestion): Promise<KeyState> {
    return answered(async () => {
      const { fleet } = await this.#shared();
      const found = fleet.total.caches.find(({ name }) => name === question.cache);
      if (found === undefined)
        throw new DashboardRefusal(404, `No instance publishes a cache ${describeValue(question.cache)}.`);
      if (found.kind !== 'redis')
        throw new DashboardRefusal(
          404,
          `Cache ${describeValue(found.name)} is in the memory of each instance: look into it by CacheDashboardModule.`,
        );
      const cache = this.#caches.of(found);
      await cache.connect();
      return keyState(cache, question);
    });
  }

  #shared(): Promise<FoundFleet> {
    const now = performance.now();
    if (this.#reading === undefined || now - this.#readAt > sharedMs) {
      this.#readAt = now;
      this.#reading = this.#cache.connect().then(() => this.#reader.read());
    }
    return this.#reading;
  }
}

/** An outage is told to the client: its message has no credentials. */
async function answered<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof NoFleetError || error instanceof InfrastructureError)
      throw new DashboardRefusal(503, error.message);
    throw error;
  }
}
