import type { Clock } from '../../base/clock.js';
import type { Lifecycle } from '../../base/lifecycle.js';
import type { MemoryTier } from '../../tiers/memory/memory-tier.js';
import type { LoadGuards } from '../../tiers/redis/load-guards.js';
import type { OptimisticLoads } from '../../tiers/redis/optimistic-loads.js';
import type { RemoteTier } from '../../tiers/remote-tier.js';
import type { Isolation } from '../contract/options.js';
import type { LocalEntries } from '../entry/local-entries.js';
import type { PlanDefaults } from '../entry/store-plan.js';
import type { ValueLimits } from '../entry/value-rules.js';
import type { Coherence } from '../invalidate/coherence.js';
import type { InFlightWork } from '../invalidate/in-flight-work.js';
import type { KeySignals } from '../invalidate/key-signals.js';
import type { TagSync } from '../invalidate/tag-sync.js';
import type { Counters } from '../observe/counters.js';
import type { CacheEmitter } from '../observe/emitter.js';
import type { Observer } from '../observe/observer.js';
import type { Tracing } from '../observe/tracing.js';
import type { TruthMeter } from '../observe/truth-meter.js';
import type { LoadFailures } from '../observe/load-failures.js';
import type { Refusals } from '../observe/refusals.js';
import type { Lookup } from '../read/lookup.js';
import type { TierRead } from '../read/reads.js';
import type { ErrorPolicy } from '../recover/error-policy.js';
import type { LoadedWrites } from '../write/loaded-writes.js';
import type { Backoff } from './backoff.js';
import type { CallTimers } from './call-timers.js';
import type { LookRounds } from './look-rounds.js';
import type { MissForecast } from './miss-forecast.js';
import type { ReplicaLag } from './replica-lag.js';
import type { SingleFlight } from './single-flight.js';

/** The collaborators of a load. */
export interface LoadDeps {
  readonly l1: MemoryTier | undefined;
  readonly l2: RemoteTier | undefined;
  /** For loads with a lease, and where Redis may forget what a load compares. */
  readonly guards: LoadGuards | undefined;
  readonly optimisticLoads: OptimisticLoads | undefined;
  readonly missForecast: MissForecast;
  readonly lookRounds: LookRounds;
  /** Chooses the hits that are verified. */
  readonly truth: TruthMeter;
  /** undefined = the origin has no replica that lags behind. */
  readonly replicaLag: ReplicaLag | undefined;
  readonly clock: Clock;
  readonly tags: TagSync;
  readonly counters: Counters;
  readonly emitter: CacheEmitter;
  readonly observer: Observer;
  readonly refusals: Refusals;
  readonly loadFailures: LoadFailures;
  readonly errors: ErrorPolicy;
  readonly lifecycle: Lifecycle;
  readonly entries: LocalEntries;
  readonly lookup: Lookup;
  readonly loadedWrites: LoadedWrites;
  readonly work: InFlightWork<TierRead, SingleFlight>;
  readonly coherence: Coherence;
  readonly keySignals: KeySignals;
  /** Back-off after failed loads. */
  readonly backoff: Backoff;
  /** Back-off after refreshes whose value could not be stored. */
  readonly refreshBackoff: Backoff;
  readonly timers: Pick<CallTimers, 'start'>;
  readonly tracing: Tracing;
  readonly isolation: Isolation;
  readonly values: ValueLimits;
  /** For calls without options of their own. */
  readonly defaults: PlanDefaults;
}
