import { failureKind } from '../../tiers/redis/errors.js';
import type { RemoteTier } from '../../tiers/remote-tier.js';
import type { CacheHealth } from '../contract/health.js';
import type { TruthStats } from '../contract/truth.js';

export interface HealthDeps {
  readonly l1: { readonly size: number } | undefined;
  readonly l2: RemoteTier | undefined;
  readonly maxSize: number;
  /** Life in the L1, milliseconds; undefined = as long as in Redis. */
  readonly l1TtlMs: number | undefined;
  readonly channel: { readonly armed: boolean; readonly hearsEverything: boolean } | undefined;
  readonly journalSize: number;
  /** Why Redis refused the last writes; undefined = it takes them. */
  readonly writeTrouble: string | undefined;
  readonly closed: boolean;
  readonly truth: TruthStats;
}

/** Milliseconds of a `PING`. An ACL that forbids the command still proves that Redis answers. */
async function pingOf(l2: RemoteTier): Promise<number> {
  const start = performance.now();
  await l2.link.ping().catch((error: unknown) => {
    if (failureKind(error) !== 'permission') throw error;
  });
  return performance.now() - start;
}

/** How long the L1 may serve an entry after a change that is not reported to this instance. */
function unheard({ l2, channel, l1TtlMs }: HealthDeps): { unheardMs?: number } {
  if (l2 === undefined || channel?.hearsEverything === true || l1TtlMs === undefined) return {};
  return { unheardMs: l1TtlMs };
}

/** Checks the tiers. Never rejects. */
export async function checkHealth(deps: HealthDeps): Promise<CacheHealth> {
  const health = await tiersHealth(deps);
  return deps.truth.verified === 0 ? health : { ...health, truth: deps.truth };
}

async function tiersHealth(deps: HealthDeps): Promise<CacheHealth> {
  const { l1, l2, maxSize, channel } = deps;
  const tiers: CacheHealth['tiers'] = {};
  if (l1 !== undefined) tiers.l1 = { size: l1.size, maxSize, ...unheard(deps) };
  if (deps.closed) return { status: 'down', tiers };
  if (l2 === undefined) return { status: 'up', tiers };
  const state = {
    breaker: l2.link.breaker,
    coherence: channel === undefined ? 'none' : channel.armed ? 'armed' : 'lost',
    journalSize: deps.journalSize,
  } as const;
  try {
    const latencyMs = await pingOf(l2);
    const refusal = l2.link.refusal ?? deps.writeTrouble;
    tiers.l2 = {
      status: 'ready',
      latencyMs,
      ...state,
      ...(refusal === undefined ? {} : { lastError: refusal }),
    };
    // Redis may answer and still not take every change.
    const takesChanges = refusal === undefined && state.journalSize === 0;
    return { status: takesChanges ? 'up' : 'degraded', tiers };
  } catch (error) {
    const { status } = l2.link;
    const lastError = (error as Error).message;
    tiers.l2 = { status: status === 'ready' ? 'away' : status, lastError, ...state };
    return { status: l1 === undefined ? 'down' : 'degraded', tiers };
  }
}
