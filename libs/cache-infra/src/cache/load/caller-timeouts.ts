import { timerMs } from '../../base/duration.js';
import type { LoadDeps } from './load-deps.js';
import { valueAtHand } from './load-run.js';
import { tookTooLong, type LoadResult, type SingleFlight } from './single-flight.js';
import type { LoadPlan } from '../entry/store-plan.js';

/** Why the seat of a caller that got a stale value is free. */
const served = new Error('served a stale value');

/**
 * How long one caller waits for a flight: until it lands, until the caller's signal aborts, until `softTimeout` if a value past its ttl
 * is at hand, until `hardTimeout` if none is. Others may wait longer. What a caller leaves behind is its limit: a load that was to serve
 * it takes no longer than its `hardTimeout`, unless somebody waits who gives it more time.
 */
export async function waitWithTimeouts(
  deps: Pick<LoadDeps, 'lookup' | 'entries' | 'timers'>,
  key: string,
  flight: SingleFlight,
  plan: LoadPlan,
): Promise<LoadResult> {
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
  const fail = (error: unknown): void => {
    seat.abort(error);
  };
  const timers: (() => void)[] = [];
  const after = (ms: number | undefined, work: () => void): void => {
    if (ms !== undefined) timers.push(deps.timers.start(timerMs(ms), work));
  };
  try {
    return await new Promise<LoadResult>((resolve, reject) => {
      const serveStale = async (reason: 'soft-timeout' | 'hard-timeout'): Promise<boolean> => {
        const value = await valueAtHand(deps, flight, reason);
        if (value === undefined) return false;
        resolve(value);
        return true;
      };
      const serveSoon = async (softMs: number): Promise<void> => {
        await flight.staleKnown;
        if (!(await serveStale('soft-timeout'))) return;
        flight.hold(hardTimeoutMs, hardTimeoutMs === undefined ? undefined : hardTimeoutMs - softMs);
        seat.abort(served);
      };
      const giveUp = async (limitMs: number): Promise<void> => {
        const gone = flight.timeIsUp(limitMs);
        try {
          if (await serveStale('hard-timeout')) seat.abort(served);
          else seat.abort(tookTooLong(key, limitMs));
        } finally {
          gone();
        }
      };
      after(softTimeoutMs, () => {
        serveSoon(softTimeoutMs as number).catch(fail);
      });
      after(hardTimeoutMs, () => {
        giveUp(hardTimeoutMs as number).catch(fail);
      });
      flight.join(seat.signal, hardTimeoutMs).then(resolve, reject);
    });
  } finally {
    for (const stop of timers) stop();
    signal?.removeEventListener('abort', leave);
  }
}
