import { SerializationError, ValidationError } from '../../base/errors.js';
import { activity } from '../observe/activity.js';
import { runAs } from './calling-flight.js';
import type { Engine } from '../engine.js';
import { failed } from '../recover/failed.js';
import { LoadDecisions, type SingleFlight, type LoadResult } from './single-flight.js';
import { copyOut, copyIn } from '../entry/isolation.js';
import { supersede } from '../invalidate/in-flight.js';
import type { Loader } from '../contract/options.js';
import type { Keyspace } from '../entry/keyspace.js';
import { refreshTime } from '../entry/l1-entries.js';
import type { LoadPlan } from '../entry/store-plan.js';
import { revived } from '../entry/value-rules.js';
import type { L1Entry } from '../../tiers/memory/l1-entry.js';
import type { LoadGuard } from '../../tiers/redis/load-guards.js';

/** Between looks at a lease that nobody will tell of. */
const pollMs = 100;
/** After the end of a lease, before it is taken over: what its holder sent may be on its way. */
const takeoverMs = 20;

/** One load, all that it is about. */
interface Load {
  readonly core: Engine;
  readonly keyspace: Keyspace;
  readonly key: string;
  readonly id: string;
  readonly flight: SingleFlight;
  readonly loader: Loader<unknown>;
  readonly plan: LoadPlan;
}

/** Starts the flight for a key: the L2 is asked, then the loader runs, then the value is stored, unless superseded. */
export function startLoad(
  core: Engine,
  keyspace: Keyspace,
  key: string,
  flight: SingleFlight,
  loader: Loader<unknown>,
  plan: LoadPlan,
): void {
  const id = keyspace.id(key);
  // What is refreshed goes by the tags that it has, too.
  flight.tags = [...keyspace.coveringTags(plan.tags), ...(flight.stale?.detail?.tags ?? [])];
  flight.onAbandoned = () => {
    core.flights.end(id, flight);
  };
  if (flight.background) flight.hold(plan.hardTimeoutMs);
  core.flights.start(id, flight);
  flight.begin(
    askTiersThenLoad({ core, keyspace, key, id, flight, loader, plan }).finally(() => {
      core.flights.end(id, flight);
    }),
  );
}

async function askTiersThenLoad(load: Load): Promise<LoadResult> {
  const { flight } = load;
  try {
    const found = await askRedis(load);
    if (found.result !== undefined) return found.result;
    flight.tiersAsked();
    return await runAndStore(load, found.redisLoad);
  } finally {
    flight.tiersAsked();
  }
}

/** What Redis has, or how it knows the load that has to run. */
async function askRedis(load: Load): Promise<{ result?: LoadResult; redisLoad?: LoadGuard | undefined }> {
  const { core, flight, plan } = load;
  const { l2, counters, tags } = core.parts;
  if (l2 === undefined || flight.redisFailed) return {};
  // What is known of tags when the loader starts decides which later invalidations cover its value.
  const news = tags.pullForLoad(plan.tags.length > 0);
  news?.catch(ignore);
  if (plan.tiers === 'l1') {
    await news?.catch(ignore);
    return {};
  }
  if (!flight.forced) {
    const found = await readUnchanged(load);
    if (found === failed) return {};
    if (found !== undefined && !isForced(flight)) {
      if (core.isFresh(found) && !isDueAgain(load, found)) {
        return { result: { ...stored(found.value, 'l2'), due: isDue(load, found) ? found : undefined } };
      }
      if (!core.isFresh(found)) flight.stale ??= found;
      const { stale } = flight;
      const isPausing = core.backoff.isPausing(load.id, core.parts.clock.now());
      if (stale !== undefined && isPausing && core.isServable(stale)) return { result: lastValue(stale) };
    }
    counters.l2Misses++;
  }
  await news?.catch(ignore);
  flight.signal.throwIfAborted();
  return beginLoad(load);
}

/** Reads of an entry that changes meanwhile. */
const maxReads = 3;

/**
 * What Redis has. When somebody else changes the entry meanwhile, it is read again: whoever asks after the change joins this load, and
 * must not get what was there before.
 */
async function readUnchanged({
  core,
  keyspace,
  key,
  id,
  flight,
  plan,
}: Load): Promise<L1Entry | undefined | typeof failed> {
  for (let reads = 1; ; reads++) {
    noteEntryChanges(flight);
    const found = await core.tryL2('getOrSet', keyspace, key, plan);
    if (found === undefined || found === failed || !flight.entryChanged) return found;
    if (reads < maxReads) continue;
    flight.onEntryChanged = undefined;
    core.flights.supersede(id);
    return found;
  }
}

/** Until the load is known to Redis, a change of the entry is only noted: Redis then tells whether it came before the load. */
function noteEntryChanges(flight: SingleFlight): void {
  flight.entryChanged = false;
  flight.onEntryChanged = () => {
    flight.entryChanged = true;
    flight.stale = undefined;
  };
}

/** Has Redis know of the load; with a lease, waits until this instance may load or another has. */
async function beginLoad(load: Load): Promise<{ result?: LoadResult; redisLoad?: LoadGuard | undefined }> {
  const { core, keyspace, key, flight, plan } = load;
  const { l2, loads } = core.parts;
  if (l2 === undefined || loads === undefined) return {};
  const redisKey = keyspace.redisKey(key);
  const waiter = core.keySignals.listen(redisKey);
  let holder: string | undefined;
  let leftMs = Infinity;
  try {
    for (;;) {
      core.assertOpen();
      noteEntryChanges(flight);
      const begun = await core.guarded('getOrSet', loads.begin(redisKey, plan.lock && leftMs > 0, holder));
      // Redis is away: loads go on locally.
      if (begun === failed) return {};
      if (begun.granted && begun.seen === null) return { redisLoad: begun };
      if (begun.seen !== null && !flight.forced && plan.lock) {
        // Another instance may have been faster.
        const found = await lookAgain(load, begun);
        if (found !== undefined && !isDueAgain(load, found) && !isForced(flight)) {
          await core.writes.releaseGuard(begun);
          return { result: stored(found.value, 'l2') };
        }
      }
      if (begun.granted) return { redisLoad: begun };
      // A refresh that another instance is at already need not be waited for.
      if (flight.background) return { result: { ...stored(undefined, 'l2'), stored: false } };
      flight.tiersAsked();
      holder = begun.holder;
      // Two loads that hold a lease each may wait for the lease of the other.
      if (flight.holdsUpLease) leftMs = Math.min(leftMs, loads.leaseMs);
      const told = core.coherence?.armed === true;
      const waitMs = told ? begun.leaseLeftMs + takeoverMs : Math.min(begun.leaseLeftMs, pollMs);
      const start = performance.now();
      await waiter.received(Math.min(waitMs, leftMs), flight.signal);
      flight.signal.throwIfAborted();
      leftMs -= performance.now() - start;
      waiter.reset();
    }
  } finally {
    waiter.stop();
  }
}

/** What has been stored since; the lease is given back when Redis does not say. */
async function lookAgain({ core, keyspace, key }: Load, begun: LoadGuard): Promise<L1Entry | undefined> {
  try {
    return await core.lookL2('getOrSet', keyspace, key);
  } catch (error) {
    await core.writes.releaseGuard(begun);
    throw error;
  }
}

async function runAndStore(load: Load, redisLoad: LoadGuard | undefined): Promise<LoadResult> {
  const { core, keyspace, key, id, flight, plan } = load;
  const { tags } = core.parts;
  const epoch = tags.table.latest;
  flight.tagEpoch = epoch;
  if (redisLoad?.leased === true) flight.holdUpLease();
  const stale = staleFor(load);
  // Redis does not know of this load, and so cannot tell: a change supersedes it.
  if (redisLoad === undefined) {
    flight.onEntryChanged = undefined;
    if (flight.entryChanged) core.flights.supersede(id);
  }
  const decisions = new LoadDecisions(key, flight, keyspace, plan, stale);
  const stopRenewing = renewLease(load, redisLoad);
  try {
    let value: unknown;
    try {
      // Whoever waited may have left while Redis was asked.
      flight.signal.throwIfAborted();
      value = await run(load, decisions);
    } catch (error) {
      return await failedLoad(load, redisLoad, error);
    }
    core.backoff.succeeded(id);
    const loaded: LoadResult = { value, stored: false, tier: undefined, tags: flight.tags, tagEpoch: epoch };
    if (value === undefined || decisions.skipped || isStoredNowhere(load)) {
      await core.writes.releaseEmptyGuard(redisLoad);
      return loaded;
    }
    try {
      if (decisions.unstorable !== undefined) throw decisions.unstorable;
      const stored = copyIn(value, core.parts, decisions.plan);
      // From now on a change may come after what is stored, and before it is known here that it was.
      flight.onEntryChanged = undefined;
      await core.writes.storeLoaded(keyspace, key, stored, decisions.plan, flight, {
        epoch,
        load: redisLoad,
      });
      if (activity.enabled && !flight.superseded) activity.note('set', undefined, undefined);
      return { ...loaded, value: stored.value, made: value, stored: true, tags: flight.tags };
    } catch (error) {
      await core.writes.releaseEmptyGuard(redisLoad);
      if (!isUnstorable(error)) throw error;
      notStored(load, decisions, error);
      return { ...loaded, tags: flight.tags };
    }
  } finally {
    stopRenewing();
  }
}

/** What the callers get whose loader failed: a stale value, or the failure. */
async function failedLoad(load: Load, redisLoad: LoadGuard | undefined, error: unknown): Promise<LoadResult> {
  const { core, id, flight } = load;
  if (flight.signal.aborted) {
    await core.writes.releaseGuard(redisLoad);
    throw error;
  }
  await core.writes.releaseEmptyGuard(redisLoad);
  const retryAt = core.backoff.failed(id, core.parts.clock.now());
  core.postponeRefresh(id, retryAt);
  const { stale } = flight;
  // An invalidation ends the grace, too, also one made elsewhere.
  if (
    stale === undefined ||
    flight.superseded ||
    !(await core.isStillServable(stale)) ||
    isSuperseded(flight)
  )
    throw error;
  return lastValue(stale);
}

/** The value, its size or its tags: the loader did its work, and no tier can keep what it made. */
function isUnstorable(error: unknown): error is Error {
  return error instanceof SerializationError || error instanceof ValidationError;
}

/** The loaded value goes to its callers all the same: the next call loads again. */
function notStored({ core, key, id, flight }: Load, decisions: LoadDecisions, error: Error): void {
  const { counters, clock } = core.parts;
  counters.notStored++;
  core.refuse(error, key, decisions);
  // Nobody gets what a refresh makes: every hit would begin another one.
  if (flight.background) core.postponeRefresh(id, core.refreshBackoff.failed(id, clock.now()));
}

/** The value past its ttl, as the loader's callers get it; `undefined` when there is none, or none that can be made. */
function staleFor({ core, flight, plan }: Load): unknown {
  if (flight.stale === undefined) return undefined;
  try {
    return revived(copyOut(flight.stale.value, core.parts.isolation), plan.value);
  } catch {
    return undefined;
  }
}

/** A disabled cache has no tier: its value need not be storable. */
function isStoredNowhere({ core }: Load): boolean {
  return core.parts.l1 === undefined && core.parts.l2 === undefined;
}

/** While the loader runs, Redis is told that it does; and tells when the key was invalidated meanwhile. */
function renewLease({ core, id, flight }: Load, redisLoad: LoadGuard | undefined): () => void {
  const { loads } = core.parts;
  if (loads === undefined || redisLoad === undefined) return ignore;
  const fenceUnless = (current: boolean): void => {
    // What is known of a load that has ended says nothing about its value.
    if (current || redisLoad.ended) return;
    // Whoever comes from now on starts anew.
    core.flights.end(id, flight);
    supersede(flight);
  };
  const timer = setInterval(() => {
    loads.renew(redisLoad).then(fenceUnless, ignore);
  }, loads.renewEveryMs);
  timer.unref();
  const stop = (): void => {
    clearInterval(timer);
    flight.recheck = undefined;
    flight.onEntryChanged = undefined;
    flight.onSuperseded = undefined;
  };
  flight.recheck = () => {
    loads.isCurrent(redisLoad).then(fenceUnless, ignore);
  };
  flight.onEntryChanged = () => {
    flight.stale = undefined;
    flight.recheck?.();
  };
  if (flight.entryChanged) flight.recheck();
  // Nobody wants its value any more: the lease goes to whoever comes next, however long the loader may still run.
  flight.onSuperseded = () => {
    stop();
    const { writes } = core;
    core.untilEnded(flight.isOverdue ? writes.releaseEmptyGuard(redisLoad) : writes.releaseGuard(redisLoad));
  };
  if (flight.superseded) flight.onSuperseded();
  return stop;
}

/** Asked again after a pause, in which that may have changed. */
function isSuperseded(flight: SingleFlight): boolean {
  return flight.superseded;
}

async function run({ core, loader, flight }: Load, decisions: LoadDecisions): Promise<unknown> {
  const { counters } = core.parts;
  counters.loads++;
  const start = activity.enabled ? performance.now() : 0;
  try {
    return await runAs(flight, () => loader(decisions));
  } catch (error) {
    counters.loadErrors++;
    throw error;
  } finally {
    if (activity.enabled) activity.note('load', undefined, performance.now() - start);
  }
}

/** A refresh looks for a value newer than the one at hand: one that is due itself will not do. */
function isDueAgain(load: Load, found: L1Entry): boolean {
  return load.flight.background && isDue(load, found);
}

function isDue({ core, plan }: Load, { endsAt, detail }: L1Entry): boolean {
  if (plan.refreshAhead === undefined) return false;
  return core.parts.clock.now() >= refreshTime(endsAt, detail?.ttlMs ?? plan.ttlMs, plan.refreshAhead);
}

/** A caller who forces a refresh may have joined while the L2 was asked. */
function isForced(flight: SingleFlight): boolean {
  return flight.forced;
}

/** A value past its ttl, for want of a better one. */
function lastValue({ value }: L1Entry): LoadResult {
  return { ...stored(value, 'l1'), stale: true };
}

function stored(value: unknown, tier: 'l1' | 'l2'): LoadResult {
  return { value, stored: true, tier, tags: [], tagEpoch: Infinity };
}

function ignore(): void {
  // Redis is away: what this process knows of tags has to do.
}
