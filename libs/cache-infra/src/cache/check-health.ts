import type { CacheCore } from './core.js';
import type { CacheHealth } from './health.js';

/** Asks the tiers how they are. Never rejects. */
export async function checkHealth(core: CacheCore): Promise<CacheHealth> {
  const { l1, l2, maxSize } = core.parts;
  const tiers: CacheHealth['tiers'] = {};
  if (l1 !== undefined) tiers.l1 = { size: l1.size, maxSize };
  if (core.closed) return { status: 'down', tiers };
  if (l2 === undefined) return { status: 'up', tiers };
  const state = {
    breaker: l2.gate.breakerState,
    coherence: core.coherence === undefined ? 'none' : core.coherence.armed ? 'armed' : 'lost',
    journalSize: core.parts.recovery?.journal.size ?? 0,
  } as const;
  try {
    tiers.l2 = { status: 'ready', latencyMs: await l2.ping(), ...state };
    return { status: 'up', tiers };
  } catch (error) {
    const { status } = l2.connection;
    const lastError = (error as Error).message;
    tiers.l2 = { status: status === 'ready' ? 'away' : status, lastError, ...state };
    return { status: l1 === undefined ? 'down' : 'degraded', tiers };
  }
}
