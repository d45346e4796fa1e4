import type { L1Entry } from '../../tiers/memory/l1-entry.js';
import type { LoadGuard } from '../../tiers/redis/load-guards.js';
import type { Keyspace } from '../entry/keyspace.js';
import type { LoadPlan } from '../entry/store-plan.js';
import { failed } from '../recover/error-policy.js';
import type { LoadDeps } from './load-deps.js';
import { isDueAgain } from './refresh-due.js';
import type { RemoteWatch } from './remote-watch.js';
import type { LoadResult, SingleFlight } from './single-flight.js';

/** Pause between two checks of another instance's lease, where no channel announces its end. Milliseconds. */
const pollMs = 100;
/** Pause after another instance's lease has expired, since its last write may be in flight. Milliseconds. */
const takeoverMs = 20;

type GuardDeps = Pick<
  LoadDeps,
  'guards' | 'lifecycle' | 'errors' | 'loadedWrites' | 'coherence' | 'keySignals' | 'lookup' | 'clock'
>;

interface GuardedCall {
  readonly keyspace: Keyspace;
  readonly key: string;
  readonly plan: LoadPlan;
}

/**
 * Puts the guard of a load into Redis. With `lock`, waits until this instance gets the lease, or another has stored a
 * value. Returns the answer of the load; undefined = the loader must run.
 */
export async function takeGuard(
  deps: GuardDeps,
  call: GuardedCall,
  watch: RemoteWatch,
): Promise<LoadResult | undefined> {
  const { flight } = watch;
  const { plan } = call;
  const { guards, lifecycle, errors, loadedWrites, coherence, keySignals } = deps;
  if (guards === undefined) return undefined;
  const redisKey = call.keyspace.redisKey(call.key);
  const signal = keySignals.listen(redisKey);
  let holder: string | undefined;
  let leftMs = Infinity;
  try {
    for (;;) {
      lifecycle.assertOpen();
      watch.noteChanges();
      const begun = await errors.guarded('getOrSet', guards.begin(redisKey, plan.lock && leftMs > 0, holder));
      // Redis is unavailable: load without a guard.
      if (begun === failed) return undefined;
      if (begun.granted) watch.remote = begun;
      if (begun.granted && begun.previous === null) return undefined;
      if (begun.previous !== null && !flight.forced && plan.lock) {
        // Another instance may have stored the value meanwhile.
        const found = await lookAgain(deps, call, begun);
        if (found !== undefined && !isDueAgain(deps, flight, plan, found) && !isForced(flight)) {
          await loadedWrites.release(begun);
          return { from: 'l2', entry: found, isDue: false };
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
      flight.throwIfAbandoned();
      leftMs -= performance.now() - start;
      if (flight.trace !== undefined) flight.trace.leaseWaitMs += performance.now() - start;
      signal.reset();
    }
  } finally {
    signal.stop();
  }
}

async function lookAgain(
  { lookup, loadedWrites }: GuardDeps,
  { keyspace, key, plan }: GuardedCall,
  begun: LoadGuard,
): Promise<L1Entry | undefined> {
  try {
    return await lookup.lookL2('getOrSet', keyspace, key, plan);
  } catch (error) {
    await loadedWrites.release(begun);
    throw error;
  }
}

/** A function, since the compiler takes a field that was checked before an `await` for unchanged. */
function isForced(flight: SingleFlight): boolean {
  return flight.forced;
}
