import { AsyncLocalStorage } from 'node:async_hooks';

import { activity } from '../observe/activity.js';
import type { SingleFlight } from './single-flight.js';

/** Whom calls belong to. Work that outlives its load keeps this alone, and the load no longer. */
interface Caller {
  flight: SingleFlight | undefined;
}

const storage = new AsyncLocalStorage<Caller>();

/** Since Node 24 following calls costs next to nothing; before, it makes every promise of the process slower. */
let isFollowing = Number.parseInt(process.versions.node, 10) >= 24;

/** Of the loader whose first, synchronous part is running now. */
let calling: SingleFlight | undefined;

/** Calls are followed beyond what a loader does at once: for a part of the library that pays for it already. */
export function followCalls(): void {
  isFollowing = true;
}

/**
 * The flight whose loader makes this very call. Known beyond that loader's first `await` where calls are followed: on Node 24 and later,
 * in decorated methods, and where activity is attributed to requests.
 */
export function callingFlight(): SingleFlight | undefined {
  if (calling !== undefined) return calling;
  return isFollowing || activity.enabled ? storage.getStore()?.flight : undefined;
}

/** Starts the loader of `flight`: what it calls belongs to that flight until `work` has ended. */
export async function runAs(flight: SingleFlight, work: () => unknown): Promise<unknown> {
  if (!isFollowing && !activity.enabled) return startAs(flight, work);
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
