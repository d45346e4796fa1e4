import type { CacheCore } from './core.js';
import type { CacheHealth } from './health.js';

/** Asks the tiers how they are. Never rejects. */
export async function checkHealth(core: CacheCore): Promise<CacheHealth> {
  const { l1, l2, maxSize } = core.parts;
  const tiers: CacheHealth['tiers'] = {};
  if (l1 !== undefined) tiers.l1 = { size: l1.size, maxSize };
  if (core.closed) return { status: 'down', tiers };
  if (l2 === undefined) return { status: 'up', tiers };
  try {
    tiers.l2 = { status: 'ready', latencyMs: await l2.ping() };
    return { status: 'up', tiers };
  } catch (error) {
    const { status } = l2.connection;
    tiers.l2 = { status: status === 'ready' ? 'away' : status, lastError: (error as Error).message };
    return { status: l1 === undefined ? 'down' : 'degraded', tiers };
  }
}
