import { ValidationError } from '../base/errors.js';
import { InMemoryCache } from './in-memory-cache.js';

describe('an argument too many (kind 8)', () => {
  const calls: readonly (readonly [method: string, args: readonly unknown[]])[] = [
    ['delete', ['a', 'b']],
    ['expire', ['a', 'b']],
    ['deleteMany', [['a'], ['b']]],
    ['invalidatePattern', ['a*', 'b*']],
    ['clear', ['a']],
  ];

  it.each(calls)('%s is refused, and nothing is removed', async (method, args) => {
    await using cache = new InMemoryCache();
    await cache.setMany([
      ['a', 1],
      ['b', 2],
    ]);
    const call = Reflect.get(cache, method) as (...given: unknown[]) => Promise<unknown>;
    await expect(call.apply(cache, [...args])).rejects.toThrow(ValidationError);
    await expect(call.apply(cache, [...args])).rejects.toThrow(`${method}() got 1 argument(s) too many`);
    expect(cache.stats().size).toBe(2);
  });
});
