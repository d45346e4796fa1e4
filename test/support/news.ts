import type { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { engineOf } from '../../libs/cache-infra/src/cache/tiered-cache.js';
import { until } from './until.js';

let marks = 0;

/**
 * Resolves once `cache` has received every change that `other` made before this call. Redis sends the invalidations of
 * one connection in order: `other` changes one more key, and `cache` waits for that change. A cache without an
 * invalidation channel receives no change, and waits for none.
 */
export async function received(cache: RedisCache, other: RedisCache): Promise<void> {
  if (engineOf(cache).coherence.channel === undefined) return;
  const mark = `mark ${String(++marks)}`;
  await cache.set(mark, 'before', 60);
  await other.set(mark, 'after', 60);
  await until(async () => (await cache.get(mark)) === 'after', 'the invalidations');
}
