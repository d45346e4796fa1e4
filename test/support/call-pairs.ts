import type { Cache } from '../../libs/cache-infra/src/cache/contract/cache.js';

const key = 'key';
const options = { ttl: 60, grace: 3600, tags: ['tag'] };

/** What a call is told, and what it tells. */
interface Calling {
  readonly cache: Cache;
  readonly value: string;
  readonly onLoad: () => void;
}

const calls: Record<string, (calling: Calling) => Promise<unknown>> = {
  set: ({ cache, value }) => cache.set(key, value, options),
  'set without tags': ({ cache, value }) => cache.set(key, value, { ttl: 60, grace: 3600 }),
  'set in memory': ({ cache, value }) => cache.set(key, value, { ...options, tiers: 'l1' }),
  setMany: ({ cache, value }) => cache.setMany([[key, value]], options),
  delete: ({ cache }) => cache.delete(key),
  deleteMany: ({ cache }) => cache.deleteMany([key, 'another']),
  expire: ({ cache }) => cache.expire(key),
  getOrSet: ({ cache, value, onLoad }) => {
    const load = (): string => {
      onLoad();
      return value;
    };
    return cache.getOrSet(key, load, options);
  },
  getOrSetMany: ({ cache, value, onLoad }) => {
    const load = (missing: readonly string[]): string[] => {
      onLoad();
      return missing.map(() => value);
    };
    return cache.getOrSetMany([key], load, options);
  },
  invalidateTags: ({ cache }) => cache.invalidateTags('tag'),
  invalidatePattern: ({ cache }) => cache.invalidatePattern('k*'),
  clear: ({ cache }) => cache.clear(),
};

const names = Object.keys(calls);

/** Every pair of calls, the first and the second. */
export const callPairs = names.flatMap((first) => names.map((second) => [first, second] as const));

interface Outcome {
  /** What `get` gives after both calls, on an entry that was there before. */
  readonly seen: unknown;
  /** The loader of the first call ran after the second had been called: what it brings is newer. */
  readonly isLoadedLater: boolean;
}

async function outcome(
  cache: Cache,
  [first, second]: readonly [string, string],
  isAwaited: boolean,
): Promise<Outcome> {
  let isSecondCalled = false;
  let isLoadedLater = false;
  const onLoad = (): void => {
    isLoadedLater ||= isSecondCalled;
  };
  await cache.set(key, 'before', options);
  const one = calls[first]?.({ cache, value: 'first', onLoad });
  if (isAwaited) await one;
  const other = calls[second]?.({ cache, value: 'second', onLoad: () => undefined });
  isSecondCalled = true;
  await Promise.all([one, other]);
  return { seen: await cache.get(key), isLoadedLater };
}

/**
 * `seen`: the value that a pair of concurrent calls leaves. `right`: the values that it may leave, first of all that of
 * the same calls made one after the other. A `getOrSet` or `getOrSetMany` that comes second may have found the entry
 * before the first call took effect, and stored nothing; one that comes first may have loaded after the second call.
 */
export async function pairOutcome(
  make: () => Promise<Cache>,
  pair: readonly [string, string],
): Promise<{ readonly seen: unknown; readonly right: readonly unknown[] }> {
  const right = [(await outcome(await make(), pair, true)).seen];
  const { seen, isLoadedLater } = await outcome(await make(), pair, false);
  if (pair[1].startsWith('getOrSet')) right.push(undefined);
  if (isLoadedLater) right.push('first');
  return { seen, right };
}
