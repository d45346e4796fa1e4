import type { AlikeEvent } from '../../libs/cache-infra/src/ai/alike/alike-report.js';
import { BudgetStates } from '../../libs/cache-infra/src/ai/alike/budget-states.js';
import { checksToServe } from '../../libs/cache-infra/src/ai/alike/error-budget.js';
import type { Cache } from '../../libs/cache-infra/src/cache/contract/cache.js';
import { startTcpProxy } from '../../libs/cache-infra/src/testing/tcp-proxy.js';
import { cachesOnOwnRedis } from '../support/caches-on-own-redis.js';
import { coherences } from '../support/loads.js';
import { expectNoUnhandledRejections } from '../support/unhandled-rejections.js';
import { until } from '../support/until.js';

const own = cachesOnOwnRedis();
const { redis } = own;
expectNoUnhandledRejections();

const budget = 0.05;
const needed = checksToServe(budget);

function statesOn(cache: Cache) {
  const events: AlikeEvent[] = [];
  const states = new BudgetStates({
    cache: cache.namespace('alike'),
    budget,
    scope: 'search',
    report: (event) => events.push(event),
  });
  const record = (count: number, right: boolean): Promise<unknown> =>
    Promise.all(Array.from({ length: count }, () => states.record('0.90', right)));
  const phase = async (): Promise<string> => (await states.of('0.90')).phase;
  return { states, events, record, phase };
}

describe('guarantee 18: the budget of two instances', () => {
  it.each(coherences)(
    'counts every check of both, made at the same time; coherence %s',
    async (coherence) => {
      const both = [statesOn(await redis({ coherence })), statesOn(await redis({ coherence }))] as const;
      for (let round = 0; round < 10; round++) await Promise.all(both.map(({ record }) => record(3, true)));
      await both[0].record(1, false);
      const fresh = statesOn(await redis());
      expect(await fresh.states.of('0.90')).toEqual({ phase: 'learning', checks: 61, wrong: 1 });
    },
  );

  it.each(coherences)('serves and goes off on both; coherence %s', async (coherence) => {
    const [one, other] = [statesOn(await redis({ coherence })), statesOn(await redis({ coherence }))];
    await Promise.all([one.record(needed - 10, true), other.record(10, true)]);
    for (const each of [one, other])
      await until(async () => (await each.phase()) === 'serving', 'serving', 20_000);
    await Promise.all([one.record(1, false), other.record(1, false)]);
    for (const each of [one, other]) await until(async () => (await each.phase()) === 'off', 'off', 20_000);
    const told = [...one.events, ...other.events].map((event) => event.kind === 'phase' && event.to);
    expect(told).toEqual(expect.arrayContaining(['serving', 'off']));
    expect(told).toHaveLength(2);
  });

  it('is off for a day by the clock of Redis', async () => {
    const { record } = statesOn(await redis());
    await record(2, false);
    const leftMs = await own.raw.pttl(`${own.keyPrefix}:alike:budget:search:0.05:0.90`);
    expect(leftMs).toBeGreaterThan(86_400_000 - 60_000);
    expect(leftMs).toBeLessThanOrEqual(86_400_000);
  });

  it('serves nothing once Redis has lost the state', async () => {
    const [one, other] = [statesOn(await redis()), statesOn(await redis())];
    await one.record(needed, true);
    await until(async () => (await other.phase()) === 'serving', 'serving');
    await own.raw.flushall();
    for (const each of [one, other]) await until(async () => (await each.phase()) === 'learning', 'learning');
  });
});

describe('guarantee 18: the budget during an outage', () => {
  it('checks do not reject, and wrong ones count once Redis is back', async () => {
    await using proxy = await startTcpProxy({ to: own.server.url });
    const cache = await redis({
      redis: { url: proxy.url },
      onError: 'degrade',
      commandTimeout: '300ms',
      connectTimeout: '300ms',
    });
    const { states, record, phase, events } = statesOn(cache);
    await record(needed, true);
    expect(await phase()).toBe('serving');
    proxy.cut();
    await until(async () => (await cache.health()).status !== 'up', 'the outage');
    await states.record('0.90', false);
    expect(events.filter(({ kind }) => kind === 'failed').length).toBeGreaterThan(0);
    // The L1 is cleared when the invalidation channel is lost.
    expect(await phase()).toBe('learning');
    proxy.resume();
    await until(async () => (await cache.health()).status === 'up', 'the end of the outage');
    await record(1, false);
    const fresh = statesOn(await redis());
    expect(await fresh.phase()).toBe('off');
  });
});
