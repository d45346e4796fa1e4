import { Controller, Get, Param, UseInterceptors, type INestApplication } from '@nestjs/common';
import {
  Cache,
  CacheRegistry,
  HttpCache,
  HttpCacheInterceptor,
  type CacheInfraModuleOptions,
  type Ttl,
} from 'nestjs-cache-infra';

@Controller('catalogue')
@UseInterceptors(HttpCacheInterceptor)
export class CatalogueController {
  @Get(':page')
  @HttpCache({ ttl: '2s', shared: true })
  async page(@Param('page') page: string): Promise<string> {
    await origin(30);
    return `page ${page}`;
  }
}

/** The caches of the shop: two in Redis, one in memory. */
export function shopCaches(redisUrl: string): CacheInfraModuleOptions {
  return {
    ...{ redisUrl, keyPrefix: 'shop', defaultTtl: 600, l1CacheSize: 60 },
    fleet: { name: 'shop-1' },
    caches: { sessions: { defaultTtl: 900 }, 'feature-flags': { redisUrl: undefined, defaultTtl: 60 } },
  };
}

/** The customers of a shop. */
export interface Customers {
  /** Reads so far. */
  readonly reads: number;
  /** Resolves after the last read. */
  leave(): Promise<void>;
}

/** Sends customers into the shop: some products are read often, most of them rarely. */
export function sendCustomers(app: INestApplication, url: string): Customers {
  const cache = app.get(Cache);
  const registry = app.get(CacheRegistry);
  const sessions = registry.get('sessions');
  const flags = registry.get('feature-flags');
  let reads = 0;
  const read = (from: Cache, key: string, ms: number, ttl?: Ttl): Promise<unknown> => {
    reads++;
    return from.getOrSet(key, () => origin(ms).then(() => ({ key })), {
      ttl,
      tags: [key.split(':')[0] ?? ''],
    });
  };
  const visits = new Set<Promise<unknown>>();
  let visit = 0;
  const timer = setInterval(() => {
    visit++;
    const product = String(popular(visit, 400));
    const steps = [
      read(cache, `product:${product}`, 25),
      read(cache, `price:${product}:EUR`, 12, '15s'),
      read(cache, `product:${String(popular(visit * 7, 40))}`, 25),
      read(sessions, `session:${String(visit % 90)}`, 6),
      read(flags, 'flags:checkout', 3, '5s'),
      ...(visit % 5 === 0 ? [fetch(`${url}/catalogue/${String(popular(visit, 12))}`)] : []),
      ...(visit % 150 === 0 ? [cache.invalidateTags('price')] : []),
    ];
    const whole = Promise.allSettled(steps).finally(() => visits.delete(whole));
    visits.add(whole);
  }, 25);
  return {
    get reads() {
      return reads;
    },
    async leave() {
      clearInterval(timer);
      await Promise.all(visits);
    },
  };
}

/** A number from 1: half of all visits fall on a tenth of them. The same for the same visit. */
function popular(visit: number, most: number): number {
  const even = ((visit * 7919) % 1009) / 1009;
  return 1 + Math.floor(most * even ** 3.3);
}

/** A query of a database that takes this many milliseconds. */
function origin(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
