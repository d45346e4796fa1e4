import { Injectable } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';

import type { Cache } from '../../cache/contract/cache.js';
import type { CacheHealth, CacheStatus, L1Health, L2Health } from '../../cache/contract/health.js';
import { CacheError, ValidationError } from '../../base/errors.js';
import { findCache, missingCache } from '../decorators/cache-lookup.js';
import { registryOf } from '../registry/cache-registry.js';
import { defaultCacheName } from '../registry/tokens.js';
import { FailedHealthCheck, terminusDialect } from './terminus-dialect.js';

/** The health of a cache as Terminus shows it. `S`: the states that the Terminus in use knows. */
// eslint-disable-next-line @typescript-eslint/consistent-type-definitions -- Terminus 10 and 11 take no interface here
export type CacheHealthDetails<S extends CacheStatus = CacheStatus> = {
  readonly status: S;
  /** The state of the cache, before `degradedAs` maps it to `status`. */
  readonly state: CacheStatus;
  /** Duration of the check, in milliseconds. */
  readonly latencyMs: number;
  readonly l1?: L1Health | undefined;
  readonly l2?: L2Health | undefined;
  readonly message?: string | undefined;
};

export interface CacheHealthOptions {
  /** The name of the cache. Default: the default cache. */
  readonly cache?: string | undefined;
  /**
   * The status to report while the cache works without Redis. Default `'degraded'`: the check answers 200; `'down'`: it
   * answers 503.
   */
  readonly degradedAs?: CacheStatus | undefined;
}

/**
 * The health of a cache, in the format of `@nestjs/terminus`. That package need not be installed.
 *
 * ```ts
 * @HealthCheck()
 * @Get('health')
 * check() {
 *   return this.health.check([() => this.cache.check()]);
 * }
 * ```
 *
 * `up`: every configured tier answers. `degraded`: Redis is unavailable or does not accept every change; the cache
 * serves the rest. `down`: the cache serves nothing. The result contains no credentials.
 *
 * Terminus 10 and 11 do not know `degraded`: there the status is `up`, and `state` says `degraded`.
 */
@Injectable()
export class CacheHealthIndicator {
  constructor(private readonly moduleRef: ModuleRef) {}

  /**
   * @throws ValidationError when the application has no cache of that name
   * @throws an error that Terminus 10 understands when the cache is down and Terminus is 10
   */
  async check<K extends string = 'cache', S extends CacheStatus = CacheStatus>(
    key: K = 'cache' as K,
    options: CacheHealthOptions | string = {},
  ): Promise<Record<K, CacheHealthDetails<S>>> {
    const { cache: name = defaultCacheName, degradedAs = 'degraded' } =
      typeof options === 'string' ? { cache: options } : options;
    const start = performance.now();
    const { status: state, tiers, message } = await healthOf(this.#cache(name));
    const dialect = terminusDialect(this.moduleRef.get(ModulesContainer, { strict: false }));
    const wanted = state === 'degraded' ? degradedAs : state;
    const status = wanted === 'degraded' && !dialect.knowsDegraded ? 'up' : wanted;
    const latencyMs = Math.round((performance.now() - start) * 100) / 100;
    const details = { status, state, latencyMs, ...tiers, ...(message === undefined ? {} : { message }) };
    const result = { [key]: details } as Record<K, CacheHealthDetails<S>>;
    if (status === 'down' && dialect.throwsWhenDown) throw new FailedHealthCheck(result);
    return result;
  }

  #cache(name: string): Cache {
    const cache = findCache(this.moduleRef, name);
    if (cache !== undefined) return cache;
    const names = registryOf(this.moduleRef)?.names() ?? [];
    throw new ValidationError([missingCache(name, 'CacheHealthIndicator.check', names)]);
  }
}

interface Found extends CacheHealth {
  readonly message?: string | undefined;
}

/** A cache without `health()` is checked by reading a key that does not exist. */
async function healthOf(cache: Cache & { health?: () => Promise<CacheHealth> }): Promise<Found> {
  try {
    if (typeof cache.health === 'function') return await cache.health();
    await cache.get('nestjs-cache-infra:health');
    return { status: 'up', tiers: {} };
  } catch (error) {
    // The message of a foreign error may contain secrets.
    const message = error instanceof CacheError ? error.message : 'The cache does not answer';
    return { status: 'down', tiers: {}, message };
  }
}
