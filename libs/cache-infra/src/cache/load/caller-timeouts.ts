import { timerMs } from '../../base/duration.js';
import type { LoadDeps } from './load-deps.js';
import { tookTooLong, type LoadResult, type SingleFlight } from './single-flight.js';
import type { LoadPlan } from '../entry/store-plan.js';
import { valueAtHand } from './value-at-hand.js';

type WaitDeps = Pick<LoadDeps, 'lookup' | 'entries' | 'timers'>;

/** Reason by which a caller leaves the flight after it got a stale value. */
const served = new Error('served a stale value');

/**
 * Waits for a flight as long as one caller may: until the load ends, until the caller's signal aborts, until
 * `softTimeout` if a stale value is at hand, until `hardTimeout` in any case. Whether one is at hand is known once
 * every tier was asked, so `softTimeout` waits for that. Other callers may wait longer. A load whose callers left is
 * abandoned after the longest `hardTimeout` among them. `waitedMs`: the time that the caller has waited already.
 */
export function waitWithTimeouts(
  deps: WaitDeps,
  key: string,
  flight: SingleFlight,
  plan: LoadPlan,
  waitedMs = 0,
): Promise<LoadResult> {
  const { softTimeoutMs, hardTimeoutMs, signal } = plan;
  const isBounded = softTimeoutMs !== undefined || hardTimeoutMs !== undefined;
  return isBounded ? waitBounded(deps, key, flight, plan, waitedMs) : flight.join(signal);
}

async function waitBounded(
  deps: WaitDeps,
  key: string,
  flight: SingleFlight,
  plan: LoadPlan,
  waitedMs: number,
): Promise<LoadResult> {
  const { softTimeoutMs, hardTimeoutMs, signal } = plan;
  // Aborts when this caller leaves the flight. A served caller has left already, whatever its own signal does later.
  const leaving = new AbortController();
  const leave = (): void => {
    leaving.abort(signal?.reason);
  };
  // The signal may have aborted while the tiers were asked.
  if (signal?.aborted === true) leave();
  else signal?.addEventListener('abort', leave, { once: true });
  const fail = (error: unknown): void => {
    leaving.abort(error);
  };
  const timers: (() => void)[] = [];
  const after = (ms: number | undefined, action: () => void): void => {
    if (ms !== undefined) timers.push(deps.timers.start(timerMs(Math.max(0, ms - waitedMs)), action));
  };
  try {
    return await new Promise<LoadResult>((resolve, reject) => {
      const serveStale = async (reason: 'soft-timeout' | 'hard-timeout'): Promise<boolean> => {
        const value = await valueAtHand(deps, flight, reason);
        if (value === undefined) return false;
        resolve(value);
        return true;
      };
      const serveEarly = async (softMs: number): Promise<void> => {
        await flight.staleKnown;
        if (!(await serveStale('soft-timeout'))) return;
        flight.hold(hardTimeoutMs, hardTimeoutMs === undefined ? undefined : hardTimeoutMs - softMs);
        leaving.abort(served);
      };
      const giveUp = async (limitMs: number): Promise<void> => {
        const hasLeft = flight.timeIsUp(limitMs);
        try {
          if (await serveStale('hard-timeout')) leaving.abort(served);
          else leaving.abort(tookTooLong(key, limitMs));
        } finally {
          hasLeft();
        }
      };
      after(softTimeoutMs, () => {
        serveEarly(softTimeoutMs as number).catch(fail);
      });
      after(hardTimeoutMs, () => {
        giveUp(hardTimeoutMs as number).catch(fail);
      });
      flight.join(leaving.signal, hardTimeoutMs).then(resolve, reject);
    });
  } finally {
    for (const stop of timers) stop();
    signal?.removeEventListener('abort', leave);
  }
}
