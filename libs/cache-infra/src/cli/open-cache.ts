import { RedisCache } from '../cache/redis-cache.js';
import { CacheFactory } from '../config/cache-factory.js';
import type { CacheConfig } from '../config/options.js';
import { cachesBeside, optionsBeside, type SeveralCaches } from '../config/several-caches.js';
import { ofCache } from './of-cache.js';

const silent = { warn: () => undefined, log: () => undefined };

/**
 * Connects a cache of a configuration, to look at what Redis holds. The caller closes it.
 *
 * @param name default: the first cache of the configuration
 * @throws ValidationError for an invalid configuration
 * @throws Error when the cache is in memory, or no cache has the name
 * @throws InfrastructureError when Redis does not answer
 */
export async function openCache(config: SeveralCaches, name: string | undefined): Promise<RedisCache> {
  const cache = prepareCache(config, name);
  try {
    await cache.connect();
    return cache;
  } catch (error) {
    await cache.close();
    throw error;
  }
}

/**
 * As {@link openCache}, not connected yet.
 *
 * @throws ValidationError for an invalid configuration
 * @throws Error when the cache is in memory, or no cache has the name
 */
export function prepareCache(config: SeveralCaches, name: string | undefined): RedisCache {
  // No L1, so no invalidation channel is opened.
  const given: CacheConfig = ofCache(optionsOf(config, name));
  const options = { ...given, enableL1Cache: false, advanced: { ...given.advanced, adviser: false } };
  const { cache } = new CacheFactory({ logger: silent }).prepare('create', options);
  // A cache in memory holds nothing open.
  if (!(cache instanceof RedisCache)) throw notInRedis(cache.name);
  return cache;
}

function optionsOf(config: SeveralCaches, name: string | undefined): object {
  const first = config.name ?? 'default';
  if (name === undefined || name === first) return config;
  const beside = Object.keys(cachesBeside(config));
  if (beside.includes(name)) return optionsBeside(config, name);
  const known = [first, ...beside].map((each) => `'${each}'`).join(', ');
  throw new Error(`--cache ${name}: the configuration has no such cache, only ${known}`);
}

export function notInRedis(name: string): Error {
  return new Error(
    `Cache '${name}' is in memory, visible to its own process only: configure its Redis (redisUrl, redis, REDIS_URL)`,
  );
}
