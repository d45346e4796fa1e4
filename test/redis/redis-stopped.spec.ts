import { InfrastructureError } from '../../libs/cache-infra/src/base/errors.js';
import { turn } from '../support/deferred.js';
import { breakableRedis, calls, degraded, recovered, timed } from '../support/outages.js';

const own = breakableRedis();
const { redis } = own;

describe('seed S10.133-134 and S4.43: Redis stopped in operation (guarantee 4)', () => {
  it('what is in Redis alone is a miss; what is set or loaded meanwhile is served from the L1', async () => {
    const cache = redis();
    await redis().set('elsewhere', 2);
    await cache.connect();
    const away = degraded(cache);
    await own.server.stop();
    await away;
    await cache.set('held', 1);
    expect(await cache.get('held')).toBe(1);
    expect(await cache.get('elsewhere')).toBeUndefined();
    expect(await cache.getOrSet('elsewhere', () => 3)).toBe(3);
    expect(await cache.get('elsewhere')).toBe(3);
  });

  it.each(calls)(
    'pitfall (nestjs/cache-manager #797) %s does not block for ever',
    async (_, call, answer) => {
      const cache = redis();
      await cache.connect();
      const away = degraded(cache);
      await own.server.stop();
      await away;
      const { outcome, ms } = await timed(call(cache));
      expect(outcome).toEqual({ status: 'fulfilled', value: answer });
      expect(ms).toBeLessThan(1000);
    },
  );

  it('calls that are out when it dies end, too', async () => {
    const cache = redis({ commandTimeout: '2s' });
    await cache.connect();
    await cache.get('nothing');
    await own.server.pause();
    const out = calls.map(([, call]) => timed(call(cache)));
    await turn();
    await own.server.stop();
    for (const { outcome, ms } of await Promise.all(out)) {
      expect(outcome.status).toBe('fulfilled');
      expect(ms).toBeLessThan(3000);
    }
  });

  it('pitfall (the Python original) a newer set leaves no stale value in the L1', async () => {
    const cache = redis();
    await cache.set('key', 'old');
    await cache.get('key');
    const away = degraded(cache);
    await own.server.stop();
    await away;
    await cache.set('key', 'new');
    expect(await cache.get('key')).toBe('new');
    await cache.delete('key');
    expect(await cache.get('key')).toBeUndefined();
  });

  it('invalidations hold here meanwhile', async () => {
    const cache = redis();
    await cache.connect();
    const away = degraded(cache);
    await own.server.stop();
    await away;
    await cache.setMany(
      [
        ['a', 1],
        ['b', 2],
      ],
      { tags: ['tag'] },
    );
    await cache.setMany([
      ['user:1', 1],
      ['user:2', 2],
      ['c', 3],
    ]);
    await cache.invalidateTags('tag');
    expect((await cache.getMany(['a', 'b'])).size).toBe(0);
    await cache.invalidatePattern('user:*');
    expect([...(await cache.getMany(['user:1', 'user:2', 'c'])).keys()]).toEqual(['c']);
    await cache.clear();
    expect(await cache.has('c')).toBe(false);
  });

  it('comes back by itself, tells of it once, and is used again', async () => {
    const cache = redis();
    const told: string[] = [];
    cache.on('degraded', () => told.push('degraded'));
    cache.on('recovered', () => told.push('recovered'));
    await cache.set('key', 1);
    const [away, back] = [degraded(cache), recovered(cache)];
    await own.server.stop();
    await away;
    for (let i = 0; i < 5; i++) await cache.get('missing');
    await own.server.start();
    await back;
    await cache.set('key', 2);
    expect(await redis().get('key')).toBe(2);
    expect(told).toEqual(['degraded', 'recovered']);
  }, 20_000);

  it('logs that it went and came, without a word more', async () => {
    const lines: string[] = [];
    const logger = {
      log: (line: string) => lines.push(`log ${line}`),
      warn: (line: string) => lines.push(`warn ${line}`),
    };
    const cache = redis({ logger, name: 'sessions' });
    await cache.set('key', 1);
    const [away, back] = [degraded(cache), recovered(cache)];
    await own.server.stop();
    await away;
    await own.server.start();
    await back;
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^warn .*'sessions'.*127\.0\.0\.1:\d+/);
    expect(lines[1]).toMatch(/^log .*'sessions'.*available again/);
  }, 20_000);

  it('every failure is counted and told as an event, with what was asked for', async () => {
    const cache = redis({ enableL1Cache: false });
    await cache.connect();
    const errors: string[] = [];
    cache.on('error', ({ operation, error }) => errors.push(`${operation} ${error.constructor.name}`));
    const away = degraded(cache);
    await own.server.stop();
    await away;
    await cache.get('key');
    await cache.set('key', 1);
    await cache.delete('key');
    expect(errors).toEqual([
      'get InfrastructureError',
      'set InfrastructureError',
      'delete InfrastructureError',
    ]);
    expect(cache.stats()).toMatchObject({ errors: 3, l2: { errors: 3 } });
  });

  it("seed S9.112 with onError 'throw' the caller is told, and a failed set is not half done", async () => {
    const cache = redis({ onError: 'throw' });
    await cache.set('key', 'old');
    const away = degraded(cache);
    await own.server.stop();
    await away;
    await expect(cache.get('missing')).rejects.toThrow(InfrastructureError);
    await expect(cache.set('key', 'new')).rejects.toThrow(InfrastructureError);
    await expect(cache.get('key')).rejects.toThrow(InfrastructureError);
    await expect(cache.getOrSet('missing', () => 1)).rejects.toThrow(InfrastructureError);
  });

  it('health: up, degraded with an L1, down without, and up again', async () => {
    const [cache, bare] = [redis(), redis({ enableL1Cache: false })];
    for (const each of [cache, bare]) await each.connect();
    expect(await cache.health()).toMatchObject({
      status: 'up',
      tiers: {
        l1: { size: 0, maxSize: 100 },
        l2: { status: 'ready', latencyMs: expect.any(Number) as unknown },
      },
    });
    const away = Promise.all([degraded(cache), degraded(bare)]);
    const back = Promise.all([recovered(cache), recovered(bare)]);
    await own.server.stop();
    await away;
    expect(await cache.health()).toMatchObject({ status: 'degraded', tiers: { l2: { status: 'away' } } });
    expect(await bare.health()).toMatchObject({ status: 'down' });
    await own.server.start();
    await back;
    expect((await cache.health()).status).toBe('up');
    expect((await bare.health()).status).toBe('up');
    await cache.close();
    expect((await cache.health()).status).toBe('down');
  }, 20_000);
});
