import { closingAfterEach } from '../../../../../test/support/closing.js';
import { ManualClock } from '../../base/manual-clock.js';
import { InMemoryCache } from '../../cache/in-memory-cache.js';
import type { AlikeEvent } from './alike-report.js';
import { BudgetStates } from './budget-states.js';
import { checksToServe } from './error-budget.js';

const closing = closingAfterEach();

function setUp(options: { budget?: number; scope?: string; cache?: InMemoryCache } = {}) {
  const clock = new ManualClock();
  const cache = options.cache ?? closing(new InMemoryCache({ advanced: { clock } }));
  const events: AlikeEvent[] = [];
  const states = new BudgetStates({
    cache,
    budget: options.budget ?? 0.05,
    scope: options.scope ?? 'search',
    report: (event) => events.push(event),
  });
  const record = async (band: string, ...rights: boolean[]): Promise<void> => {
    await Promise.all(rights.map((right) => states.record(band, right)));
  };
  return { cache, clock, events, states, record };
}
const rights = (count: number): boolean[] => new Array<boolean>(count).fill(true);

describe('the states of a budget', () => {
  it('begin with learning', async () => {
    expect(await setUp().states.of('0.90')).toEqual({ phase: 'learning', checks: 0, wrong: 0 });
  });

  it('count every check of many at once', async () => {
    const { states, record } = setUp();
    await record('0.90', ...rights(30), false);
    expect(await states.of('0.90')).toEqual({ phase: 'learning', checks: 31, wrong: 1 });
  });

  it('serve after as many right checks as the budget asks for, and report it', async () => {
    const { states, record, events } = setUp();
    const needed = checksToServe(0.05);
    await record('0.90', ...rights(needed - 1));
    expect((await states.of('0.90')).phase).toBe('learning');
    await record('0.90', true);
    expect((await states.of('0.90')).phase).toBe('serving');
    expect(events).toEqual([
      { kind: 'phase', band: '0.90', from: 'learning', to: 'serving', checks: needed, wrong: 0 },
    ]);
  });

  it('are apart for bands, scopes and budgets', async () => {
    const { cache, states, record } = setUp();
    await record('0.90', true);
    expect((await states.of('0.92')).checks).toBe(0);
    expect((await setUp({ cache, scope: 'other' }).states.of('0.90')).checks).toBe(0);
    expect((await setUp({ cache, budget: 0.01 }).states.of('0.90')).checks).toBe(0);
    expect((await setUp({ cache }).states.of('0.90')).checks).toBe(1);
  });

  it('are off for a day, checks do not prolong it, and then learning begins anew', async () => {
    const { clock, states, record, events } = setUp();
    await record('0.90', false, false);
    expect(await states.of('0.90')).toEqual({ phase: 'off', checks: 2, wrong: 2 });
    expect(events).toEqual([
      { kind: 'phase', band: '0.90', from: 'learning', to: 'off', checks: 2, wrong: 2 },
    ]);
    clock.advance('23h');
    await record('0.90', true, false);
    expect((await states.of('0.90')).phase).toBe('off');
    clock.advance('2h');
    expect(await states.of('0.90')).toEqual({ phase: 'learning', checks: 0, wrong: 0 });
  });

  it.each([['text'], [{ phase: 'always', checks: 1, wrong: 0 }], [{ phase: 'serving' }], [null]])(
    'an entry of another shape, %j, is learning',
    async (entry) => {
      const { cache, states, record } = setUp();
      await record('0.90', true);
      for await (const key of cache.keys('budget:*')) await cache.set(key, entry);
      expect(await states.of('0.90')).toEqual({ phase: 'learning', checks: 0, wrong: 0 });
    },
  );

  it('a cache that fails is learning: neither reads nor checks reject', async () => {
    const { cache, states, record, events } = setUp();
    await record('0.90', ...rights(checksToServe(0.05)));
    expect((await states.of('0.90')).phase).toBe('serving');
    await cache.close();
    expect((await states.of('0.90')).phase).toBe('learning');
    await expect(states.record('0.90', false)).resolves.toBeUndefined();
    expect(events.filter(({ kind }) => kind === 'failed')).toHaveLength(2);
  });
});
