import { afterEach, describe, expect, it } from '@jest/globals';

import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { ownRedisServer } from '../support/redis.js';
import { until } from '../support/until.js';
import { pause } from './drill.js';

/** Milliseconds of each call that `call` made, one begun every few milliseconds, for as long as said. */
async function timesOf(call: (i: number) => Promise<unknown>, forMs: number): Promise<number[]> {
  const times: number[] = [];
  const calls: Promise<void>[] = [];
  const end = performance.now() + forMs;
  for (let i = 0; performance.now() < end; i++) {
    const start = performance.now();
    calls.push(
      call(i).then(() => {
        times.push(performance.now() - start);
      }),
    );
    await pause(5);
  }
  await Promise.all(calls);
  return times.sort((one, other) => one - other);
}

function p99(times: readonly number[]): number {
  return times[Math.floor(times.length * 0.99)] ?? NaN;
}

describe('guarantees 3 and 15: Redis hangs (SIGSTOP), all defaults', () => {
  const figures: Record<string, number> = {};
  afterEach(() => {
    console.log('Redis hangs:', figures);
  });

  it('calls are bounded, loaders run, and Redis is used again 2 s after SIGCONT', async () => {
    await using server = await ownRedisServer();
    await using cache = new RedisCache({ redisUrl: server.url });
    await cache.set('kept', 1);
    await using other = new RedisCache({ redisUrl: server.url });
    await other.set('elsewhere', 'in Redis');
    let open = false;
    cache.on('breakerOpen', () => {
      open = true;
    });

    await server.pause();
    const first = await timesOf((i) => cache.get(`first:${i}`), 1000);
    expect(open).toBe(true);
    const later = await timesOf((i) => cache.get(`later:${i}`), 2000);
    const loads = await timesOf(async (i) => {
      expect(await cache.getOrSet(`load:${i}`, () => i)).toBe(i);
    }, 1000);
    await pause(6000);
    await server.resume();
    const resumed = performance.now();
    await until(async () => (await cache.get('elsewhere')) === 'in Redis', 'Redis to be asked again', 10_000);
    figures['back after ms'] = performance.now() - resumed;
    figures['p99 of get in the first second'] = p99(first);
    figures['p99 of get with the breaker open'] = p99(later);
    figures['p99 of getOrSet with the breaker open'] = p99(loads);

    // 300, 5, 5 and 2000 on a machine that does nothing else.
    expect(p99(first)).toBeLessThan(350);
    expect(p99(later)).toBeLessThan(25);
    expect(p99(loads)).toBeLessThan(25);
    expect(figures['back after ms']).toBeLessThan(2500);
  }, 40_000);
});
