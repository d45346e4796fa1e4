import { BoundedSeries } from '../../base/bounded-series.js';

/** Price of a model per million tokens, in any currency. */
export interface AiPrice {
  readonly inputPerMillion: number;
  /** Price of input tokens that the provider read from its own prompt cache. Default: `inputPerMillion`. */
  readonly cachedInputPerMillion?: number | undefined;
  readonly outputPerMillion: number;
}

/** Savings of a call that did not run `produce`. */
export interface AiSavings {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Cost by the price table; undefined if the model has no price, or the usage is not known. */
  readonly cost?: number | undefined;
  /** Duration of `produce` minus the duration of this call. */
  readonly timeMs: number;
  /** True if the producer told no usage: tokens and cost are not known. */
  readonly unmetered?: true | undefined;
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
  /** Stored answers that `accept` refused. */
  notAccepted: number;
  /** hits / (hits + collapsed + misses), 0-1. */
  hitRatio: number;
  inputTokensSaved: number;
  outputTokensSaved: number;
  /** Cost in the currency of the price table. */
  costSaved: number;
  /** Hits and collapsed calls with usage, of models without a price; `costSaved` excludes them. */
  unpriced: number;
  /** Hits and collapsed calls of answers without usage; tokens and `costSaved` exclude them. */
  unmetered: number;
  timeSavedMs: number;
}

export interface AiStats {
  readonly totals: AiCounters;
  /** Counters per operation, model or tenant, as requested; else empty. */
  readonly groups: readonly (AiCounters & { readonly name: string })[];
}

/** The outcome of a call. */
export type AiOutcome = 'hits' | 'collapsed' | 'misses' | 'bypassed' | 'failures';

/** Counters, with the cost as an integer: a sum of fractions would drift. */
type Ledger = Omit<AiCounters, 'calls' | 'hitRatio' | 'costSaved'> & { costUnits: bigint };

/** What a call is counted under. */
export interface AiSubject {
  readonly operation: string;
  readonly model: string;
  readonly tenant: string;
}

/** Units of cost: a millionth of what a token costs at 1 per million. */
const unitsPerCurrency = 1e12;

/**
 * Counts calls and savings: totals, by operation, by model and by tenant. Names beyond `maxSeries` are counted under `(other)`.
 */
export class SavingsLedger {
  private readonly totals = newLedger();
  private readonly operation: BoundedSeries<{ name: string }, Ledger>;
  private readonly model: BoundedSeries<{ name: string }, Ledger>;
  private readonly tenant: BoundedSeries<{ name: string }, Ledger>;

  constructor(maxSeries: number) {
    this.operation = new BoundedSeries(maxSeries, newLedger, () => ({ name: '(other)' }));
    this.model = new BoundedSeries(maxSeries, newLedger, () => ({ name: '(other)' }));
    this.tenant = new BoundedSeries(maxSeries, newLedger, () => ({ name: '(other)' }));
  }

  count(subject: AiSubject, outcome: AiOutcome, savings?: AiSavings): void {
    for (const ledger of this.ledgers(subject)) {
      ledger[outcome] += 1;
      if (savings === undefined) continue;
      ledger.inputTokensSaved += savings.inputTokens;
      ledger.outputTokensSaved += savings.outputTokens;
      ledger.timeSavedMs += savings.timeMs;
      if (savings.unmetered === true) ledger.unmetered += 1;
      else if (savings.cost === undefined) ledger.unpriced += 1;
      else ledger.costUnits += BigInt(Math.round(savings.cost * unitsPerCurrency));
    }
  }

  /** Counts what happened beside the outcome of a call. */
  countAlso(subject: AiSubject, event: 'notStored' | 'notAccepted'): void {
    for (const ledger of this.ledgers(subject)) ledger[event] += 1;
  }

  stats(by: keyof AiSubject | undefined): AiStats {
    const groups = by === undefined ? [] : this[by].entries();
    return {
      totals: countersOf(this.totals),
      groups: groups.map(({ key, value }) => ({ name: key.name, ...countersOf(value) })),
    };
  }

  private ledgers({ operation, model, tenant }: AiSubject): Ledger[] {
    return [
      this.totals,
      this.operation.at(`1 ${operation}`, { name: operation }),
      this.model.at(`1 ${model}`, { name: model }),
      this.tenant.at(`1 ${tenant}`, { name: tenant }),
    ];
  }
}

function newLedger(): Ledger {
  return {
    hits: 0,
    collapsed: 0,
    misses: 0,
    bypassed: 0,
    failures: 0,
    notStored: 0,
    notAccepted: 0,
    inputTokensSaved: 0,
    outputTokensSaved: 0,
    costUnits: 0n,
    unpriced: 0,
    unmetered: 0,
    timeSavedMs: 0,
  };
}

function countersOf({ costUnits, ...ledger }: Ledger): AiCounters {
  const { hits, collapsed, misses, bypassed, failures } = ledger;
  const answered = hits + collapsed + misses;
  return {
    calls: answered + bypassed + failures,
    ...ledger,
    costSaved: Number(costUnits) / unitsPerCurrency,
    hitRatio: answered === 0 ? 0 : hits / answered,
  };
}
