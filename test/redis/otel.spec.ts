import { RedisCache } from '../../libs/cache-infra/src/cache/redis-cache.js';
import type { TracedLoad } from '../../libs/cache-infra/src/cache/contract/tracing.js';
import { CacheOpenTelemetry } from '../../libs/cache-infra/src/otel/index.js';
import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';
import { deferred } from '../support/deferred.js';
import { SpanRecord, withContexts } from '../support/telemetry.js';
import { until } from '../support/until.js';

withContexts();
const own = cachesOnOwnRedis();

let record: SpanRecord;
let telemetry: CacheOpenTelemetry;
beforeEach(() => {
  record = new SpanRecord();
  telemetry = new CacheOpenTelemetry({ tracerProvider: record.provider, metrics: false });
});
afterEach(() => {
  telemetry.close();
});

function opened(name: string): RedisCache {
  const { keyPrefix } = own;
  return own.closing(new RedisCache({ name, redisUrl: own.server.url, keyPrefix, coherence: 'none' }));
}

describe('spans of a cache with Redis', () => {
  it('name the tier of a hit, and the server', async () => {
    const [writer, cache] = [opened('writer'), opened('shop')];
    telemetry.watch(cache);
    await writer.set('a', 1);
    expect(await cache.get('a')).toBe(1);

    const { port } = new URL(own.server.url);
    expect(record.spans[0]?.attributes).toMatchObject({
      ...{ 'cache.hit': true, 'cache.tier': 'l2', 'network.peer.port': Number(port) },
      'network.peer.address': expect.stringMatching(/^(127\.0\.0\.1|localhost)$/) as string,
    });
  });

  it('tell of the lease of a load, and of waiting for that of another instance', async () => {
    const [first, second] = [opened('first'), opened('second')];
    telemetry.watch(first);
    telemetry.watch(second);
    let waited: TracedLoad | undefined;
    second.traceWith({
      sampleEvery: 0,
      call: (_, work) => void work(),
      load: (load, work) => {
        waited = load;
        void work();
      },
      ended: () => undefined,
    });
    const loader = deferred<number>();
    const begun = deferred();
    const leading = first.getOrSet('a', () => (begun.resolve(), loader.promise), { lock: true });
    await begun.promise;
    const waiting = second.getOrSet('a', () => 2, { lock: true });
    // Without a channel the second instance asks again and again.
    await until(() => (waited?.leaseWaitMs ?? 0) > 0, 'the second instance to wait');
    loader.resolve(1);
    expect(await Promise.all([leading, waiting])).toEqual([1, 1]);

    const [lead] = record.named('cache.load first');
    const [wait] = record.named('cache.load second');
    expect(lead?.attributes).toMatchObject({
      ...{ 'cache.load.lock': true, 'cache.load.leased': true, 'cache.load.source': 'loader' },
      ...{ 'cache.load.stored': true, 'cache.load.tiers': ['l1', 'l2'], 'cache.load.lease_wait_ms': 0 },
    });
    expect(wait?.attributes).toMatchObject({ 'cache.load.lock': true, 'cache.load.source': 'l2' });
    expect(wait?.attributes['cache.load.lease_wait_ms']).toBeGreaterThan(0);
  });
});
