import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { deferred } from '../../../../../test/support/deferred.js';
import { heldLoad } from '../../../../../test/support/loads.js';
import { ManualClock } from '../../../../../test/support/manual-clock.js';
import { InMemoryCache } from '../in-memory-cache.js';

let clock: ManualClock;
let cache: InMemoryCache;
beforeEach(() => {
  clock = new ManualClock();
  cache = new InMemoryCache({ advanced: { clock } });
});
afterEach(() => cache.close());

const down = (): never => {
  throw new Error('the origin is down');
};

describe('version of a call', () => {
  it('a value of another version is a miss, and counts', async () => {
    await cache.set('key', 'one', { version: 1 });
    expect(await cache.getOrSet('key', () => 'two', { version: 2 })).toBe('two');
    expect(cache.stats()).toMatchObject({ hits: 0, misses: 1, otherVersion: 1 });
    expect(await cache.getOrSet('key', () => 'three', { version: 2 })).toBe('two');
    expect(cache.stats()).toMatchObject({ hits: 1, misses: 1 });
  });

  it('a value without a version is one of another version', async () => {
    await cache.set('key', 'none');
    expect(await cache.getOrSet('key', () => 'one', { version: 1 })).toBe('one');
  });

  it('calls that name none take any', async () => {
    await cache.set('key', 'one', { version: 1 });
    expect([await cache.get('key'), await cache.getOrSet('key', () => 'two')]).toEqual(['one', 'one']);
  });

  it('a stale value of another version is not served', async () => {
    await cache.set('key', 'one', { version: 1, ttl: 1, grace: 60 });
    clock.advance(1000);
    await expect(cache.getOrSet('key', down, { version: 2 })).rejects.toThrow('down');
    await expect(cache.getOrSet('key', down, { version: 1 })).resolves.toBe('one');
  });

  it('a load of another version is not joined, and its value is not stored', async () => {
    const first = await heldLoad(cache, { version: 1 });
    const second = await heldLoad(cache, { version: 2 });
    first.succeed('one');
    second.succeed('two');
    expect([await first.value, await second.value]).toEqual(['one', 'two']);
    expect(await cache.getOrSet('key', down, { version: 2 })).toBe('two');
  });

  it('a load of the same version is joined', async () => {
    const gate = deferred<string>();
    const calls = [1, 2].map(() => cache.getOrSet('key', () => gate.promise, { version: 1 }));
    gate.resolve('one');
    expect(await Promise.all(calls)).toEqual(['one', 'one']);
    expect(cache.stats().loads).toBe(1);
  });

  it.each([0, -1, 1.5, '2', NaN, 2 ** 32])('refuses %p', async (version) => {
    const options = { version: version as number };
    await expect(cache.set('key', 1, options)).rejects.toThrow('version must be a whole number from 1');
  });
});

describe('version of a cache', () => {
  it('holds for calls that name none', async () => {
    const versioned = new InMemoryCache({ version: 2 });
    await versioned.set('own', 1);
    await versioned.set('other', 1, { version: 1 });
    expect(await versioned.getMany(['own', 'other'])).toEqual(new Map([['own', 1]]));
    expect([await versioned.get('other'), await versioned.has('other')]).toEqual([undefined, false]);
    expect(await versioned.getOrSet('other', () => 2)).toBe(2);
    await versioned.close();
  });

  it('refuses what is none', () => {
    expect(() => new InMemoryCache({ version: 0 })).toThrow('version must be a whole number from 1');
  });
});
