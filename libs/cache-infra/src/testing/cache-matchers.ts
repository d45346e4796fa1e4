import { inspect, isDeepStrictEqual } from 'node:util';

import { Cache } from '../cache/contract/cache.js';
import { CacheSpy } from './cache-spy.js';
import { innerOf } from './forwarding-cache.js';

/** What Jest and Vitest tell a matcher, as far as it is needed here. */
interface MatcherContext {
  readonly isNot?: boolean | undefined;
  readonly equals?: ((a: unknown, b: unknown) => boolean) | undefined;
}

interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

/**
 * Matchers for Jest and Vitest.
 *
 * ```ts
 * expect.extend(cacheMatchers);
 *
 * await expect(cache).toHaveCached('user:7');
 * await expect(cache).toHaveCachedValue('user:7', { name: 'Ann' });
 * expect(spy).toHaveLoadedOnce('user:7');
 * ```
 *
 * The first two ask the cache behind a `CacheSpy` or `withChaos`: what they ask is written down nowhere, and fails on nobody's demand.
 * Await them.
 */
export const cacheMatchers = {
  /** An unexpired value is cached under the key, `null` among them. Counts neither as a hit nor as a miss. */
  async toHaveCached(this: MatcherContext, received: unknown, key: string): Promise<MatcherResult> {
    const cache = assertCache(received, 'toHaveCached');
    const pass = await innerOf(cache).has(key);
    return {
      pass,
      message: () => `expected cache '${cache.name}' ${not(pass)}to have cached ${inspect(key)}`,
    };
  },

  /** What is cached under the key equals `value`, which may hold asymmetric matchers such as `expect.any(Number)`. */
  async toHaveCachedValue(
    this: MatcherContext,
    received: unknown,
    key: string,
    value: unknown,
  ): Promise<MatcherResult> {
    const cache = assertCache(received, 'toHaveCachedValue');
    const cached = await innerOf(cache).get(key);
    const pass = cached !== undefined && (this.equals ?? isDeepStrictEqual)(cached, value);
    const found = cached === undefined ? 'nothing' : inspect(cached);
    return {
      pass,
      message: () =>
        `expected cache '${cache.name}' ${not(pass)}to have cached ${inspect(value)} under ${inspect(key)}, found ${found}`,
    };
  },

  /** The loader of `getOrSet` (or of a decorated method) ran once for the key, as seen by a `CacheSpy`. */
  toHaveLoadedOnce(this: MatcherContext, received: unknown, key: string): MatcherResult {
    if (!(received instanceof CacheSpy)) {
      throw new TypeError('toHaveLoadedOnce needs a CacheSpy, which counts loads: new CacheSpy(cache)');
    }
    const times = received.loadsOf(key);
    const pass = times === 1;
    return {
      pass,
      message: () =>
        `expected ${inspect(key)} ${not(pass)}to have been loaded once, it was loaded ${String(times)} times`,
    };
  },
};

/**
 * The types of {@link cacheMatchers}. Jest's global `expect` (`@types/jest`) and Vitest's know them by themselves; for the one of
 * `@jest/globals` say so once:
 *
 * ```ts
 * declare module 'expect' {
 *   interface Matchers<R extends void | Promise<void>, T> extends CacheMatchers {}
 * }
 * ```
 */
export interface CacheMatchers {
  toHaveCached(key: string): Promise<void>;
  toHaveCachedValue(key: string, value: unknown): Promise<void>;
  toHaveLoadedOnce(key: string): void;
}

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- Where Jest's and Vitest's types take additions from.
  namespace jest {
    // eslint-disable-next-line @typescript-eslint/no-empty-object-type, @typescript-eslint/no-unused-vars -- As declared there.
    interface Matchers<R, T = {}> extends CacheMatchers {}
  }
}

function assertCache(received: unknown, matcher: string): Cache {
  if (received instanceof Cache) return received;
  throw new TypeError(`${matcher} needs a Cache, got ${inspect(received, { depth: 0 })}`);
}

/** A message is shown when the assertion fails: for one that passed, that is under `.not`. */
function not(pass: boolean): string {
  return pass ? 'not ' : '';
}
