import { callPairs, pairOutcome } from '../../../../test/support/call-pairs.js';
import { closingAfterEach } from '../../../../test/support/closing.js';
import { InMemoryCache } from './in-memory-cache.js';

const closing = closingAfterEach();

describe('T36: of two calls that are not awaited, the last one called wins', () => {
  it.each(callPairs)('T36: %s, then %s', async (...pair) => {
    const { seen, right } = await pairOutcome(() => Promise.resolve(closing(new InMemoryCache())), pair);
    expect(right).toContain(seen);
  });
});
