import { Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';

import type { Cache } from '../../cache/contract/cache.js';
import type { CacheHealth, CacheStatus, L1Health, L2Health } from '../../cache/contract/health.js';
import { CacheError, ValidationError } from '../../base/errors.js';
import { findCache, missingCache } from '../decorators/cache-lookup.js';
import { registryOf } from '../registry/cache-registry.js';
import { defaultCacheName } from '../registry/tokens.js';

/** What Terminus shows of a cache. */
export interface CacheHealthDetails {
  readonly status: CacheStatus;
  /** How the cache is, whatever `status` was made of it. */
  readonly state: CacheStatus;
  /** Milliseconds that the check took. */
  readonly latencyMs: number;
  readonly l1?: L1Health | undefined;
  readonly l2?: L2Health | undefined;
  readonly message?: string | undefined;
}

export interface CacheHealthOptions {
  /** The name of the cache. Default: the default cache. */
  readonly cache?: string | undefined;
  /**
   * The status of a cache that goes on without Redis. Default `'degraded'`: the check answers 200 and says so;
   * `'down'`: it answers 503.
   */
  readonly degradedAs?: CacheStatus | undefined;
}

/**
 * The health of a cache, as `@nestjs/terminus` 12 takes it. Does not need that package to be installed.
 *
 * ```ts
 * @HealthCheck()
 * @Get('health')
 * check() {
 *   return this.health.check([() => this.cache.check()]);
 * }
 * ```
 *
 * `up`: everything that is configured answers. `degraded`: Redis is away or does not take every change, the cache serves what it can.
 * `down`: it serves nothing. Names no credentials.
 */
@Injectable()
export class CacheHealthIndicator {
  constructor(private readonly moduleRef: ModuleRef) {}

  /** @throws ValidationError when there is no cache of that name */
  async check<K extends string = 'cache'>(
    key: K = 'cache' as K,
    options: CacheHealthOptions | string = {},
  ): Promise<Record<K, CacheHealthDetails>> {
    const { cache: name = defaultCacheName, degradedAs = 'degraded' } =
      typeof options === 'string' ? { cache: options } : options;
    const start = performance.now();
    const { status: state, tiers, message } = await healthOf(this.#cache(name));
    const status = state === 'degraded' ? degradedAs : state;
    const latencyMs = Math.round((performance.now() - start) * 100) / 100;
    const details = { status, state, latencyMs, ...tiers, ...(message === undefined ? {} : { message }) };
    return { [key]: details } as Record<K, CacheHealthDetails>;
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

/** A cache that somebody else wrote is asked for a key that it will not have. */
async function healthOf(cache: Cache & { health?: () => Promise<CacheHealth> }): Promise<Found> {
  try {
    if (typeof cache.health === 'function') return await cache.health();
    await cache.get('nestjs-cache-infra:health');
    return { status: 'up', tiers: {} };
  } catch (error) {
    // Of a foreign error nobody knows what its message holds.
    const message = error instanceof CacheError ? error.message : 'The cache does not answer';
    return { status: 'down', tiers: {}, message };
  }
}
