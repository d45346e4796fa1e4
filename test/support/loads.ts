import type { Cache } from '../../libs/cache-infra/src/cache/contract/cache.js';
import type {
  Coherence,
  LoadOptions,
  StoreOptions,
} from '../../libs/cache-infra/src/cache/contract/options.js';
import type { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { engineOf } from '../../libs/cache-infra/src/cache/tiered-cache.js';
import { HeldLoader } from './held-loader.js';
import { elapse } from './time.js';
import { until } from './until.js';

/** Every kind of coherence. */
export const coherences: readonly Coherence[] = ['tracking', 'broadcast', 'pubsub', 'none'];

/** A load whose loader runs until the test ends it. */
export interface HeldLoad {
  readonly loader: HeldLoader;
  /** The result of the call. */
  readonly value: Promise<unknown>;
  succeed(value: unknown): void;
  fail(error?: Error): void;
}

/** Starts a load of `key`, and waits until its loader runs. */
export async function heldLoad(cache: Cache, options: LoadOptions = {}, key = 'key'): Promise<HeldLoad> {
  const loader = new HeldLoader();
  const value = cache.getOrSet(key, loader.load, options);
  await loader.started;
  return {
    loader,
    value,
    succeed: (result) => {
      loader.succeed(result);
    },
    fail: (error) => {
      loader.fail(error);
    },
  };
}

/** Resolves once a load of `cache` waits for another instance to end its load, or `call` has ended. */
export async function waitsForLease(cache: RedisCache, call?: Promise<unknown>): Promise<void> {
  const { keySignals, work } = engineOf(cache);
  let hasEnded = false;
  const onEnd = (): void => {
    hasEnded = true;
  };
  call?.then(onEnd, onEnd);
  await until(() => hasEnded || keySignals.size > 0, 'a load to ask for its lease');
  for (const [, load] of [...work.loads.entries()]) await load.staleKnown;
}

const staleTtlMs = 50;
/** Instances and Redis tell the time apart by less. Milliseconds. */
const clockErrorMs = 30;

/** The options of `setStale` for a load of the same entry. */
export const briefly = { ttl: `${staleTtlMs}ms`, grace: 60 } as const;

/** Stores a value under `key`, and waits until every instance takes it for stale: past its ttl, within its grace. */
export async function setStale(
  cache: Cache,
  value: unknown,
  options: StoreOptions = {},
  key = 'key',
): Promise<void> {
  await cache.set(key, value, { ...briefly, ...options });
  await elapse(staleTtlMs + clockErrorMs);
}
