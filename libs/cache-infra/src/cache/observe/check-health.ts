import { failureKind } from '../../tiers/redis/errors.js';
import type { RedisTier } from '../../tiers/redis/redis-tier.js';
import type { Engine } from '../engine.js';
import type { CacheHealth } from '../contract/health.js';

/** Refused is answered. */
async function pingOf(l2: RedisTier): Promise<number> {
  const start = performance.now();
  await l2.ping().catch((error: unknown) => {
    if (failureKind(error) !== 'permission') throw error;
  });
  return performance.now() - start;
}

function unheard({ parts, coherence }: Engine): { unheardMs?: number } {
  const { l1TtlMs } = parts.defaults;
  if (parts.l2 === undefined || coherence?.hearsEverything === true || l1TtlMs === undefined) return {};
  return { unheardMs: l1TtlMs };
}

/** Asks the tiers how they are. Never rejects. */
export async function checkHealth(core: Engine): Promise<CacheHealth> {
  const { l1, l2, maxSize } = core.parts;
  const tiers: CacheHealth['tiers'] = {};
  if (l1 !== undefined) tiers.l1 = { size: l1.size, maxSize, ...unheard(core) };
  if (core.closed) return { status: 'down', tiers };
  if (l2 === undefined) return { status: 'up', tiers };
  const state = {
    breaker: l2.executor.breakerState,
    coherence: core.coherence === undefined ? 'none' : core.coherence.armed ? 'armed' : 'lost',
    journalSize: core.parts.recovery?.journal.size ?? 0,
  } as const;
  try {
    const latencyMs = await pingOf(l2);
    const refusal = l2.executor.refusal ?? core.writeStreak.trouble;
    tiers.l2 = {
      status: 'ready',
      latencyMs,
      ...state,
      ...(refusal === undefined ? {} : { lastError: refusal }),
    };
    // It answers, and does not take everything.
    const isTaking = refusal === undefined && state.journalSize === 0;
    return { status: isTaking ? 'up' : 'degraded', tiers };
  } catch (error) {
    const { status } = l2.connection;
    const lastError = (error as Error).message;
    tiers.l2 = { status: status === 'ready' ? 'away' : status, lastError, ...state };
    return { status: l1 === undefined ? 'down' : 'degraded', tiers };
  }
}
