import { randomUUID } from 'node:crypto';

import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';

import { RedisCache } from '../../cache/redis-cache.js';
import { engineOf } from '../../cache/tiered-cache.js';
import { ChangeLog } from '../../fleet/change-log.js';
import { periodOf, type FleetOptions } from '../../fleet/fleet-options.js';
import { instanceSummary, type SummarisedCache } from '../../fleet/instance-summary.js';
import { FleetPublisher } from '../../fleet/publisher.js';
import type { InstanceSummary } from '../../fleet/summary.js';
import { CachePerformanceMonitor } from '../../monitoring/performance-monitor.js';
import { aiCachesOf } from '../registry/ai-caches.js';
import { CacheRegistry } from '../registry/cache-registry.js';

/**
 * Publishes this instance in Redis from the start of the application to its shutdown: under the key prefix of the first
 * cache of each Redis.
 *
 * @internal
 */
@Injectable()
export class FleetPublication implements OnApplicationBootstrap, BeforeApplicationShutdown {
  /** Of this instance: random, new for each start of the application. */
  readonly id = randomUUID();
  readonly #logger = new Logger('CacheInfra');
  #caches: readonly SummarisedCache[] = [];
  #publishers: readonly FleetPublisher[] = [];

  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly registry: CacheRegistry,
    private readonly monitor: CachePerformanceMonitor,
  ) {}

  /** This instance as it is now. */
  summary(): Promise<InstanceSummary> {
    const fleet = this.registry.fleet();
    return instanceSummary({
      id: this.id,
      name: fleet === false ? undefined : fleet.name,
      caches: this.#caches,
      ai: aiCachesOf(this.moduleRef, this.registry.names()),
      monitor: this.monitor,
    });
  }

  onApplicationBootstrap(): void {
    const caches = this.registry.names().flatMap((name) => this.registry.cacheOf(name) ?? []);
    this.#caches = caches.map((cache) => ({ cache, changes: new ChangeLog(cache) }));
    const fleet = this.registry.fleet();
    if (fleet === false) return;
    this.#publishers = byServer(caches).map((together) => this.#publisher(together, fleet));
    for (const publisher of this.#publishers) publisher.start();
  }

  /** Before the caches are closed. */
  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.#publishers.map((publisher) => publisher.close()));
    for (const { changes } of this.#caches) changes?.close();
  }

  /** @param together the caches of one Redis */
  #publisher(together: Together, fleet: FleetOptions): FleetPublisher {
    const [cache] = together;
    return new FleetPublisher(cache, {
      id: this.id,
      everyMs: periodOf(fleet),
      named: new Set(fleet.keys === false ? [] : together.map(({ name }) => name)),
      summary: () => this.summary(),
      refused: (message) => {
        this.#logger.warn(
          `Cache '${cache.name}': this instance is missing in 'npx nestjs-cache-infra top' and the dashboard, because Redis refuses its summary: ${message}. Grant the commands, or set fleet: false`,
        );
      },
    });
  }
}

type Together = [RedisCache, ...RedisCache[]];

/** The caches of each database of Redis. */
function byServer(caches: readonly unknown[]): Together[] {
  const places = new Map<string, Together>();
  for (const cache of caches) {
    if (!(cache instanceof RedisCache)) continue;
    const { l2 } = engineOf(cache);
    if (l2 === undefined) continue;
    const [master] = l2.server.masters();
    const place = `${l2.link.clientPrefix} ${l2.link.address} ${String(master?.options.db ?? 0)}`;
    const together = places.get(place);
    if (together === undefined) places.set(place, [cache]);
    else together.push(cache);
  }
  return [...places.values()];
}
