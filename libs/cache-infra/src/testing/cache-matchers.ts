import { inspect, isDeepStrictEqual } from 'node:util';

import { Cache } from '../cache/contract/cache.js';
import { CacheSpy } from './cache-spy.js';
import { innerOf } from './forwarding-cache.js';

/** The part of the matcher context of Jest and Vitest that is used here. */
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
 * The first two read the cache behind a `CacheSpy` or `withChaos` directly: no spy records the read, and no injected
 * failure affects it. Await them.
 */
export const cacheMatchers = {
  /** Passes if an unexpired value, `null` included, is cached under the key. Counts no hit or miss. */
  async toHaveCached(this: MatcherContext, received: unknown, key: string): Promise<MatcherResult> {
    const cache = assertCache(received, 'toHaveCached');
    const pass = await innerOf(cache).has(key);
    return {
      pass,
      message: () => `expected cache '${cache.name}' ${not(pass)}to have cached ${inspect(key)}`,
    };
  },

  /** Passes if the cached value equals `value`, which may contain asymmetric matchers such as `expect.any(Number)`. */
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

  /**
   * Passes if the loader of `getOrSet` (or of a decorated method) ran once for the key, as recorded by a `CacheSpy`.
   */
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
 * The types of {@link cacheMatchers}. Jest's global `expect` (`@types/jest`) and Vitest's include them; for
 * `@jest/globals` declare them once:
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
    // eslint-disable-next-line @typescript-eslint/no-empty-object-type, @typescript-eslint/no-unused-vars -- as there
    interface Matchers<R, T = {}> extends CacheMatchers {}
  }
}

function assertCache(received: unknown, matcher: string): Cache {
  if (received instanceof Cache) return received;
  throw new TypeError(`${matcher} needs a Cache, got ${inspect(received, { depth: 0 })}`);
}

/** A message is shown for a failed assertion: if the matcher passed, the assertion used `.not`. */
function not(pass: boolean): string {
  return pass ? 'not ' : '';
}
