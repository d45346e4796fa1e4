import { InfrastructureError } from '../../libs/cache-infra/src/base/errors.js';
import { turn, within } from '../support/deferred.js';
import { breakableRedis, calls, timed } from '../support/outages.js';
import { until } from '../support/until.js';

const own = breakableRedis();
const { redis } = own;

describe('guarantee 3: a Redis that hangs', () => {
  it.each(calls)('%s returns within the command time-out', async (_, call, answer) => {
    const cache = redis({ commandTimeout: '250ms' });
    await cache.connect();
    await cache.get('nothing');
    await own.server.pause();
    // Once for the call, however many commands it is made of.
    expect(await within(475, call(cache))).toEqual({ status: 'fulfilled', value: answer });
  });

  it.each(calls)("seed S9.112 with onError 'throw' %s rejects with InfrastructureError", async (_, call) => {
    const cache = redis({ onError: 'throw', commandTimeout: '100ms' });
    await cache.connect();
    await cache.get('nothing');
    await own.server.pause();
    const { outcome } = await timed(call(cache));
    expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(InfrastructureError) as unknown });
  });

  it('the default is 250 ms', async () => {
    const cache = redis();
    await cache.connect();
    await cache.get('nothing');
    await own.server.pause();
    const { ms } = await timed(cache.get('key'));
    expect(ms).toBeGreaterThan(200);
    expect(ms).toBeLessThan(1000);
  });

  it('from the first call on: it accepts connections and says nothing', async () => {
    await own.server.pause();
    for (const [, call, answer] of calls) {
      const { outcome, ms } = await timed(call(redis({ commandTimeout: '100ms' })));
      expect(outcome).toEqual({ status: 'fulfilled', value: answer });
      expect(ms).toBeLessThan(1000);
    }
  });

  it('L1 hits do not wait at all', async () => {
    const cache = redis();
    await cache.set('key', 1);
    await own.server.pause();
    const hits = Promise.all(Array.from({ length: 100 }, () => cache.get('key')));
    expect(await within(0, hits)).toMatchObject({ status: 'fulfilled' });
  });

  it('goes on where it was when it answers again (guarantee 15)', async () => {
    const cache = redis({ commandTimeout: '100ms' });
    await cache.set('key', 'old');
    await own.server.pause();
    await cache.set('key', 'new');
    expect(await cache.get('key')).toBe('new');
    await own.server.resume();
    await until(
      async () => (await redis({ commandTimeout: '5s' }).get('key')) === 'new',
      'the write to arrive',
    );
    expect(await cache.get('key')).toBe('new');
  }, 20_000);

  it('an abort of the caller does not wait for it', async () => {
    const cache = redis({ commandTimeout: '5s' });
    await cache.connect();
    await own.server.pause();
    const signal = AbortSignal.timeout(20);
    const { outcome, ms } = await timed(cache.getOrSet('key', () => 1, { signal }));
    expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'TimeoutError' } });
    expect(ms).toBeLessThan(1000);
  });

  it('close does not wait for it, and leaves no call behind', async () => {
    const cache = redis({ commandTimeout: '30s' });
    await cache.connect();
    await cache.get('nothing');
    await own.server.pause();
    const out = calls.map(([, call]) => call(cache));
    await turn();
    expect(await within(500, cache.close())).toBeDefined();
    expect(await within(1000, Promise.allSettled(out))).toBeDefined();
  });
});
