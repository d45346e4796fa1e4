import { priceOf, savingsOf } from './price.js';
import { SavingsLedger } from './savings.js';

const price = { inputPerMillion: 3, outputPerMillion: 15 };

const subject = (operation: string, model: string, tenant = '-') => ({ operation, model, tenant });

describe('what a hit saves', () => {
  it('tokens, money by the price table, and time', () => {
    expect(savingsOf({ inputTokens: 1000, outputTokens: 200 }, price, 1500, 2)).toEqual({
      inputTokens: 1000,
      outputTokens: 200,
      cost: 0.006,
      timeMs: 1498,
    });
  });

  it('no money without a price', () => {
    expect(savingsOf({ inputTokens: 10 }, undefined, 5, 0)).toEqual({
      inputTokens: 10,
      outputTokens: 0,
      timeMs: 5,
    });
  });

  it('no time when the hit took longer', () => {
    expect(savingsOf(undefined, undefined, 1, 5)).toEqual({
      inputTokens: 0,
      outputTokens: 0,
      timeMs: 0,
      unmetered: true,
    });
  });

  it.each([[NaN], [-5], [Infinity], [undefined]])('no tokens when the provider says %d', (inputTokens) => {
    const savings = savingsOf({ inputTokens }, price, 1, 0);

    expect(savings).toEqual({ inputTokens: 0, outputTokens: 0, timeMs: 1, unmetered: true });
  });

  it('is priced by the model that answered, else by the one that was asked', () => {
    const prices = { asked: price, answered: { inputPerMillion: 1, outputPerMillion: 1 } };

    expect(priceOf(prices, 'answered', 'asked')).toBe(prices.answered);
    expect(priceOf(prices, undefined, 'asked')).toBe(price);
    expect(priceOf(prices, 'unknown', 'constructor')).toBeUndefined();
  });
});

describe('what the provider charges', () => {
  it.each<[string, boolean]>([
    ['gpt-4o-2024-08-06', true],
    ['openai/gpt-4o', true],
    ['openrouter/openai/gpt-4o-2024-08-06', true],
    ['gpt-4o-latest', true],
    ['gpt-4o@20240806', true],
    ['gpt-4o-mini', false],
    ['gpt-4o-mini-2024-07-18', false],
    ['gpt-4', false],
  ])('A16: %s has the price of gpt-4o: %p', (model, expected) => {
    expect(priceOf({ 'gpt-4o': price }, model)).toBe(expected ? price : undefined);
  });

  it('A16: a release with a price of its own has that', () => {
    const own = { inputPerMillion: 1, outputPerMillion: 1 };

    expect(priceOf({ 'gpt-4o': price, 'gpt-4o-2024-08-06': own }, 'openai/gpt-4o-2024-08-06')).toBe(own);
  });

  it('A16: cached input tokens have a price of their own', () => {
    const usage = { inputTokens: 1000, cachedInputTokens: 400 };

    expect(savingsOf(usage, { ...price, cachedInputPerMillion: 0.5 }, 1, 0).cost).toBe(0.002);
    expect(savingsOf(usage, price, 1, 0).cost).toBe(0.003);
  });

  it('A16: 20,000 small amounts add up without an error', () => {
    const ledger = new SavingsLedger(10);
    const savings = savingsOf({ inputTokens: 1 }, { inputPerMillion: 2.85, outputPerMillion: 0 }, 1, 0);
    for (let i = 0; i < 20_000; i++) ledger.count(subject('op', 'm'), 'hits', savings);

    expect(ledger.stats(undefined).totals.costSaved).toBe(0.057);
  });

  it('A12: an answer without usage is counted as unmetered, not as unpriced', () => {
    const ledger = new SavingsLedger(10);
    ledger.count(subject('op', 'm'), 'hits', savingsOf(undefined, price, 1, 0));
    ledger.count(subject('op', 'm'), 'hits', savingsOf(undefined, undefined, 1, 0));

    expect(ledger.stats(undefined).totals).toMatchObject({ unmetered: 2, unpriced: 0, costSaved: 0 });
  });
});

describe('SavingsLedger', () => {
  it('counts in total, by operation and by model', () => {
    const ledger = new SavingsLedger(10);
    ledger.count(subject('summarize', 'small'), 'misses');
    ledger.count(
      subject('summarize', 'small'),
      'hits',
      savingsOf({ inputTokens: 100, outputTokens: 10 }, price, 50, 0),
    );
    ledger.count(
      subject('sentiment', 'large'),
      'collapsed',
      savingsOf({ inputTokens: 5 }, undefined, 50, 10),
    );
    ledger.count(subject('sentiment', 'large'), 'bypassed');
    ledger.count(subject('sentiment', 'large'), 'failures');
    ledger.countAlso(subject('summarize', 'small'), 'notStored');

    expect(ledger.stats(undefined)).toEqual({
      totals: {
        calls: 5,
        hits: 1,
        collapsed: 1,
        misses: 1,
        bypassed: 1,
        failures: 1,
        notStored: 1,
        notAccepted: 0,
        hitRatio: 1 / 3,
        inputTokensSaved: 105,
        outputTokensSaved: 10,
        costSaved: 0.00045,
        unpriced: 1,
        unmetered: 0,
        timeSavedMs: 90,
      },
      groups: [],
    });
    expect(ledger.stats('operation').groups).toMatchObject([
      { name: 'summarize', calls: 2, hits: 1, misses: 1, notStored: 1, hitRatio: 0.5 },
      { name: 'sentiment', calls: 3, collapsed: 1, bypassed: 1, failures: 1, hitRatio: 0 },
    ]);
    expect(ledger.stats('model').groups.map(({ name }) => name)).toEqual(['small', 'large']);
  });

  it('counts by tenant', () => {
    const ledger = new SavingsLedger(10);
    for (const tenant of ['acme', 'acme', 'other']) ledger.count(subject('op', 'm', tenant), 'misses');

    expect(ledger.stats('tenant').groups.map(({ name, misses }) => [name, misses])).toEqual([
      ['acme', 2],
      ['other', 1],
    ]);
  });

  it('keeps a bounded number of operations and models', () => {
    const ledger = new SavingsLedger(2);
    for (let i = 0; i < 100; i++) ledger.count(subject(`op${i}`, `model${i}`), 'misses');

    expect(ledger.stats('operation').groups.map(({ name, calls }) => [name, calls])).toEqual([
      ['op0', 1],
      ['op1', 1],
      ['(other)', 98],
    ]);
    expect(ledger.stats('model').groups).toHaveLength(3);
    expect(ledger.stats(undefined).totals.calls).toBe(100);
  });

  it('can be converted to JSON and back', () => {
    const ledger = new SavingsLedger(2);
    ledger.count(subject('op', 'm'), 'hits', savingsOf(undefined, undefined, 1, 0));
    const stats = ledger.stats('model');

    expect(JSON.parse(JSON.stringify(stats))).toEqual(stats);
  });
});
