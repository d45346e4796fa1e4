import { SerializationError, ValidationError } from '../../base/errors.js';
import type { NotStoredReason } from '../contract/tracing.js';
import { copyIn, formsOfStored, type StoredForms } from '../entry/isolation.js';
import type { Keyspace } from '../entry/keyspace.js';
import type { StorePlan } from '../entry/store-plan.js';
import { activity } from '../observe/activity.js';
import type { LoadDecisions } from './load-decisions.js';
import type { LoadDeps } from './load-deps.js';
import type { RemoteWatch } from './remote-watch.js';
import type { LoadResult, SingleFlight } from './single-flight.js';

/** The load whose value is stored. */
export interface EndingLoad {
  readonly keyspace: Keyspace;
  readonly key: string;
  readonly id: string;
  readonly watch: RemoteWatch;
  /** Redis holds a value of a newer version. */
  readonly isOutdated: boolean;
  /** When the loader began, milliseconds since the epoch; 0 without a replica that lags behind. */
  readonly beganAt: number;
}

/**
 * The value that a loader has made, on its way into the tiers. Callers get the value in any case. It is not stored if
 * it is absent, skipped by its loader, superseded, possibly read from a lagging replica, or of a kind that no tier
 * stores.
 */
export class LoadedValue {
  readonly #deps: LoadDeps;
  readonly #load: EndingLoad;
  readonly #flight: SingleFlight;
  readonly #decisions: LoadDecisions;
  readonly #value: unknown;

  constructor(deps: LoadDeps, load: EndingLoad, decisions: LoadDecisions, value: unknown) {
    this.#deps = deps;
    this.#load = load;
    this.#flight = load.watch.flight;
    this.#decisions = decisions;
    this.#value = value;
  }

  /** Stores the value, unless there is a reason not to. A promise where Redis is asked. */
  store(): LoadResult | Promise<LoadResult> {
    if (this.#value === undefined) return this.#storeNothing('absent');
    if (this.#decisions.skipped) return this.#storeNothing('skipped');
    if (this.#isDisabled) return this.#storeNothing('disabled');
    if (this.#load.watch.mayHaveMissedChanges) return this.#storeNothing('superseded');
    const isLagging = this.#isLagging();
    if (isLagging === false) return this.#storeNow();
    if (isLagging === true) return this.#storeNothing('replica-lag');
    return isLagging.then((lags) => (lags ? this.#storeNothing('replica-lag') : this.#storeNow()));
  }

  /** A disabled cache has no tier. Its values need not be storable. */
  get #isDisabled(): boolean {
    return this.#deps.l1 === undefined && this.#deps.l2 === undefined;
  }

  /** True if the loader may have read a replica from before an invalidation. A promise where Redis is asked. */
  #isLagging(): boolean | Promise<boolean> {
    const { replicaLag, counters } = this.#deps;
    const { plan, unstorable } = this.#decisions;
    if (replicaLag === undefined || unstorable !== undefined || this.#flight.superseded) return false;
    const { keyspace, key, id, beganAt, watch } = this.#load;
    const count = (lags: boolean): boolean => {
      if (lags) counters.loadedInLag();
      return lags;
    };
    const isInRedis = watch.remote !== undefined;
    const lags = replicaLag.mayCover({ keyspace, key, id, tags: plan.tags, beganAt, isInRedis });
    return lags instanceof Promise ? lags.then(count) : count(lags);
  }

  #storeNow(): LoadResult | Promise<LoadResult> {
    const { isOutdated, watch, keyspace, key } = this.#load;
    if (isOutdated && watch.remote !== undefined) return this.#storeInL1();
    const flight = this.#flight;
    const decisions = this.#decisions;
    let stored: StoredForms;
    let storing: boolean | Promise<boolean>;
    try {
      if (decisions.unstorable !== undefined) throw decisions.unstorable;
      const renewed = decisions.isRenewal(this.#value) ? flight.stale : undefined;
      if (renewed?.detail !== undefined) decisions.keepTags(keyspace.ownTags(renewed.detail.tags));
      const plan: StorePlan = isOutdated ? { ...decisions.plan, tiers: 'l1' } : decisions.plan;
      if (renewed === undefined) stored = copyIn(this.#value, this.#deps, plan);
      else stored = formsOfStored(renewed.value, this.#deps, plan);
      if (renewed !== undefined) this.#deps.counters.renewed();
      // From here on Redis may hold the value before this instance knows: a remote change may be newer.
      watch.trustNoGuard();
      const made = { epoch: flight.tagEpoch ?? 0, remote: watch.remote };
      if (flight.trace !== undefined) flight.trace.ttl = plan.ttlMs / 1000;
      storing = this.#deps.loadedWrites.store(keyspace, key, stored, plan, flight, made);
    } catch (error) {
      return this.#afterRefusal(error);
    }
    if (typeof storing === 'boolean') return this.#stored(stored, storing);
    return storing.then(
      (isStored) => this.#stored(stored, isStored),
      (error: unknown) => this.#afterRefusal(error),
    );
  }

  /** The value of an older release stays in the L1: in Redis it would replace the one of a newer release. */
  async #storeInL1(): Promise<LoadResult> {
    const { watch } = this.#load;
    await this.#deps.loadedWrites.releaseEmpty(watch.remote);
    if (this.#decisions.plan.tiers === 'l2') return this.#notStored('outdated');
    const isCurrent = watch.remote === undefined || (await watch.remote.isCurrent().catch(() => false));
    if (!isCurrent) return this.#notStored('superseded');
    watch.remote = undefined;
    return this.#storeNow();
  }

  #stored({ value }: StoredForms, stored: boolean): LoadResult {
    if (activity.enabled && stored) activity.note('set', undefined, undefined);
    const { tags, tagEpoch = 0 } = this.#flight;
    return { from: 'loader', value, made: this.#value, isStoredForm: true, stored, tags, tagEpoch };
  }

  #notStored(reason: NotStoredReason): LoadResult {
    const { trace, tags, tagEpoch = 0 } = this.#flight;
    const value = this.#value;
    if (trace !== undefined) trace.notStored = reason;
    return { from: 'loader', value, made: value, isStoredForm: false, stored: false, tags, tagEpoch };
  }

  #storeNothing(reason: NotStoredReason): LoadResult | Promise<LoadResult> {
    const { remote } = this.#load.watch;
    if (remote?.leased !== true) return this.#notStored(reason);
    return this.#deps.loadedWrites.releaseEmpty(remote).then(() => this.#notStored(reason));
  }

  async #afterRefusal(error: unknown): Promise<LoadResult> {
    await this.#deps.loadedWrites.releaseEmpty(this.#load.watch.remote);
    if (!isUnstorable(error)) throw error;
    this.#reportUnstorable(error);
    return this.#notStored('unstorable');
  }

  /** Reports a value that no tier can store. Callers get the value; the next call loads again. */
  #reportUnstorable(error: Error): void {
    const { counters, clock, refusals, entries, refreshBackoff } = this.#deps;
    const { key, id } = this.#load;
    counters.loadedUnstorable();
    refusals.report(error, key, this.#decisions);
    // Without a pause every hit would start another refresh.
    if (this.#flight.background) entries.postponeRefresh(id, refreshBackoff.failed(id, clock.now()));
  }
}

/** True if no tier can store the value, because of its kind, its size or its tags. */
function isUnstorable(error: unknown): error is Error {
  return error instanceof SerializationError || error instanceof ValidationError;
}
