import { priceOf, savingsOf, SavingsLedger } from './savings.js';

const price = { inputPerMillion: 3, outputPerMillion: 15 };

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
    expect(savingsOf(undefined, undefined, 1, 5)).toEqual({ inputTokens: 0, outputTokens: 0, timeMs: 0 });
  });

  it.each([[NaN], [-5], [Infinity], [undefined]])('no tokens when the provider says %d', (inputTokens) => {
    expect(savingsOf({ inputTokens }, price, 1, 0)).toMatchObject({ inputTokens: 0, cost: 0 });
  });

  it('is priced by the model that answered, else by the one that was asked', () => {
    const prices = { asked: price, answered: { inputPerMillion: 1, outputPerMillion: 1 } };

    expect(priceOf(prices, 'answered', 'asked')).toBe(prices.answered);
    expect(priceOf(prices, undefined, 'asked')).toBe(price);
    expect(priceOf(prices, 'unknown', 'constructor')).toBeUndefined();
  });
});

describe('SavingsLedger', () => {
  it('counts in total, by operation and by model', () => {
    const ledger = new SavingsLedger(10);
    ledger.count('summarize', 'small', 'misses');
    ledger.count(
      'summarize',
      'small',
      'hits',
      savingsOf({ inputTokens: 100, outputTokens: 10 }, price, 50, 0),
    );
    ledger.count('sentiment', 'large', 'collapsed', savingsOf({ inputTokens: 5 }, undefined, 50, 10));
    ledger.count('sentiment', 'large', 'bypassed');
    ledger.count('sentiment', 'large', 'failures');
    ledger.countNotStored('summarize', 'small');

    expect(ledger.stats(undefined)).toEqual({
      totals: {
        calls: 5,
        hits: 1,
        collapsed: 1,
        misses: 1,
        bypassed: 1,
        failures: 1,
        notStored: 1,
        hitRatio: 1 / 3,
        inputTokensSaved: 105,
        outputTokensSaved: 10,
        costSaved: 0.00045,
        unpriced: 1,
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

  it('keeps a bounded number of operations and models', () => {
    const ledger = new SavingsLedger(2);
    for (let i = 0; i < 100; i++) ledger.count(`op${i}`, `model${i}`, 'misses');

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
    ledger.count('op', 'm', 'hits', savingsOf(undefined, undefined, 1, 0));
    const stats = ledger.stats('model');

    expect(JSON.parse(JSON.stringify(stats))).toEqual(stats);
  });
});
