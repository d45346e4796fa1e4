import type { Cache } from '../../cache/contract/cache.js';
import { reasonOf, type AlikeReport } from './alike-report.js';
import { afterCheck, initialState, offFor, type BudgetState } from './error-budget.js';
import { FreshReads } from './fresh-reads.js';
import { LockedUpdates } from './locked-updates.js';

/** Time without a check after which what was learned is forgotten. */
const keptFor = '30d';

/** An L1 before Redis keeps a state for 5 s at most: another instance may switch a band off, also without coherence. */
const reading = { l1Ttl: '5s', lock: false, verify: 0 } as const;

export interface BudgetStatesDeps {
  /** A namespace of its own. */
  readonly cache: Cache;
  /** 0-1, both excluded. */
  readonly budget: number;
  /** Everything that the checks depend on: the operation, the embedder, the judge. Other scopes have other states. */
  readonly scope: string;
  readonly report: AlikeReport;
}

/**
 * The states of the error budget per band, in the cache: with Redis, all instances share them. A band is off as long as
 * its entry lives, which is a day by the clock of the cache; a band without an entry is learning. So a lost entry, an
 * outage or a wrong clock never serves an answer.
 */
export class BudgetStates {
  readonly #deps: BudgetStatesDeps;
  readonly #fresh: FreshReads;
  readonly #updates: LockedUpdates<boolean>;

  constructor(deps: BudgetStatesDeps) {
    this.#deps = deps;
    this.#fresh = new FreshReads(deps.cache);
    this.#updates = new LockedUpdates({
      cache: deps.cache,
      apply: (key, checks, { signal }) => this.#apply(key, checks, signal),
      failed: (error, checks, hasBegun) => {
        deps.report({ kind: 'failed', part: 'cache', reason: reasonOf(error) });
        // An update that has begun may be stored. Count errors twice rather than not at all.
        return hasBegun ? checks.filter((right) => !right) : checks;
      },
    });
  }

  /** The state of a band: an L1 hit, as a rule. Learning if the cache fails. Never rejects. */
  async of(band: string): Promise<BudgetState> {
    try {
      const found = await this.#deps.cache.getOrSet<unknown>(this.#key(band), () => undefined, reading);
      return stateOf(found);
    } catch (error) {
      this.#deps.report({ kind: 'failed', part: 'cache', reason: reasonOf(error) });
      return initialState;
    }
  }

  /** Counts a check. Resolves when it is stored, or could not be; never rejects. */
  async record(band: string, right: boolean): Promise<void> {
    await this.#updates.add(this.#key(band), right);
  }

  #key(band: string): string {
    return `budget:${this.#deps.scope}:${String(this.#deps.budget)}:${band}`;
  }

  async #apply(key: string, checks: readonly boolean[], signal: AbortSignal): Promise<void> {
    const { cache, budget } = this.#deps;
    const before = stateOf(await this.#fresh.read(key));
    let state = before;
    for (const right of checks) {
      const next = afterCheck(state, right, budget);
      if (next.phase !== state.phase) this.#reportPhase(key, state, next, right);
      state = next;
    }
    // A check that ran when the band went off does not prolong its day.
    if (state === before) return;
    signal.throwIfAborted();
    const ttl = state.phase === 'off' ? offFor : keptFor;
    const tiers = this.#fresh.hasRedis ? 'l2' : 'both';
    await cache.set(key, { ...state }, { ttl, tiers, grace: 0, jitter: 0 });
  }

  #reportPhase(key: string, from: BudgetState, to: BudgetState, right: boolean): void {
    const band = key.slice(key.lastIndexOf(':') + 1);
    const [checks, wrong] = [from.checks + 1, from.wrong + (right ? 0 : 1)];
    this.#deps.report({ kind: 'phase', band, from: from.phase, to: to.phase, checks, wrong });
  }
}

/** The state in an entry. An entry of another shape is of another release, and counts as none. */
function stateOf(entry: unknown): BudgetState {
  if (typeof entry !== 'object' || entry === null) return initialState;
  const { phase, checks, wrong } = entry as Partial<Record<keyof BudgetState, unknown>>;
  const isPhase = phase === 'learning' || phase === 'serving' || phase === 'off';
  const isCount = Number.isFinite(checks) && Number.isFinite(wrong);
  return isPhase && isCount ? { phase, checks: checks as number, wrong: wrong as number } : initialState;
}
