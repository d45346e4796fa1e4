import { InfrastructureError } from '../../base/errors.js';
import type { RedisCache } from '../../cache/redis-cache.js';
import type { DashboardSource, DashboardView } from '../../dashboard/dashboard-source.js';
import { viewOf } from '../../dashboard/fleet-view.js';
import { DashboardRefusal } from '../../dashboard/refusal.js';
import { NoFleetError, type FleetReader, type FoundFleet } from '../top/fleet-reader.js';

/** Milliseconds for which requests share one reading. */
const sharedMs = 1000;

/** A running fleet, as it publishes itself in Redis. Read-only. */
export class RedisSource implements DashboardSource {
  readonly #reader: FleetReader;
  readonly #cache: RedisCache;
  #reading: Promise<FoundFleet> | undefined;
  #readAt = -Infinity;

  constructor(reader: FleetReader, cache: RedisCache) {
    this.#reader = reader;
    this.#cache = cache;
  }

  /** @throws DashboardRefusal with what to do, while Redis does not answer or no instance publishes */
  async state(shown: string | null): Promise<DashboardView> {
    try {
      const { fleet } = await this.#shared();
      return viewOf(fleet, 'redis', shown);
    } catch (error) {
      if (error instanceof NoFleetError || error instanceof InfrastructureError)
        throw new DashboardRefusal(503, error.message);
      throw error;
    }
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
