import { timerMs } from '../duration.js';
import { CacheTimeoutError } from '../errors.js';
import type { CacheCore } from './core.js';
import type { Flight, Landing } from './flight.js';
import type { LoadPlan } from './store-plan.js';

/** Why the seat of a caller that got a stale value is free. */
const served = new Error('served a stale value');

/**
 * How long one caller waits for a flight: until it lands, until the caller's signal aborts, until `softTimeout` if a value past its ttl
 * is at hand, until `hardTimeout` if none is. Others may wait longer.
 */
export async function waitFor(
  core: CacheCore,
  key: string,
  flight: Flight,
  plan: LoadPlan,
): Promise<Landing> {
  const { softTimeoutMs, hardTimeoutMs, signal } = plan;
  if (softTimeoutMs === undefined && hardTimeoutMs === undefined) return flight.join(signal);
  // The caller's seat on the flight. Whoever was served is not on it any more, whatever becomes of its signal; the load goes on.
  const seat = new AbortController();
  const leave = (): void => {
    seat.abort(signal?.reason);
  };
  // It may have been aborted while the tiers were asked.
  if (signal?.aborted === true) leave();
  else signal?.addEventListener('abort', leave, { once: true });
  const timers: NodeJS.Timeout[] = [];
  const after = (ms: number | undefined, work: () => void): void => {
    if (ms !== undefined) timers.push(setTimeout(work, timerMs(ms)));
  };
  try {
    return await new Promise<Landing>((resolve, reject) => {
      const serveStale = async (): Promise<boolean> => {
        const { stale } = flight;
        // An invalidation ends the grace, too, also one made elsewhere.
        if (stale === undefined || flight.fenced || !(await core.isStillServable(stale)) || isFenced(flight))
          return false;
        resolve({ value: stale.value, kept: true, tier: 'l1', stale: true, tags: [], tagEpoch: Infinity });
        flight.hold(undefined);
        seat.abort(served);
        return true;
      };
      after(softTimeoutMs, () => {
        flight.staleKnown.then(serveStale).catch(reject);
      });
      after(hardTimeoutMs, () => {
        const giveUp = (isServed: boolean): void => {
          if (isServed) return;
          const ms = String(hardTimeoutMs);
          seat.abort(new CacheTimeoutError(`loading '${key}' took longer than hardTimeout (${ms} ms)`));
        };
        serveStale().then(giveUp, reject);
      });
      flight.join(seat.signal).then(resolve, reject);
    });
  } finally {
    for (const timer of timers) clearTimeout(timer);
    signal?.removeEventListener('abort', leave);
  }
}

/** Asked again after a pause, in which that may have changed. */
function isFenced(flight: Flight): boolean {
  return flight.fenced;
}
