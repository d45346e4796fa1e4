import { closingAfterEach } from '../../../../test/support/closing.js';
import { elapse } from '../../../../test/support/time.js';
import { ValidationError } from '../base/errors.js';
import { InMemoryCache } from '../cache/in-memory-cache.js';
import { CacheSpy } from '../testing/cache-spy.js';
import { LocalHits } from './local-hits.js';
import { NestThrottlerStorage } from './nest-throttler-storage.js';

const closing = closingAfterEach();
const memory = (): InMemoryCache => closing(new InMemoryCache());

describe('NestThrottlerStorage on a cache without Redis', () => {
  it('counts the throttlers of one key apart', async () => {
    const storage = new NestThrottlerStorage(memory());
    await storage.increment('key', 1000, 1, 1000, 'short');
    expect(await storage.increment('key', 1000, 1, 1000, 'long')).toMatchObject({ totalHits: 1 });
  });

  it('a limit of 0 lets no request pass, also not the first after a block', async () => {
    const hits = new LocalHits(10);
    for (let i = 0; i < 3; i++) {
      expect(hits.count('key', { windowMs: 1000, limit: 0, blockMs: 5 }).isBlocked).toBe(true);
      await elapse(10);
    }
  });

  it('keeps at most so many keys: the one whose last hit is the oldest starts anew', () => {
    const hits = new LocalHits(2);
    const limit = { windowMs: 1000, limit: 5, blockMs: 0 };
    for (const key of ['a', 'b', 'a', 'c']) hits.count(key, limit);
    expect(hits.size).toBe(2);
    expect(hits.count('a', limit).hits).toBe(3);
    expect(hits.count('b', limit).hits).toBe(1);
  });

  it('counts in this process on a test double, too', async () => {
    const storage = new NestThrottlerStorage(new CacheSpy(memory()));
    await storage.increment('key', 1000, 1, 1000, 'default');
    expect(await storage.increment('key', 1000, 1, 1000, 'default')).toMatchObject({ isBlocked: true });
  });

  it.each<[what: string, args: unknown[], message: string]>([
    ['a value that is no cache', [{}], 'NestThrottlerStorage needs a Cache'],
    ['an unknown option', [new InMemoryCache(), { onerror: 'pass' }], 'onError'],
    ['an unknown answer', [new InMemoryCache(), { onError: 'degrade' }], 'onError must be one of'],
    [
      'a bound of no keys',
      [new InMemoryCache(), { maxLocalKeys: 0 }],
      'maxLocalKeys must be a positive integer',
    ],
  ])('refuses %s', (_, args, message) => {
    const make = (): unknown => Reflect.construct(NestThrottlerStorage, args);
    expect(make).toThrow(ValidationError);
    expect(make).toThrow(message);
  });
});
