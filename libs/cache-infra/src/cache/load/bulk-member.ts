import type { LoadPlan } from '../entry/store-plan.js';
import type { SingleFlight } from './single-flight.js';

/** The part of one key in a call for many keys. `GetOrSet` tells it what happens to the key. */
export interface BulkMember {
  readonly plan: LoadPlan;
  /** The load whose loader makes the call; undefined = no loader does. */
  readonly caller: SingleFlight | undefined;
  /** The key's load has begun, for the caller or as a refresh in the background. */
  started(flight: SingleFlight): void;
  /** The key waits for a load that another call has begun. */
  joined(): void;
  /** Awaited before the load asks for a lease. */
  readonly beforeLease: (flight: SingleFlight) => Promise<void> | undefined;
}
