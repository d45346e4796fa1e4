import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

import type { RedisCache } from '../cache/redis-cache.js';
import { engineOf } from '../cache/tiered-cache.js';

/** The result of one kind of cache call on Redis. */
export interface ProbeStep {
  readonly what: string;
  /** Error of Redis, with the command; undefined on success. */
  readonly problem: string | undefined;
}

/** Milliseconds between two checks of the invalidation channel. */
const lookEveryMs = 20;

/**
 * Runs each kind of cache call on a random key under the cache's prefix, and deletes the key. `direct` has no L1 and
 * throws the errors of Redis. Never rejects.
 */
export async function probeCalls(direct: RedisCache): Promise<readonly ProbeStep[]> {
  const id = `nestjs-cache-infra-check:${randomUUID()}`;
  const [key, loaded] = [`${id}:set`, `${id}:loaded`];
  const stored = { ttl: '1m', tags: [id] } as const;
  const steps: ProbeStep[] = [];
  const attempt = async (what: string, work: () => Promise<unknown>): Promise<boolean> => {
    const problem = await problemOf(work);
    steps.push({ what, problem });
    return problem === undefined;
  };
  const isSet = await attempt('set with a tag', () => direct.set(key, id, stored));
  await attempt('get', async () => {
    expectSame(await direct.get(key), isSet ? id : undefined);
  });
  await attempt('getOrSet', async () => {
    expectSame(await direct.getOrSet(loaded, () => id, stored), id);
    expectSame(await direct.get(loaded), id);
  });
  await attempt('invalidateTags', async () => {
    await direct.invalidateTags(id);
    expectSame(await direct.get(key), undefined);
  });
  await attempt('delete', async () => {
    await direct.set(key, id, '1m');
    expectSame(await direct.delete(key), true);
    expectSame(await direct.get(key), undefined);
  });
  await attempt('keys, clear and invalidatePattern (SCAN)', () => scanOnce(direct));
  await attempt('clean up', () => direct.deleteMany([key, loaded]));
  return steps;
}

/** Waits up to `patienceMs` for the invalidation channel. `logged` receives the warnings of the cache. */
export async function probeChannel(
  cache: RedisCache,
  patienceMs: number,
  logged: readonly string[],
): Promise<ProbeStep> {
  const what = 'receive invalidations';
  const end = performance.now() + patienceMs;
  while (performance.now() < end) {
    const { tiers } = await cache.health();
    if (tiers.l2?.coherence !== 'lost') return { what, problem: undefined };
    await pause(lookEveryMs);
  }
  const unarmed = `the invalidation channel was not ready within ${String(Math.round(patienceMs))} ms`;
  return { what, problem: logged.at(-1) ?? unarmed };
}

/** Runs one step of a scan: a full scan may take long and shows no more. */
async function scanOnce(direct: RedisCache): Promise<void> {
  const { l2, keyPrefix } = engineOf(direct);
  if (l2 === undefined) return;
  const [master] = l2.server.masters();
  if (master === undefined) return;
  await l2.server.call('SCAN', () => master.scan('0', 'MATCH', `${keyPrefix}::nothing`, 'COUNT', 1));
}

async function problemOf(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function expectSame(found: unknown, wanted: unknown): void {
  if (found === wanted) return;
  throw new Error(
    'Redis accepted the write and then returned another value: another client changed the key, or Redis evicted it',
  );
}
