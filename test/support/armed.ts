import type { CacheHealth } from '../../libs/cache-infra/src/cache/contract/health.js';
import { until } from './until.js';

interface Coherent {
  connect(): Promise<void>;
  health(): Promise<CacheHealth>;
}

/** The cache, connected, and told of changes: when that begins its L1 is emptied, whatever a test put there. */
export async function armed<C extends Coherent>(cache: C): Promise<C> {
  await cache.connect();
  await until(async () => (await cache.health()).tiers.l2?.coherence === 'armed', 'the invalidation channel');
  return cache;
}
