import { AsyncLocalStorage } from 'node:async_hooks';

/** What the caches did: one read answered, one read not answered, one store, one loader run. */
export type ActivityKind = 'hit' | 'miss' | 'set' | 'load';

/** What the caches did for one request. */
export interface RequestActivity {
  hits: number;
  misses: number;
  sets: number;
  loads: number;
  /** Hits that the memory of this process answered. */
  l1Hits: number;
  /** Hits that Redis answered. */
  l2Hits: number;
  /** Milliseconds from call to answer, loaders included; calls that ran at the same time add up. */
  durationMs: number;
  /** Milliseconds spent in loaders. */
  loadMs: number;
}

/** A record with nothing in it. */
export function emptyActivity(): RequestActivity {
  return { hits: 0, misses: 0, sets: 0, loads: 0, l1Hits: 0, l2Hits: 0, durationMs: 0, loadMs: 0 };
}

const storage = new AsyncLocalStorage<RequestActivity>();

/**
 * Attributes cache calls to the request that made them. Costs one boolean check per call until the first `run`.
 */
export const activity = {
  /** True as soon as anybody asked for attribution. */
  enabled: false,

  /** Runs `fn`; what the caches do within it, however deep or late, is added to `record`. */
  run<T>(record: RequestActivity, fn: () => T): T {
    activity.enabled = true;
    return storage.run(record, fn);
  },

  /** One thing that a cache did, and the milliseconds it took where they were measured. */
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
