import { trialsWithoutEvent, wilsonBounds } from './wilson.js';

/**
 * How a band of similarity spends its error budget, the largest share of wrong answers that may be served:
 *
 * - `learning`: candidates are compared with new answers, none is served.
 * - `serving`: the upper Wilson bound of the share of wrong candidates came within the budget. Candidates are served,
 *   and a share of the served ones goes on being checked, on counters that start anew.
 * - `off`: the lower bound exceeded the budget, in either of the other phases. Nothing is served or checked.
 *
 * The bounds are looked at after every check. So a bound is passed by chance more often than its confidence says. The
 * page below has the simulated shares.
 *
 * @see https://github.com/nestjs-cache-infra/nestjs-cache-infra/blob/main/docs/decisions/matching-by-meaning.md
 */
export type BudgetPhase = 'learning' | 'serving' | 'off';

/** The checks of a band in its current phase. */
export interface BudgetState {
  readonly phase: BudgetPhase;
  /** Candidates that were checked. A fraction where older checks count half. */
  readonly checks: number;
  /** Candidates among them that were wrong. */
  readonly wrong: number;
}

/** A band without checks. */
export const initialState: BudgetState = { phase: 'learning', checks: 0, wrong: 0 };

/** Time after which a band that is off is learning again. */
export const offFor = '1d';

/** The z-score of a one-sided confidence of 90 %: a band is rather switched off too early than too late. */
const offZ = 1.282;
/** Wrong candidates that switch a band off at least: one may be chance, whatever the bound says. */
const leastWrong = 2;

/** The state after one more check. `budget`: 0-1, both excluded. */
export function afterCheck(state: BudgetState, right: boolean, budget: number): BudgetState {
  if (state.phase === 'off') return state;
  const checks = state.checks + 1;
  const wrong = state.wrong + (right ? 0 : 1);
  if (wrong >= leastWrong && wilsonBounds(wrong, checks, offZ).lower > budget) {
    return { phase: 'off', checks, wrong };
  }
  if (state.phase === 'learning') {
    const isWithin = wilsonBounds(wrong, checks).upper <= budget;
    return isWithin ? { phase: 'serving', checks: 0, wrong: 0 } : { phase: 'learning', checks, wrong };
  }
  // A band that was good for a year must not take a year to turn bad.
  const isFull = checks >= checksToServe(budget);
  return { phase: 'serving', checks: isFull ? checks / 2 : checks, wrong: isFull ? wrong / 2 : wrong };
}

/** Checks without an error until a band is served: 381 for a budget of 0.01. */
export function checksToServe(budget: number): number {
  return trialsWithoutEvent(budget);
}
