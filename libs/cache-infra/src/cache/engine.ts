import type { Clock } from '../base/clock.js';
import { Lifecycle } from '../base/lifecycle.js';
import type { MemoryTier } from '../tiers/memory/memory-tier.js';
import type { LoadGuards } from '../tiers/redis/load-guards.js';
import type { OptimisticLoads } from '../tiers/redis/optimistic-loads.js';
import { afterResponsive } from '../tiers/redis/responsive-timer.js';
import type { RemoteTier } from '../tiers/remote-tier.js';
import type { CacheMonitor } from './contract/monitor.js';
import type { Isolation, OnError } from './contract/options.js';
import type { CacheStats } from './contract/stats.js';
import { KeyAliases } from './entry/key-aliases.js';
import { LocalEntries } from './entry/local-entries.js';
import type { PlanDefaults } from './entry/store-plan.js';
import type { ValueLimits } from './entry/value-rules.js';
import { Coherence } from './invalidate/coherence.js';
import { InFlightWork } from './invalidate/in-flight-work.js';
import { KeySignals } from './invalidate/key-signals.js';
import { RecentRemovals } from './invalidate/recent-removals.js';
import { Removals } from './invalidate/removals.js';
import { TagSync } from './invalidate/tag-sync.js';
import { Backoff } from './load/backoff.js';
import { CallTimers } from './load/call-timers.js';
import type { LoadDeps } from './load/load-deps.js';
import { LookRounds } from './load/look-rounds.js';
import { MissForecast } from './load/miss-forecast.js';
import { ReplicaLag } from './load/replica-lag.js';
import type { SingleFlight } from './load/single-flight.js';
import { Verification } from './load/verification.js';
import { Locks } from './lock/locks.js';
import type { HealthDeps } from './observe/check-health.js';
import type { Counters } from './observe/counters.js';
import { runSafely, type CacheEmitter } from './observe/emitter.js';
import type { Observer } from './observe/observer.js';
import type { LoadFailures } from './observe/load-failures.js';
import type { Refusals } from './observe/refusals.js';
import { TruthMeter } from './observe/truth-meter.js';
import { Sampling } from './observe/sampling.js';
import { DeadEntries } from './read/dead-entries.js';
import { Lookup } from './read/lookup.js';
import { TierReads, type TierRead } from './read/reads.js';
import { ErrorPolicy } from './recover/error-policy.js';
import type { Recovery } from './recover/recovery.js';
import { L1Writes } from './write/l1-writes.js';
import { LoadedWrites } from './write/loaded-writes.js';
import { WriteStreak } from './write/write-streak.js';
import { TierWrites } from './write/writes.js';

/** Longest time that `close` waits for sets and invalidations in flight, milliseconds. */
const changesMs = 250;

/** The options of a cache, resolved, and the tiers made from them. */
export interface EngineParts {
  readonly name: string;
  readonly keyPrefix: string;
  /** Seconds. */
  readonly defaultTtl: number;
  /** For calls without options of their own. */
  readonly defaults: PlanDefaults;
  /** First pause after a failed load whose stale value is served, milliseconds. */
  readonly graceBackoffMs: number;
  /** Most entries of the L1. */
  readonly maxSize: number;
  readonly isolation: Isolation;
  readonly values: ValueLimits;
  readonly onError: OnError;
  readonly clock: Clock;
  readonly monitor: CacheMonitor | undefined;
  readonly observer: Observer;
  readonly emitter: CacheEmitter;
  readonly counters: Counters;
  readonly refusals: Refusals;
  readonly loadFailures: LoadFailures;
  readonly tags: TagSync;
  readonly l1: MemoryTier | undefined;
  readonly l2: RemoteTier | undefined;
  /** Protects loads across instances. */
  readonly guards: LoadGuards | undefined;
  readonly optimisticLoads: OptimisticLoads | undefined;
  /** undefined = there is no journal: changes that do not reach the L2 are lost. */
  readonly recovery: Recovery | undefined;
  /** How far a replica of the origin's database may lag behind, milliseconds; 0 = there is none. */
  readonly replicaLagMs: number;
  /** Most verifications of one minute. */
  readonly verifyPerMinute: number;
  /** From a verification that finds another value to the second look, milliseconds. */
  readonly verifySettleMs: number;
}

const emptyL1 = { size: 0, bytes: 0 };
const emptyJournal = { size: 0, bytes: 0, recorded: 0, replayed: 0, dropped: 0, expired: 0, superseded: 0 };

/**
 * Assembles a cache with all its namespaces, on an L1, an L2, both or neither: it makes the collaborators of each room,
 * and passes each of them the ones it names. It decides nothing itself.
 */
export class Engine {
  readonly name: string;
  readonly keyPrefix: string;
  /** Seconds. */
  readonly defaultTtl: number;
  readonly maxSize: number;
  readonly isolation: Isolation;
  readonly values: ValueLimits;
  readonly defaults: PlanDefaults;
  readonly clock: Clock;
  readonly l1: MemoryTier | undefined;
  readonly l2: RemoteTier | undefined;
  readonly recovery: Recovery | undefined;
  readonly tags: TagSync;
  readonly counters: Counters;
  readonly emitter: CacheEmitter;
  readonly observer: Observer;
  readonly refusals: Refusals;
  readonly sampling: Sampling;
  readonly lifecycle: Lifecycle;
  readonly errors: ErrorPolicy;
  readonly entries: LocalEntries;
  readonly work = new InFlightWork<TierRead, SingleFlight>();
  /** Calls that remove or expire entries. */
  readonly #removing = new Set<Promise<unknown>>();
  readonly keySignals = new KeySignals();
  readonly coherence: Coherence;
  readonly lookup: Lookup;
  readonly writes: TierWrites;
  readonly removals: Removals;
  readonly loadDeps: LoadDeps;
  readonly truth: TruthMeter;
  readonly verification: Verification;
  readonly locks: Locks;
  /**
   * True once the L1 may hold ids that begin with `\0` (see `Keyspace`): root keys are no longer their own ids.
   */
  hasMarkedIds = false;
  readonly onMarkedId = (): void => {
    this.hasMarkedIds = true;
  };
  readonly #timers = new CallTimers();
  readonly #writeStreak = new WriteStreak();
  readonly #storesPlainly: boolean;
  readonly #parts: EngineParts;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    const { name, keyPrefix, l1, l2, guards, clock, tags, recovery, counters, emitter, observer } = parts;
    const { isolation, values, defaults, graceBackoffMs } = parts;
    this.name = name;
    this.keyPrefix = keyPrefix;
    this.defaultTtl = parts.defaultTtl;
    this.maxSize = parts.maxSize;
    this.isolation = isolation;
    this.values = values;
    this.defaults = defaults;
    this.clock = clock;
    this.l1 = l1;
    this.l2 = l2;
    this.recovery = recovery;
    this.tags = tags;
    this.counters = counters;
    this.emitter = emitter;
    this.observer = observer;
    this.refusals = parts.refusals;
    this.sampling = new Sampling(observer, emitter);
    const lifecycle = (this.lifecycle = new Lifecycle(name));
    const errors = (this.errors = new ErrorPolicy({ onError: parts.onError, counters, emitter }));
    const entries = (this.entries = new LocalEntries({
      ...{ l1, clock, tags, version: defaults.version },
      onOtherVersion: () => {
        counters.foundOtherVersion();
      },
    }));
    const { work, keySignals } = this;
    const aliases = new KeyAliases(keyPrefix, l1, (id) => work.has(id));
    const coherence = (this.coherence = new Coherence({ keyPrefix, l1, aliases, work, keySignals }));
    const backoff = new Backoff(graceBackoffMs);
    const deadEntries = l2 && guards && new DeadEntries({ l2, guards, lifecycle, work });
    const tiers = { l1, l2, clock, tags, counters, entries };
    const reads = new TierReads({
      ...{ ...tiers, recovery, lifecycle, aliases, deadEntries, isolation, defaults },
      inFlight: work.reads,
    });
    const lookup = (this.lookup = new Lookup({ ...tiers, reads, errors, defaults }));
    const changing = { ...tiers, guards, recovery, emitter, observer, errors, work, coherence };
    const l1Writes = new L1Writes({ l1, l2, clock, counters, emitter, entries, work });
    this.writes = new TierWrites({
      ...{ ...changing, lifecycle, aliases, backoff, l1Writes },
      writeStreak: this.#writeStreak,
    });
    const { replicaLagMs: lagMs } = parts;
    const recent = lagMs === 0 ? undefined : new RecentRemovals(lagMs, () => clock.now());
    const loadedWrites = new LoadedWrites({ ...changing, lifecycle, aliases, keySignals, l1Writes });
    this.removals = new Removals({
      ...{ ...changing, keyPrefix, values, recent },
      look: (operation, keyspace, key) => lookup.look(operation, keyspace, key),
    });
    const truth = (this.truth = new TruthMeter(parts.verifyPerMinute));
    this.locks = new Locks({ name, keyPrefix, l1, l2, clock, coherence, keySignals, lifecycle });
    const lookRounds = new LookRounds();
    lifecycle.onClose(() => {
      lookRounds.close();
    });
    this.loadDeps = {
      ...{ ...changing, lookup, loadedWrites, keySignals, lifecycle, backoff, isolation, values, defaults },
      optimisticLoads: parts.optimisticLoads,
      missForecast: new MissForecast(),
      lookRounds,
      truth,
      replicaLag: recent && new ReplicaLag({ ...{ lagMs, clock, l2, tags, errors }, removals: recent }),
      refreshBackoff: new Backoff(graceBackoffMs),
      refusals: parts.refusals,
      loadFailures: parts.loadFailures,
      timers: this.#timers,
      tracing: observer.tracing,
    };
    this.verification = new Verification(this.loadDeps, truth, parts.verifySettleMs);
    this.#storesPlainly = l1 !== undefined && l2 === undefined && isBare(defaults);
    this.#attachMonitor(parts.monitor);
  }

  /** Exact counters of the cache with all its namespaces. */
  stats(): CacheStats {
    const { counters, name, l1, l2, recovery } = this;
    const compression = l2?.codec.compression ?? { count: 0, bytesIn: 0, bytesOut: 0 };
    const journal = recovery?.journal.stats() ?? { ...emptyJournal };
    return counters.snapshot(name, l1 ?? emptyL1, compression, journal, this.truth.snapshot());
  }

  /**
   * An engine with the same options and counters whose loads store nothing, and share nothing with loads of this one.
   */
  withoutTiers(): Engine {
    const tiers = { l1: undefined, l2: undefined, guards: undefined, optimisticLoads: undefined };
    const tags = new TagSync(undefined, 1000);
    return new Engine({ ...this.#parts, ...tiers, tags, recovery: undefined, monitor: undefined });
  }

  healthDeps(): HealthDeps {
    const { l1, l2, maxSize, defaults, coherence, recovery, lifecycle } = this;
    return {
      ...{ l1, l2, maxSize, channel: coherence.channel, closed: lifecycle.closed },
      l1TtlMs: defaults.l1TtlMs,
      journalSize: recovery?.journal.size ?? 0,
      writeTrouble: this.#writeStreak.trouble,
      truth: this.truth.snapshot(),
    };
  }

  /** Makes `close` wait for a call that removes or expires entries. Returns the call. */
  removing<T>(call: Promise<T>): Promise<T> {
    if (this.l2 === undefined) return call;
    const ended = call.then(ignore, ignore).finally(() => {
      this.#removing.delete(ended);
    });
    this.#removing.add(ended);
    return call;
  }

  /** True if a set may take the fast path: L1 only, no grace, jitter or refresh defaults, no listener, not measured. */
  mayStorePlainly(): boolean {
    return (
      this.#storesPlainly && !this.lifecycle.closed && !this.entries.carriesTtl && this.sampling.skipSet()
    );
  }

  /**
   * Closes the cache. Sets and invalidations in flight are sent first, for at most 250 ms. Callers of a load in flight still get its
   * value; it is not stored.
   */
  async close(): Promise<void> {
    const { lifecycle, work } = this;
    if (!lifecycle.begin()) return;
    this.#timers.close();
    for (const [, flight] of [...work.loads.entries()]) flight.close(lifecycle.closedError());
    work.supersedeAllButChanges();
    this.locks.close();
    this.keySignals.sendAll();
    const sets = [...work.writes.entries()].flatMap(([, { done }]) => done ?? []);
    const changes = [...sets, ...this.#removing];
    if (changes.length > 0) await endOf(changes);
    work.supersedeAll();
    const pending = lifecycle.pending();
    if (pending !== undefined) await pending;
    lifecycle.stopAll();
    this.l1?.close();
    this.l2?.close();
    this.emitter.clear();
  }

  #attachMonitor(monitor: CacheMonitor | undefined): void {
    const { name } = this;
    runSafely(() => {
      const detach = monitor?.attach?.({ name, stats: () => this.stats() });
      if (typeof detach !== 'function') return;
      this.lifecycle.onClose(() => {
        runSafely(detach);
      });
    });
  }
}

function isBare({ graceMs, jitter, refreshAhead, l1TtlMs }: PlanDefaults): boolean {
  return graceMs === 0 && jitter === 0 && refreshAhead === undefined && l1TtlMs === undefined;
}

/** Resolves when all changes have ended, and after {@link changesMs} at the latest. A blocked event loop does not count. */
function endOf(changes: readonly Promise<unknown>[]): Promise<void> {
  return new Promise((resolve) => {
    const stop = afterResponsive(changesMs, resolve);
    void Promise.allSettled(changes).then(() => {
      stop();
      resolve();
    });
  });
}

function ignore(): void {
  // The caller gets the failure.
}
