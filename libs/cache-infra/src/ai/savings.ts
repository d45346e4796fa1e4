import { BoundedSeries } from '../base/bounded-series.js';
import type { AiUsage } from './output.js';

/** Price of a model per million tokens, in any currency. */
export interface AiPrice {
  readonly inputPerMillion: number;
  readonly outputPerMillion: number;
}

/** Savings of a call that did not run `produce`. */
export interface AiSavings {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Cost by the price table; undefined if the model has no price. */
  readonly cost?: number | undefined;
  /** Duration of `produce` minus the duration of this call. */
  readonly timeMs: number;
}

export interface AiCounters {
  /** All calls: hits + collapsed + misses + bypassed + failures. */
  calls: number;
  /** Calls answered from the cache. */
  hits: number;
  /** Calls that shared the answer of a concurrent equal call. */
  collapsed: number;
  /** Calls that ran `produce`. */
  misses: number;
  /** Calls that ran `produce` with `bypass`. */
  bypassed: number;
  /** Rejected calls. */
  failures: number;
  /** Misses with an answer that was not stored. */
  notStored: number;
  /** hits / (hits + collapsed + misses), 0-1. */
  hitRatio: number;
  inputTokensSaved: number;
  outputTokensSaved: number;
  /** Cost in the currency of the price table. */
  costSaved: number;
  /** Hits and collapsed calls of models without a price; `costSaved` excludes them. */
  unpriced: number;
  timeSavedMs: number;
}

export interface AiStats {
  readonly totals: AiCounters;
  /** Counters per operation or model, as requested; else empty. */
  readonly groups: readonly (AiCounters & { readonly name: string })[];
}

/** The outcome of a call. */
export type AiOutcome = 'hits' | 'collapsed' | 'misses' | 'bypassed' | 'failures';

/** Savings of a call that took `tookMs` for an answer produced with `usage` in `producedMs`. */
export function savingsOf(
  usage: AiUsage | undefined,
  price: AiPrice | undefined,
  producedMs: number,
  tookMs: number,
): AiSavings {
  const inputTokens = tokens(usage?.inputTokens);
  const outputTokens = tokens(usage?.outputTokens);
  const timeMs = Math.max(0, producedMs - tookMs);
  if (price === undefined) return { inputTokens, outputTokens, timeMs };
  const cost = (inputTokens * price.inputPerMillion + outputTokens * price.outputPerMillion) / 1e6;
  return { inputTokens, outputTokens, cost, timeMs };
}

/** The price of the first of `models` with one. */
export function priceOf(
  prices: Readonly<Record<string, AiPrice>>,
  ...models: readonly unknown[]
): AiPrice | undefined {
  const known = models.find((model) => typeof model === 'string' && Object.hasOwn(prices, model));
  return known === undefined ? undefined : prices[known as string];
}

type Ledger = Omit<AiCounters, 'calls' | 'hitRatio'>;

/**
 * Counts calls and savings: totals, by operation and by model. Names beyond `maxSeries` are counted under `(other)`.
 */
export class SavingsLedger {
  private readonly totals = newLedger();
  private readonly operation: BoundedSeries<{ name: string }, Ledger>;
  private readonly model: BoundedSeries<{ name: string }, Ledger>;

  constructor(maxSeries: number) {
    this.operation = new BoundedSeries(maxSeries, newLedger, () => ({ name: '(other)' }));
    this.model = new BoundedSeries(maxSeries, newLedger, () => ({ name: '(other)' }));
  }

  count(operation: string, model: string, outcome: AiOutcome, savings?: AiSavings): void {
    for (const ledger of this.ledgers(operation, model)) {
      ledger[outcome] += 1;
      if (savings === undefined) continue;
      ledger.inputTokensSaved += savings.inputTokens;
      ledger.outputTokensSaved += savings.outputTokens;
      ledger.timeSavedMs += savings.timeMs;
      if (savings.cost === undefined) ledger.unpriced += 1;
      else ledger.costSaved += savings.cost;
    }
  }

  countNotStored(operation: string, model: string): void {
    for (const ledger of this.ledgers(operation, model)) ledger.notStored += 1;
  }

  stats(by: 'operation' | 'model' | undefined): AiStats {
    const groups = by === undefined ? [] : this[by].entries();
    return {
      totals: countersOf(this.totals),
      groups: groups.map(({ key, value }) => ({ name: key.name, ...countersOf(value) })),
    };
  }

  private ledgers(operation: string, model: string): Ledger[] {
    return [
      this.totals,
      this.operation.at(`1 ${operation}`, { name: operation }),
      this.model.at(`1 ${model}`, { name: model }),
    ];
  }
}

function tokens(count: number | undefined): number {
  return count !== undefined && Number.isFinite(count) && count > 0 ? count : 0;
}

function newLedger(): Ledger {
  return {
    hits: 0,
    collapsed: 0,
    misses: 0,
    bypassed: 0,
    failures: 0,
    notStored: 0,
    inputTokensSaved: 0,
    outputTokensSaved: 0,
    costSaved: 0,
    unpriced: 0,
    timeSavedMs: 0,
  };
}

function countersOf(ledger: Ledger): AiCounters {
  const { hits, collapsed, misses, bypassed, failures } = ledger;
  const answered = hits + collapsed + misses;
  return {
    calls: answered + bypassed + failures,
    ...ledger,
    hitRatio: answered === 0 ? 0 : hits / answered,
  };
}
