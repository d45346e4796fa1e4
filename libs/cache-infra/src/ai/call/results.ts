import { priceOf, savingsOf } from '../savings/price.js';
import type { AiPrice, SavingsLedger } from '../savings/savings.js';
import { outcomes, type Call, type Ended } from './call.js';
import { describeResult } from './describe-result.js';
import type { AiResult } from './result.js';
import type { ResolvedSettings } from './settings.js';

/** Pairs of models whose price is kept. Models may come from clients. */
const maxKnownPrices = 1000;

/** Describes how calls ended, and counts their outcomes and savings. */
export class Results {
  readonly #cache: string;
  readonly #settings: ResolvedSettings;
  readonly #ledger: SavingsLedger;
  readonly #prices = new Map<string, AiPrice | undefined>();

  /** `cache`: the name of the cache. */
  constructor(cache: string, settings: ResolvedSettings, ledger: SavingsLedger) {
    this.#cache = cache;
    this.#settings = settings;
    this.#ledger = ledger;
  }

  /** The result of a call, counted. */
  of<T>(call: Call, ended: Ended<T>): AiResult<T> {
    const { answer, how } = ended;
    const { dimensions, startedAt } = call;
    const spared = how === 'hit' || how === 'collapsed';
    const tookMs = this.#settings.clock.now() - startedAt;
    const savings = spared
      ? savingsOf(answer.usage, this.#priceOf(answer.model, dimensions.model), answer.producedMs, tookMs)
      : undefined;
    this.#ledger.count(call, outcomes[how], savings);
    const isLost = (how === 'miss' || how === 'refresh') && answer.bypassed !== undefined;
    if (isLost) this.#ledger.countAlso(call, 'notStored');
    return describeResult(call, ended, { cache: this.#cache, nowMs: startedAt + tookMs, savings });
  }

  /** The result of a call, not counted. */
  describe<T>(call: Call, ended: Ended<T>): AiResult<T> {
    return describeResult(call, ended, { cache: this.#cache, nowMs: this.#settings.clock.now() });
  }

  /** As `priceOf`: names of models are looked up once, which costs several times as much as a hit of the cache. */
  #priceOf(answered: string | undefined, requested: unknown): AiPrice | undefined {
    const { prices } = this.#settings;
    if (typeof requested !== 'string') return priceOf(prices, answered, requested);
    const id = `${answered ?? ''}\n${requested}`;
    if (this.#prices.has(id)) return this.#prices.get(id);
    const price = priceOf(prices, answered, requested);
    if (this.#prices.size < maxKnownPrices) this.#prices.set(id, price);
    return price;
  }

  failed(call: Call): void {
    this.#ledger.count(call, 'failures');
  }

  notAccepted(call: Call): void {
    this.#ledger.countAlso(call, 'notAccepted');
  }
}
