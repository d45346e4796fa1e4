import { Registry } from 'prom-client';

import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import { CachePrometheusMetrics } from '../../libs/cache-infra/src/prometheus/index.js';
import { startTcpProxy, type TcpProxy } from '../../libs/cache-infra/src/testing/tcp-proxy.js';
import { armed } from '../support/armed.js';
import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';
import { parseExposition, valueOf } from '../support/exposition.js';
import { until } from '../support/until.js';

const own = cachesOnOwnRedis();

let proxy: TcpProxy;
beforeEach(async () => {
  proxy = await startTcpProxy({ to: own.server.url });
});
afterEach(() => proxy.close());

describe('a cache with Redis, as Prometheus sees it', () => {
  it('shows the breaker, the coherence, the journal and the PING through an outage', async () => {
    const registry = new Registry();
    const metrics = new CachePrometheusMetrics({ registry });
    const { keyPrefix } = own;
    const cache = await armed(
      own.closing(new RedisCache({ name: 'shop', redisUrl: proxy.url, keyPrefix, coherence: 'tracking' })),
    );
    metrics.watch(cache);
    const scraped = async (name: string, labels: Record<string, string> = {}): Promise<number | undefined> =>
      valueOf(parseExposition(await registry.metrics()), name, { cache: 'shop', ...labels });
    /** The breaker is in one state at a time. */
    const breakers = async (): Promise<number> => {
      const values = ['closed', 'open', 'half-open'].map((state) =>
        scraped('cache_breaker_state', { state }),
      );
      return (await Promise.all(values)).reduce<number>((sum, value) => sum + (value ?? NaN), 0);
    };

    await cache.set('a', 1);
    expect(await scraped('cache_status', { status: 'up' })).toBe(1);
    expect(await scraped('cache_breaker_state', { state: 'closed' })).toBe(1);
    expect(await scraped('cache_coherence_state', { state: 'armed' })).toBe(1);
    expect(await scraped('cache_redis_ping_seconds')).toBeGreaterThan(0);
    expect(await breakers()).toBe(1);

    const recovered = new Promise((resolve) => cache.on('recovered', resolve));
    proxy.cut();
    const degraded = { status: 'degraded' };
    await until(async () => (await scraped('cache_status', degraded)) === 1, 'the outage to show');
    await cache.set('b', 1);
    expect(await breakers()).toBe(1);
    expect(await scraped('cache_coherence_state', { state: 'lost' })).toBe(1);
    expect(await scraped('cache_journal_size')).toBe(1);
    expect(await scraped('cache_redis_ping_seconds')).toBeUndefined();
    expect(await scraped('cache_events_total', { event: 'coherenceLost' })).toBe(1);

    proxy.resume();
    await recovered;
    await until(async () => (await scraped('cache_journal_size')) === 0, 'the journal to be replayed');
    expect(await scraped('cache_journal_changes_total', { outcome: 'replayed' })).toBe(1);
    expect(await scraped('cache_events_total', { event: 'recovered' })).toBeGreaterThanOrEqual(1);
  });
});
