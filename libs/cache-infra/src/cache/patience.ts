import { timerMs } from '../duration.js';
import { CacheTimeoutError } from '../errors.js';
import type { CacheCore } from './core.js';
import type { Flight, Landing } from './flight.js';
import type { LoadPlan } from './store-plan.js';

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
  signal?.addEventListener('abort', leave, { once: true });
  const timers: NodeJS.Timeout[] = [];
  const after = (ms: number | undefined, work: () => void): void => {
    if (ms !== undefined) timers.push(setTimeout(work, timerMs(ms)));
  };
  try {
    return await new Promise<Landing>((resolve, reject) => {
      const serveStale = (): boolean => {
        const { stale } = flight;
        // An invalidation ends the grace, too.
        if (stale === undefined || flight.fenced || !core.isServable(stale)) return false;
        resolve({ value: stale.value, kept: true, tier: 'l1', stale: true, tags: [], tagEpoch: Infinity });
        return true;
      };
      after(softTimeoutMs, () => {
        void flight.staleKnown.then(serveStale);
      });
      after(hardTimeoutMs, () => {
        if (serveStale()) return;
        const ms = String(hardTimeoutMs);
        seat.abort(new CacheTimeoutError(`loading '${key}' took longer than hardTimeout (${ms} ms)`));
      });
      flight.join(seat.signal).then(resolve, reject);
    });
  } finally {
    for (const timer of timers) clearTimeout(timer);
    signal?.removeEventListener('abort', leave);
  }
}
