import { context, SpanStatusCode, trace, TraceFlags } from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base';

import { closingAfterEach } from '../../../../test/support/closing.js';
import { deferred, turn } from '../../../../test/support/deferred.js';
import { SpanRecord, withContexts } from '../../../../test/support/telemetry.js';
import { ValidationError } from '../base/errors.js';
import { InMemoryCache } from '../cache/in-memory-cache.js';
import { sha256 } from '../keys/digest.js';
import { CacheOpenTelemetry, type CacheOpenTelemetryOptions } from './cache-open-telemetry.js';

withContexts();
const closing = closingAfterEach();

function setUp(options: CacheOpenTelemetryOptions = {}, record = new SpanRecord()) {
  const telemetry = closing(
    new CacheOpenTelemetry({ tracerProvider: record.provider, metrics: false, ...options }),
  );
  const cache = closing(new InMemoryCache({ name: 'shop' }));
  const stop = telemetry.watch(cache);
  return { record, telemetry, cache, stop };
}

describe('spans of calls', () => {
  it("have the attributes of Sentry's Caches page", async () => {
    const { record, cache } = setUp({ keys: 'plain', sampleEvery: 1 });
    await record.within('request', async () => {
      await cache.set('user:1', { name: 'Ada' }, { ttl: '5m', tags: ['users'] });
      await cache.get('user:1');
      await cache.get('user:2');
      await cache.delete('user:1');
      await cache.invalidateTags('users');
      await cache.clear();
    });

    const shown = record.spans.map(({ name, attributes }) => ({ name, ...attributes }));
    const common = {
      'cache.name': 'shop',
      'cache.success': true,
      'sentry.origin': 'auto.cache.nestjs_cache_infra',
    };
    expect(shown.slice(0, -1)).toEqual([
      {
        ...{ ...common, name: 'cache.put shop', 'sentry.op': 'cache.put', 'cache.operation': 'set' },
        ...{ 'cache.key': ['user:1'], 'cache.write': true, 'cache.ttl': 300 },
        'cache.item_size': expect.any(Number) as number,
      },
      {
        ...{ ...common, name: 'cache.get shop', 'sentry.op': 'cache.get', 'cache.operation': 'get' },
        ...{ 'cache.key': ['user:1'], 'cache.hit': true, 'cache.tier': 'l1' },
        'cache.item_size': expect.any(Number) as number,
      },
      {
        ...{ ...common, name: 'cache.get shop', 'sentry.op': 'cache.get', 'cache.operation': 'get' },
        ...{ 'cache.key': ['user:2'], 'cache.hit': false },
      },
      {
        ...{ ...common, name: 'cache.remove shop', 'sentry.op': 'cache.remove', 'cache.operation': 'delete' },
        ...{ 'cache.key': ['user:1'], 'cache.write': true },
      },
      {
        ...{ ...common, name: 'cache.remove shop', 'sentry.op': 'cache.remove' },
        ...{ 'cache.operation': 'invalidateTags', 'cache.write': true },
      },
      {
        ...{ ...common, name: 'cache.flush shop', 'sentry.op': 'cache.flush', 'cache.operation': 'clear' },
        'cache.write': true,
      },
    ]);
  });

  it('are children of the active span, and the load is a child of its call, and the loader of the load', async () => {
    const { record, cache } = setUp();
    await record.within('request', () =>
      cache.getOrSet('a', async () => {
        await turn();
        await record.within('SELECT', () => turn());
        return 1;
      }),
    );

    const [select, load, call, request] = record.spans;
    expect([select, load, call, request].map((span) => span?.name)).toEqual([
      ...['SELECT', 'cache.load shop', 'cache.get shop', 'request'],
    ]);
    expect(select?.parentSpanContext?.spanId).toBe(load?.spanContext().spanId);
    expect(load?.parentSpanContext?.spanId).toBe(call?.spanContext().spanId);
    expect(call?.parentSpanContext?.spanId).toBe(request?.spanContext().spanId);
    expect(load?.attributes).toMatchObject({
      ...{ 'cache.load.source': 'loader', 'cache.load.stored': true, 'cache.load.lock': false },
      ...{ 'cache.load.tiers': ['l1'], 'cache.load.joined': 0, 'cache.ttl': 3600, 'sentry.op': 'cache.load' },
    });
  });

  it('of a caller that joins a load link to the span of the load', async () => {
    const { record, cache } = setUp();
    const loader = deferred<number>();
    const first = record.within('first', () => cache.getOrSet('a', () => loader.promise));
    const second = record.within('second', () => cache.getOrSet('a', () => 2));
    await turn();
    loader.resolve(1);
    await Promise.all([first, second]);

    const [load] = record.named('cache.load shop');
    const joiner = record
      .named('cache.get shop')
      .find(({ attributes }) => attributes['cache.coalesced'] === true);
    expect(record.named('cache.load shop')).toHaveLength(1);
    expect(joiner?.links.map((link) => link.context)).toEqual([load?.spanContext()]);
    expect(joiner?.spanContext().traceId).not.toBe(load?.spanContext().traceId);
    expect(load?.attributes).toMatchObject({ 'cache.load.joined': 1 });
  });

  it('hash keys unless they are allowed', async () => {
    const hashed = setUp();
    await hashed.cache.get('user:ada@example.org');
    const none = setUp({ keys: 'none' });
    await none.cache.get('user:ada@example.org');

    const expected = sha256('user:ada@example.org').slice(0, 16);
    expect(hashed.record.spans[0]?.attributes['cache.key']).toEqual([expected]);
    expect(none.record.spans[0]?.attributes).not.toHaveProperty('cache.key');
  });

  it('name at most 20 keys, and their number', async () => {
    const { record, cache } = setUp();
    await cache.getMany(Array.from({ length: 100 }, (_, i) => `key:${i}`));

    expect(record.spans[0]?.attributes['cache.key']).toHaveLength(20);
    expect(record.spans[0]?.attributes['cache.key_count']).toBe(100);
  });

  it('record an error once, without the keys that its message names', async () => {
    const { record, cache } = setUp();
    const error = new Error("no user 'secret-key'");
    await expect(cache.getOrSet('secret-key', () => Promise.reject(error))).rejects.toBe(error);

    const [load, call] = record.spans;
    expect([load, call].map((span) => span?.status.code)).toEqual([
      SpanStatusCode.ERROR,
      SpanStatusCode.ERROR,
    ]);
    expect([load, call].map((span) => span?.events.length)).toEqual([1, 0]);
    expect(load?.events[0]?.attributes?.['exception.message']).toMatch(/^no user '[\w-]{16}'$/);
    expect(JSON.stringify(record.spans.map(({ events, status, attributes }) => [events, status, attributes])))
      .not //
      .toContain('secret-key');
    expect(call?.attributes['cache.success']).toBe(false);
  });

  it('tell of a stale value, and the load of the failure behind it', async () => {
    let now = 0;
    const record = new SpanRecord();
    const telemetry = closing(new CacheOpenTelemetry({ tracerProvider: record.provider, metrics: false }));
    const cache = closing(new InMemoryCache({ name: 'shop', advanced: { clock: { now: () => now } } }));
    telemetry.watch(cache);
    await cache.set('a', 'old', { ttl: 1, grace: 60 });
    now = 2000;
    await cache.getOrSet('a', () => Promise.reject(new Error('origin')), { grace: 60 });

    const [, load, call] = record.spans;
    expect(load?.attributes).toMatchObject({ 'cache.load.source': 'stale', 'cache.stale': true });
    expect([load?.status.code, load?.events.length]).toEqual([SpanStatusCode.ERROR, 1]);
    expect(call?.attributes).toMatchObject({
      'cache.stale': true,
      'cache.success': true,
      'cache.hit': false,
    });
    expect(call?.status.code).toBe(SpanStatusCode.UNSET);
  });

  it('are made of L1 hits within a recorded span only, of one in sampleEvery', async () => {
    const { record, cache } = setUp({ sampleEvery: 10 });
    await cache.set('a', 1, { tags: ['t'] });
    for (let i = 0; i < 100; i++) await cache.get('a');
    expect(record.spans.map(({ name }) => name)).toEqual(['cache.put shop']);
    await record.within('request', async () => {
      for (let i = 0; i < 100; i++) await cache.get('a');
    });

    const hits = record.named('cache.get shop');
    expect(hits).toHaveLength(10);
    expect(hits[0]?.attributes).toMatchObject({ 'cache.hit': true, 'cache.sample_every': 10 });
    expect(hits[0]?.parentSpanContext?.spanId).toBe(record.named('request')[0]?.spanContext().spanId);
  });

  it('are made of every L1 hit with sampleEvery 1, and of none with ignoreHits', async () => {
    const all = setUp({ sampleEvery: 1 });
    const none = setUp({ ignoreHits: true });
    for (const { record, cache } of [all, none]) {
      await cache.set('a', 1, { tags: ['t'] });
      await record.within('request', async () => {
        for (let i = 0; i < 300; i++) await cache.get('a');
      });
    }

    expect(all.record.named('cache.get shop')).toHaveLength(300);
    expect(none.record.named('cache.get shop')).toHaveLength(0);
  });

  it('are not made within a span that is not recorded', async () => {
    const off = new SpanRecord({ sampler: new ParentBasedSampler({ root: new AlwaysOffSampler() }) });
    // The sampler alone would record a span.
    const { record, cache } = setUp({ sampleEvery: 1 }, new SpanRecord({ sampler: new AlwaysOnSampler() }));
    await off.within('request', async () => {
      await cache.getOrSet('a', () => 1);
      await cache.get('a');
    });

    expect(record.spans).toEqual([]);
  });

  it('continue the trace of another process', async () => {
    const { record, cache } = setUp();
    const remote = {
      traceId: '1'.repeat(32),
      spanId: '2'.repeat(16),
      traceFlags: TraceFlags.SAMPLED,
      isRemote: true,
    };
    await context.with(trace.setSpanContext(context.active(), remote), () => cache.get('a'));

    expect(record.spans[0]?.parentSpanContext?.spanId).toBe(remote.spanId);
  });

  it('end with the watch of the cache, and with close', async () => {
    const { record, cache, stop } = setUp();
    stop();
    stop();
    await cache.get('a');
    const second = setUp();
    second.telemetry.close();
    await second.cache.get('a');

    expect([record.spans, second.record.spans]).toEqual([[], []]);
  });

  it('none are made with traces: false', async () => {
    const { record, cache } = setUp({ traces: false });
    await cache.getOrSet('a', () => 1);

    expect(record.spans).toEqual([]);
  });

  it('hurt no call when a span processor throws', async () => {
    const fails = (): never => {
      throw new Error('processor');
    };
    const processor: SpanProcessor = {
      onStart: fails,
      onEnd: fails,
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    };
    const { cache } = setUp({ sampleEvery: 1 }, new SpanRecord({ processors: [processor] }));

    expect(await cache.getOrSet('a', () => 1)).toBe(1);
    expect(await cache.get('a')).toBe(1);
    await turn();
  });

  it('are of the SDK that the application registers later, and of none before', async () => {
    const telemetry = closing(new CacheOpenTelemetry({ metrics: false }));
    const cache = closing(new InMemoryCache({ name: 'shop' }));
    telemetry.watch(cache);
    expect(await cache.getOrSet('a', () => 1)).toBe(1);

    const record = new SpanRecord();
    trace.setGlobalTracerProvider(record.provider);
    try {
      await cache.getOrSet('b', () => 2);
    } finally {
      trace.disable();
    }

    expect(record.spans.map(({ name }) => name)).toEqual(['cache.load shop', 'cache.get shop']);
  });
});

describe('CacheOpenTelemetry', () => {
  it.each<[what: string, run: () => unknown, words: string]>([
    ['an unknown option', () => Reflect.construct(CacheOpenTelemetry, [{ sample: 1 }]), 'sample'],
    ['keys of another kind', () => Reflect.construct(CacheOpenTelemetry, [{ keys: 'md5' }]), 'keys'],
    [
      'a provider that is none',
      () => Reflect.construct(CacheOpenTelemetry, [{ tracerProvider: {} }]),
      'getTracer',
    ],
    ['sampleEvery 0', () => new CacheOpenTelemetry({ sampleEvery: 0 }), 'sampleEvery'],
    ['no cache', () => setUp().telemetry.watch({} as InMemoryCache), 'must be a Cache'],
    [
      'two caches of one name',
      () => setUp().telemetry.watch(closing(new InMemoryCache({ name: 'shop' }))),
      'give each cache its own name',
    ],
  ])('refuses %s', (_what, run, words) => {
    expect(run).toThrow(ValidationError);
    expect(run).toThrow(words);
  });
});
