import { SerializationError, ValidationError } from '../../base/errors.js';
import type { L1Entry } from '../../tiers/memory/l1-entry.js';
import type { LoadGuard } from '../../tiers/redis/load-guards.js';
import type { Loader } from '../contract/options.js';
import { copyIn, copyOut } from '../entry/isolation.js';
import type { Keyspace } from '../entry/keyspace.js';
import { refreshTime } from '../entry/l1-entries.js';
import type { LoadPlan } from '../entry/store-plan.js';
import { revived } from '../entry/value-rules.js';
import { supersede } from '../invalidate/in-flight.js';
import { activity } from '../observe/activity.js';
import { failed } from '../recover/error-policy.js';
import { runAs } from './calling-flight.js';
import { LoadDecisions } from './load-decisions.js';
import type { LoadDeps } from './load-deps.js';
import { SingleFlight, type FlightObserver, type FlightOptions, type LoadResult } from './single-flight.js';
import { mayServeStale } from './stale-policy.js';

/** Pause between two checks of another instance's lease, where no channel announces its end. Milliseconds. */
const pollMs = 100;
/** Pause after another instance's lease has expired, since its last write may be in flight. Milliseconds. */
const takeoverMs = 20;
/** Most reads of an entry that changes during the read. */
const maxReads = 3;

/** The call that starts a load. */
export interface LoadCall {
  readonly keyspace: Keyspace;
  readonly key: string;
  readonly id: string;
  readonly loader: Loader<unknown>;
  readonly plan: LoadPlan;
  /** Awaited before the load asks for a lease (`lock`). */
  readonly beforeLease?: ((flight: SingleFlight) => Promise<void> | undefined) | undefined;
}

/**
 * How a load reacts to a remote change of its entry:
 *
 * - `asking`: Redis is being asked for the entry or for a guard. The change is noted; the answer shows whether it came
 *   before the load.
 * - `guarded`: Redis holds a guard. The load asks whether its guard still stands.
 * - `unguarded`: Redis holds no guard, or the value is being stored. The change supersedes the load.
 */
type GuardState = 'asking' | 'guarded' | 'unguarded';

/**
 * One load, straight down: ask Redis for the entry, take the guard and the lease, run the loader, store the value. All
 * callers of the key share it by its {@link SingleFlight}. How a remote change affects a running load:
 * `GuardState`.
 */
export class LoadRun implements FlightObserver {
  readonly flight: SingleFlight;
  readonly #deps: LoadDeps;
  readonly #call: LoadCall;
  #guardState: GuardState = 'unguarded';
  #entryChanged = false;
  #guard: LoadGuard | undefined;
  /** Renews the guard while the loader runs. */
  #renewal: NodeJS.Timeout | undefined;

  private constructor(deps: LoadDeps, call: LoadCall, options: Omit<FlightOptions, 'key'>) {
    this.#deps = deps;
    this.#call = call;
    this.flight = new SingleFlight({ key: call.key, ...options }, this);
  }

  /** Starts a load. It is in flight when this returns. */
  static start(deps: LoadDeps, call: LoadCall, options: Omit<FlightOptions, 'key'>): SingleFlight {
    const run = new LoadRun(deps, call, options);
    run.#begin();
    return run.flight;
  }

  #begin(): void {
    const { flight } = this;
    const { keyspace, id, plan } = this.#call;
    const { loads } = this.#deps.work;
    // A refresh is superseded by the tags of the value that it replaces, too.
    flight.tags = [...keyspace.coveringTags(plan.tags), ...(flight.stale?.detail?.tags ?? [])];
    if (flight.background) flight.hold(plan.hardTimeoutMs);
    loads.start(id, flight);
    const result = this.#run().finally(() => {
      loads.end(id, flight);
    });
    flight.begin(result);
  }

  async #run(): Promise<LoadResult> {
    const { flight } = this;
    try {
      const answer = await this.#askRedis();
      if (answer !== undefined) return answer;
      flight.tiersAsked();
      return await this.#loadAndStore();
    } finally {
      flight.tiersAsked();
    }
  }

  /** The answer from Redis; undefined = the loader must run. */
  async #askRedis(): Promise<LoadResult | undefined> {
    const { flight } = this;
    const { plan } = this.#call;
    const { l2, counters, tags } = this.#deps;
    if (l2 === undefined || flight.redisFailed) return undefined;
    // The tag epoch at the start of the loader decides which later invalidations cover its value.
    const pull = tags.pullForLoad(plan.tags.length > 0);
    pull?.catch(ignore);
    if (plan.tiers === 'l1') {
      await pull?.catch(ignore);
      return undefined;
    }
    if (!flight.forced) {
      const found = await this.#readUnchanged();
      if (found === failed) return undefined;
      if (found !== undefined && !isForced(flight)) {
        const answer = this.#answerFrom(found);
        if (answer !== undefined) return answer;
      }
      counters.missedL2();
    }
    await pull?.catch(ignore);
    if (plan.lock) await this.#call.beforeLease?.(flight);
    flight.throwIfAbandoned();
    return this.#takeGuard();
  }

  /** The answer from the entry in Redis; undefined = the loader must run. */
  #answerFrom(found: L1Entry): LoadResult | undefined {
    const { flight } = this;
    const { entries, backoff, clock } = this.#deps;
    const isFresh = entries.isWithinTtl(found);
    if (isFresh && !this.#isDueAgain(found)) {
      return { from: 'l2', value: found.value, due: this.#isDue(found) ? found : undefined };
    }
    if (!isFresh) flight.stale ??= found;
    const { stale } = flight;
    if (stale === undefined || !backoff.isPausing(this.#call.id, clock.now())) return undefined;
    return mayServeStale(entries.stateOf(stale), 'backoff')
      ? { from: 'stale', value: stale.value }
      : undefined;
  }

  /**
   * The entry in Redis. It is read again if another instance changes it during the read: a caller that joins after the
   * change must not get the older entry.
   */
  async #readUnchanged(): Promise<L1Entry | undefined | typeof failed> {
    const { keyspace, key, id, plan } = this.#call;
    const { lookup, work } = this.#deps;
    for (let reads = 1; ; reads++) {
      this.#noteEntryChanges();
      const found = await lookup.tryL2('getOrSet', keyspace, key, plan);
      if (found === undefined || found === failed || !this.#entryChanged) return found;
      if (reads < maxReads) continue;
      this.#guardState = 'unguarded';
      work.loads.supersede(id);
      return found;
    }
  }

  #noteEntryChanges(): void {
    this.#entryChanged = false;
    this.#guardState = 'asking';
  }

  /**
   * Puts the guard into Redis. With `lock`, waits until this instance gets the lease, or another has stored a value.
   */
  async #takeGuard(): Promise<LoadResult | undefined> {
    const { flight } = this;
    const { keyspace, key, plan } = this.#call;
    const { guards, lifecycle, errors, writes, coherence, keySignals } = this.#deps;
    if (guards === undefined) return undefined;
    const redisKey = keyspace.redisKey(key);
    const signal = keySignals.listen(redisKey);
    let holder: string | undefined;
    let leftMs = Infinity;
    try {
      for (;;) {
        lifecycle.assertOpen();
        this.#noteEntryChanges();
        const begun = await errors.guarded(
          'getOrSet',
          guards.begin(redisKey, plan.lock && leftMs > 0, holder),
        );
        // Redis is unavailable: load without a guard.
        if (begun === failed) return undefined;
        if (begun.granted) this.#guard = begun;
        if (begun.granted && begun.previous === null) return undefined;
        if (begun.previous !== null && !flight.forced && plan.lock) {
          // Another instance may have stored the value meanwhile.
          const found = await this.#lookAgain(begun);
          if (found !== undefined && !this.#isDueAgain(found) && !isForced(flight)) {
            await writes.releaseGuard(begun);
            return { from: 'l2', value: found.value };
          }
        }
        if (begun.granted) return undefined;
        // Another instance refreshes the value already: a refresh need not wait for it.
        if (flight.background) return { from: 'other-instance' };
        flight.tiersAsked();
        holder = begun.holder;
        // Two loads with a lease may wait for each other's: wait no longer than a lease lasts.
        if (flight.holdsUpLease) leftMs = Math.min(leftMs, guards.leaseMs);
        const isAnnounced = coherence.channel?.armed === true;
        const waitMs = isAnnounced ? begun.leaseLeftMs + takeoverMs : Math.min(begun.leaseLeftMs, pollMs);
        const start = performance.now();
        await signal.received(Math.min(waitMs, leftMs), flight.signal);
        flight.signal.throwIfAborted();
        leftMs -= performance.now() - start;
        signal.reset();
      }
    } finally {
      signal.stop();
    }
  }

  async #lookAgain(begun: LoadGuard): Promise<L1Entry | undefined> {
    const { keyspace, key } = this.#call;
    try {
      return await this.#deps.lookup.lookL2('getOrSet', keyspace, key);
    } catch (error) {
      await this.#deps.writes.releaseGuard(begun);
      throw error;
    }
  }

  async #loadAndStore(): Promise<LoadResult> {
    const { flight } = this;
    const { keyspace, key, id, plan } = this.#call;
    const { tags, work, writes, backoff } = this.#deps;
    const tagEpoch = tags.table.latest;
    flight.tagEpoch = tagEpoch;
    if (this.#guard?.leased === true) flight.holdUpLease();
    const decisions = new LoadDecisions(key, flight, keyspace, plan, this.#staleForLoader());
    if (this.#guard === undefined) {
      this.#guardState = 'unguarded';
      if (this.#entryChanged) work.loads.supersede(id);
    } else {
      this.#watch(this.#guard);
    }
    try {
      let value: unknown;
      try {
        // The callers may have left while Redis was asked.
        flight.throwIfAbandoned();
        value = await this.#runLoader(decisions);
      } catch (error) {
        return await this.#afterFailure(error);
      }
      backoff.succeeded(id);
      const notStored = (): LoadResult => {
        return { from: 'loader', value, made: value, stored: false, tags: flight.tags, tagEpoch };
      };
      if (value === undefined || decisions.skipped || this.#isDisabled) {
        await writes.releaseEmptyGuard(this.#guard);
        return notStored();
      }
      try {
        if (decisions.unstorable !== undefined) throw decisions.unstorable;
        const stored = copyIn(value, this.#deps, decisions.plan);
        // From here on Redis may hold the value before this instance knows: a remote change may be newer, and
        // supersedes the load.
        this.#guardState = 'unguarded';
        const made = { epoch: tagEpoch, guard: this.#guard };
        await writes.storeLoaded(keyspace, key, stored, decisions.plan, flight, made);
        if (activity.enabled && !flight.superseded) activity.note('set', undefined, undefined);
        return {
          from: 'loader',
          value: stored.value,
          made: value,
          stored: true,
          tags: flight.tags,
          tagEpoch,
        };
      } catch (error) {
        await writes.releaseEmptyGuard(this.#guard);
        if (!isUnstorable(error)) throw error;
        this.#reportUnstorable(decisions, error);
        return notStored();
      }
    } finally {
      this.#stopWatching();
    }
  }

  /** The stale value, as the loader gets it. */
  #staleForLoader(): unknown {
    const { stale } = this.flight;
    if (stale === undefined) return undefined;
    try {
      return revived(copyOut(stale.value, this.#deps.isolation), this.#call.plan.value);
    } catch {
      return undefined;
    }
  }

  async #runLoader(decisions: LoadDecisions): Promise<unknown> {
    const { counters } = this.#deps;
    counters.loadStarted();
    const start = activity.enabled ? performance.now() : 0;
    try {
      return await runAs(this.flight, () => this.#call.loader(decisions));
    } catch (error) {
      counters.loadFailed();
      throw error;
    } finally {
      if (activity.enabled) activity.note('load', undefined, performance.now() - start);
    }
  }

  /** After a failed loader, callers get the value at hand, or else the failure. */
  async #afterFailure(error: unknown): Promise<LoadResult> {
    const { flight } = this;
    const { id } = this.#call;
    const { writes, backoff, clock, entries } = this.#deps;
    if (flight.isAbandoned) {
      await writes.releaseGuard(this.#guard);
      throw error;
    }
    await writes.releaseEmptyGuard(this.#guard);
    const retryAt = backoff.failed(id, clock.now());
    entries.postponeRefresh(id, retryAt);
    const value = await valueAtHand(this.#deps, flight, 'load-failed');
    if (value === undefined) throw error;
    return value;
  }

  /** A disabled cache has no tier. Its values need not be storable. */
  get #isDisabled(): boolean {
    return this.#deps.l1 === undefined && this.#deps.l2 === undefined;
  }

  /** Reports a value that no tier can store. Callers get the value; the next call loads again. */
  #reportUnstorable(decisions: LoadDecisions, error: Error): void {
    const { counters, clock, refusals, entries, refreshBackoff } = this.#deps;
    const { key, id } = this.#call;
    counters.loadedUnstorable();
    refusals.report(error, key, decisions);
    // Without a pause every hit would start another refresh.
    if (this.flight.background) entries.postponeRefresh(id, refreshBackoff.failed(id, clock.now()));
  }

  /** True for a refresh that finds an entry due for a refresh itself: the refresh needs a newer one. */
  #isDueAgain(found: L1Entry): boolean {
    return this.flight.background && this.#isDue(found);
  }

  #isDue({ endsAt, detail }: L1Entry): boolean {
    const { plan } = this.#call;
    if (plan.refreshAhead === undefined) return false;
    const due = refreshTime(endsAt, detail?.ttlMs ?? plan.ttlMs, plan.refreshAhead);
    return this.#deps.clock.now() >= due;
  }

  /** Renews the guard in Redis at intervals. Each renewal tells whether the key was invalidated. */
  #watch(guard: LoadGuard): void {
    const { guards } = this.#deps;
    if (guards === undefined) return;
    this.#guardState = 'guarded';
    this.#renewal = setInterval(() => {
      guards.renew(guard).then(this.#supersedeUnless, ignore);
    }, guards.renewEveryMs);
    this.#renewal.unref();
    if (this.#entryChanged) this.onGuardChanged();
    if (this.flight.superseded) this.onSuperseded();
  }

  #stopWatching(): void {
    clearInterval(this.#renewal);
    this.#renewal = undefined;
    this.#guardState = 'unguarded';
  }

  readonly #supersedeUnless = (isCurrent: boolean): void => {
    // Once the load has ended, the state of its guard has no meaning.
    if (isCurrent || this.#guard?.ended === true) return;
    this.#deps.work.loads.end(this.#call.id, this.flight);
    supersede(this.flight);
  };

  /** Releases the lease at once, however long the loader still runs: its value will not be stored. */
  onSuperseded(): void {
    if (this.#renewal === undefined) return;
    this.#stopWatching();
    const { writes, lifecycle } = this.#deps;
    const release = this.flight.isOverdue
      ? writes.releaseEmptyGuard(this.#guard)
      : writes.releaseGuard(this.#guard);
    lifecycle.untilEnded(release);
  }

  onAbandoned(): void {
    this.#deps.work.loads.end(this.#call.id, this.flight);
  }

  onEntryChanged(): boolean {
    if (this.#guardState === 'unguarded') return false;
    this.flight.stale = undefined;
    if (this.#guardState === 'asking') this.#entryChanged = true;
    else this.onGuardChanged();
    return true;
  }

  onGuardChanged(): void {
    if (this.#renewal === undefined || this.#guard === undefined) return;
    this.#deps.guards?.isCurrent(this.#guard).then(this.#supersedeUnless, ignore);
  }
}

/**
 * The value at hand, if it may be served for `reason`. Pulls tag invalidations by other instances first, since an
 * invalidation ends the grace.
 */
export async function valueAtHand(
  deps: Pick<LoadDeps, 'lookup' | 'entries'>,
  flight: SingleFlight,
  reason: 'load-failed' | 'soft-timeout' | 'hard-timeout',
): Promise<Extract<LoadResult, { from: 'stale' }> | undefined> {
  const { stale } = flight;
  if (stale === undefined || flight.superseded) return undefined;
  await deps.lookup.pullTagsOf(stale);
  if (isSuperseded(flight) || !mayServeStale(deps.entries.stateOf(stale), reason)) return undefined;
  return { from: 'stale', value: stale.value };
}

/** Reads the flag anew after an `await`: TypeScript would keep the narrowed type. */
function isSuperseded(flight: SingleFlight): boolean {
  return flight.superseded;
}

/** As {@link isSuperseded}: a caller that forces a load may have joined meanwhile. */
function isForced(flight: SingleFlight): boolean {
  return flight.forced;
}

/** True if no tier can store the value, because of its kind, its size or its tags. */
function isUnstorable(error: unknown): error is Error {
  return error instanceof SerializationError || error instanceof ValidationError;
}

function ignore(): void {
  // Redis is unavailable: the load relies on the state of this process.
}
