import { AsyncLocalStorage } from 'node:async_hooks';

import { activity } from '../observe/activity.js';
import type { SingleFlight } from './single-flight.js';

/** The flight that calls belong to. Work that outlives its load keeps this object, but not the flight. */
interface Caller {
  flight: SingleFlight | undefined;
}

const storage = new AsyncLocalStorage<Caller>();

/** `AsyncLocalStorage` is cheap since Node 24. Before, it makes every promise of the process slower. */
let isFollowing = Number.parseInt(process.versions.node, 10) >= 24;

/** The flight whose loader runs its first, synchronous part now. */
let calling: SingleFlight | undefined;

/** Follows calls beyond the synchronous part of a loader, on any Node. Decorated methods turn it on. */
export function followCalls(): void {
  isFollowing = true;
}

/**
 * The flight whose loader makes this call. After the loader's first `await` it is known only where calls are followed:
 * on Node 24 and later, in decorated methods, and while activity is attributed to requests.
 */
export function callingFlight(): SingleFlight | undefined {
  if (calling !== undefined) return calling;
  return isFollowing || activity.enabled ? storage.getStore()?.flight : undefined;
}

/**
 * Runs `work`, the loader of `flight`: its calls belong to the flight until `work` has ended. Returns what `work`
 * returns, or a promise of it; throws what it throws.
 */
export function runAs(flight: SingleFlight, work: () => unknown): unknown {
  return isFollowing || activity.enabled ? follow(flight, work) : startAs(flight, work);
}

async function follow(flight: SingleFlight, work: () => unknown): Promise<unknown> {
  const caller: Caller = { flight };
  try {
    return await storage.run(caller, () => startAs(flight, work));
  } finally {
    caller.flight = undefined;
  }
}

function startAs(flight: SingleFlight, work: () => unknown): unknown {
  const outer = calling;
  calling = flight;
  try {
    return work();
  } finally {
    calling = outer;
  }
}
