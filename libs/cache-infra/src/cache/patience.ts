import { timerMs } from '../duration.js';
import { CacheTimeoutError } from '../errors.js';
import type { CacheCore } from './core.js';
import type { Flight, Landing } from './flight.js';
import type { LoadPlan } from './store-plan.js';

/**
 * How long one caller waits for a flight: until it lands, until the caller's signal aborts, until `softTimeout` if a value past its ttl
 * is at hand, until `hardTimeout` if none is. Others may wait longer.
 */
export async function waitFor(core: CacheCore, key: string, flight: Flight, plan: LoadPlan): Promise<Landing> {
  const { softTimeoutMs, hardTimeoutMs, signal } = plan;
  if (softTimeoutMs === undefined && hardTimeoutMs === undefined) return flight.join(signal);
  const leaving = new AbortController();
  const timers: NodeJS.Timeout[] = [];
  const after = (ms: number | undefined, work: () => void): void => {
    if (ms !== undefined) timers.push(setTimeout(work, timerMs(ms)));
  };
  try {
    return await new Promise<Landing>((resolve, reject) => {
      const serveStale = (): void => {
        const { stale } = flight;
        // An invalidation ends the grace, too.
        if (stale === undefined || flight.fenced || !core.isServable(stale)) return;
        resolve({ value: stale.value, kept: true, tier: 'l1', stale: true, tags: [], tagEpoch: Infinity });
      };
      after(softTimeoutMs, () => {
        void flight.staleKnown.then(serveStale);
      });
      after(hardTimeoutMs, () => {
        serveStale();
        const ms = String(hardTimeoutMs);
        leaving.abort(new CacheTimeoutError(`loading '${key}' took longer than hardTimeout (${ms} ms)`));
      });
      // Who is served a stale value stays aboard: the load goes on in the background.
      const joined = hardTimeoutMs === undefined ? signal : anyOf(signal, leaving.signal);
      flight.join(joined).then(resolve, reject);
    });
  } finally {
    for (const timer of timers) clearTimeout(timer);
  }
}

function anyOf(signal: AbortSignal | undefined, other: AbortSignal): AbortSignal {
  return signal === undefined ? other : AbortSignal.any([signal, other]);
}
