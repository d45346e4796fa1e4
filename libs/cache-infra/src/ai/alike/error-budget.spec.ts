import { importTool } from '../../../../../test/support/repository.js';
import { afterCheck, checksToServe, initialState, type BudgetState } from './error-budget.js';

const { seeded } = await importTool<{ seeded(seed: number): () => number }>('benchmarks/lib/random.mjs');

/** The state after `right` right checks, then `wrong` wrong ones. */
function after(state: BudgetState, right: number, wrong: number, budget: number): BudgetState {
  let now = state;
  for (let i = 0; i < right + wrong; i++) now = afterCheck(now, i < right, budget);
  return now;
}

const serving: BudgetState = { phase: 'serving', checks: 0, wrong: 0 };

describe('guarantee 18: a band that learns', () => {
  it.each([
    [0.005, 765],
    [0.01, 381],
    [0.02, 189],
    [0.05, 73],
  ])('with a budget of %d serves after %d checks without an error, and not one earlier', (budget, checks) => {
    expect(checksToServe(budget)).toBe(checks);
    expect(after(initialState, checks - 1, 0, budget)).toEqual({
      phase: 'learning',
      checks: checks - 1,
      wrong: 0,
    });
    expect(after(initialState, checks, 0, budget)).toEqual(serving);
  });

  it('needs 563 checks if one was wrong', () => {
    const once = afterCheck(initialState, false, 0.01);
    expect(after(once, 561, 0, 0.01).phase).toBe('learning');
    expect(after(once, 562, 0, 0.01)).toEqual(serving);
  });

  it('is not off after one wrong candidate, the very first', () => {
    expect(afterCheck(initialState, false, 0.01)).toEqual({ phase: 'learning', checks: 1, wrong: 1 });
  });

  it('is off after two', () => {
    expect(after(initialState, 0, 2, 0.01)).toEqual({ phase: 'off', checks: 2, wrong: 2 });
  });
});

describe('guarantee 18: a band that serves', () => {
  it('is off when its lower bound exceeds the budget, whatever it learned before', () => {
    expect(after(serving, 50, 1, 0.01).phase).toBe('serving');
    expect(after(serving, 50, 2, 0.01).phase).toBe('off');
  });

  it('counts checks half once it has as many as learning takes', () => {
    expect(after(serving, 381, 0, 0.01)).toEqual({ phase: 'serving', checks: 190.5, wrong: 0 });
  });

  it('never has more checks than that', () => {
    expect(after(serving, 100_000, 0, 0.01).checks).toBeLessThan(381);
  });
});

describe('guarantee 18: a band that is off', () => {
  it('counts nothing', () => {
    const off: BudgetState = { phase: 'off', checks: 9, wrong: 3 };
    expect(after(off, 1000, 1000, 0.01)).toBe(off);
  });
});

describe('guarantee 18: the budget, simulated', () => {
  interface Life {
    /** Checks until the band is off, from the start of its last phase; `Infinity` = never. */
    readonly off: number;
    readonly served: boolean;
  }

  /** `wrongShare`: of the candidates, by phase. */
  function live(
    random: () => number,
    budget: number,
    checks: number,
    wrongShare: (state: BudgetState) => number,
  ): Life {
    let state = initialState;
    let since = 0;
    let served = false;
    for (let i = 1; i <= checks; i++) {
      const { phase } = state;
      state = afterCheck(state, random() >= wrongShare(state), budget);
      if (state.phase === 'off') return { off: i - since, served };
      if (phase !== state.phase) [since, served] = [i, true];
    }
    return { off: Infinity, served };
  }

  function lives(seed: number, checks: number, wrongShare: (state: BudgetState) => number): readonly Life[] {
    const random = seeded(seed);
    return Array.from({ length: 1000 }, () => live(random, 0.005, checks, wrongShare));
  }

  it('2 % wrong with a budget of 0.5 %: off within 300 checks in 90 % of 1,000 runs, and never served', () => {
    const runs = lives(15, 5000, () => 0.02);
    expect(runs.filter(({ off }) => off <= 300).length).toBeGreaterThanOrEqual(900);
    expect(runs.filter(({ served }) => served).length).toBe(0);
  });

  it('turns 2 % wrong when it begins to serve: off within 300 checks in 90 % of the runs that served', () => {
    const runs = lives(16, 20_000, ({ phase }) => (phase === 'serving' ? 0.02 : 0.001));
    const served = runs.filter((run) => run.served);
    expect(served.length).toBeGreaterThan(950);
    expect(served.filter(({ off }) => off <= 300).length).toBeGreaterThanOrEqual(0.9 * served.length);
  });

  it('0.1 % wrong with a budget of 0.5 %: serves, and stays on for 5,000 checks in 96 % of 1,000 runs', () => {
    const runs = lives(17, 5000, () => 0.001);
    expect(runs.filter(({ off, served }) => served && off === Infinity).length).toBeGreaterThanOrEqual(960);
  });

  it('1 % wrong with a budget of 0.5 %: serves by luck in 1 % of 1,000 runs at most, and is off in all', () => {
    const runs = lives(18, 20_000, () => 0.01);
    expect(runs.filter(({ served }) => served).length).toBeLessThanOrEqual(10);
    expect(runs.filter(({ off }) => off === Infinity).length).toBe(0);
  });
});
