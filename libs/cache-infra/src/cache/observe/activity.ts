import { AsyncLocalStorage } from 'node:async_hooks';

/** One activity of a cache: a hit, a miss, a set or a loader run. */
export type ActivityKind = 'hit' | 'miss' | 'set' | 'load';

/** The activity of all caches for one request. */
export interface RequestActivity {
  hits: number;
  misses: number;
  sets: number;
  loads: number;
  /** Hits in the L1. */
  l1Hits: number;
  /** Hits in the L2. */
  l2Hits: number;
  /** Milliseconds of all calls, loaders included. Concurrent calls add up. */
  durationMs: number;
  /** Milliseconds spent in loaders. */
  loadMs: number;
}

/** A record with all counts 0. */
export function emptyActivity(): RequestActivity {
  return { hits: 0, misses: 0, sets: 0, loads: 0, l1Hits: 0, l2Hits: 0, durationMs: 0, loadMs: 0 };
}

const storage = new AsyncLocalStorage<RequestActivity>();

/**
 * Attributes cache calls to the request that makes them. Until the first `run` it costs one boolean check per call.
 */
export const activity = {
  /** True from the first `run` on. */
  enabled: false,

  /** Runs `fn`. Adds the activity of all calls within it, also asynchronous ones, to `record`. */
  run<T>(record: RequestActivity, fn: () => T): T {
    activity.enabled = true;
    return storage.run(record, fn);
  },

  /** Adds one activity to the record of the current request. `ms`: undefined = not measured. */
  note(kind: ActivityKind, tier: 'l1' | 'l2' | undefined, ms: number | undefined): void {
    const record = storage.getStore();
    if (record === undefined) return;
    if (kind === 'load') {
      record.loads += 1;
      record.loadMs += ms ?? 0;
      return;
    }
    record.durationMs += ms ?? 0;
    if (kind === 'miss') record.misses += 1;
    else if (kind === 'set') record.sets += 1;
    else {
      record.hits += 1;
      if (tier === 'l1') record.l1Hits += 1;
      else if (tier === 'l2') record.l2Hits += 1;
    }
  },
};
