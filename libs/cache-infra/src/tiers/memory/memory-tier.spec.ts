import { jest } from '@jest/globals';

import { InMemoryCache } from '../../cache/in-memory-cache.js';
import { L1Entry } from './l1-entry.js';
import { MemoryTier } from './memory-tier.js';

const clock = { now: () => Date.now() };
const tiers: { close(): unknown }[] = [];

function tier(maxSize: number, onEvict: (id: string) => void = () => undefined): MemoryTier {
  const made = new MemoryTier({ maxSize, clock, onEvict });
  tiers.push(made);
  return made;
}

function record(lifeMs: number): L1Entry {
  return new L1Entry('value', lifeMs === Infinity ? Infinity : Date.now() + lifeMs, undefined);
}

beforeEach(() => {
  jest.useFakeTimers({ now: 0, doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
});
afterEach(() => {
  for (const made of tiers.splice(0)) made.close();
  expect(jest.getTimerCount()).toBe(0);
  jest.useRealTimers();
});

describe('an L1 with a bound in bytes', () => {
  const text = 'x'.repeat(1000);

  function bounded(maxBytes: number) {
    const evicted: string[] = [];
    const onTooLarge = jest.fn();
    const onEvict = (id: string): void => void evicted.push(id);
    const made = new MemoryTier({ maxSize: 1000, maxBytes, clock, onEvict, onTooLarge });
    tiers.push(made);
    return { made, evicted, onTooLarge };
  }

  it('evicts the oldest entries until all fit, and spares one that is used', () => {
    const { made, evicted } = bounded(10_000);
    for (let i = 0; i < 8; i++) made.setPlain(String(i), text, Infinity);
    made.held('0');
    for (let i = 8; i < 20; i++) {
      made.setPlain(String(i), text, Infinity);
      made.held('0');
    }
    expect(made.bytes).toBeLessThanOrEqual(10_000);
    expect(made.size).toBe(9);
    expect(made.held('0')).toBe(text);
    expect(evicted).toEqual(Array.from({ length: 11 }, (_, i) => String(i + 1)));
  });

  it('refuses an entry larger than a quarter of the bound, and deletes the older one', () => {
    const { made, evicted, onTooLarge } = bounded(10_000);
    expect(made.setPlain('plain', text, Infinity)).toBe(true);
    expect(made.set('record', new L1Entry(text, Infinity, undefined))).toBe(true);
    expect(made.setPlain('plain', 'x'.repeat(2500), Infinity)).toBe(false);
    expect(made.set('record', new L1Entry('x'.repeat(2500), Infinity, undefined))).toBe(false);
    expect(onTooLarge).toHaveBeenCalledTimes(2);
    expect(made).toMatchObject({ size: 0, bytes: 0 });
    expect(evicted).toEqual([]);
  });

  it('counts an entry anew when the object that it keeps by reference has grown', () => {
    const { made } = bounded(100_000);
    const list: string[] = [];
    made.setPlain('list', list, Infinity);
    const before = made.bytes;
    for (let i = 0; i < 10; i++) list.push(text);
    made.setPlain('list', list, Infinity);
    expect(made.bytes).toBeGreaterThan(before + 10_000);
  });

  it('gives the bytes of deleted, expired and cleared entries back', () => {
    const { made } = bounded(100_000);
    made.setPlain('a', text, Infinity);
    made.setPlain('b', text, 10);
    made.delete('a');
    jest.advanceTimersByTime(60_000);
    expect(made.bytes).toBe(0);
    made.setPlain('c', text, Infinity);
    made.clear();
    expect(made.bytes).toBe(0);
  });

  it('computes no size without a bound', () => {
    const made = tier(10);
    made.setPlain('a', text, Infinity);
    expect(made.bytes).toBe(0);
  });
});

describe('pitfall (nestjs/cache-manager #805) expired entries leave memory without being read', () => {
  it('in a cache', async () => {
    const cache = new InMemoryCache({ advanced: { clock } });
    tiers.push(cache);
    for (let i = 0; i < 100; i++) await cache.set(`short:${String(i)}`, i, 10);
    await cache.set('long', 1, '1h');
    await cache.set('for ever', 1, 0);
    expect(cache.stats().size).toBe(102);
    jest.advanceTimersByTime(60_000);
    expect(cache.stats()).toMatchObject({ size: 2, evictions: 0, deletes: 0 });
    expect(await cache.get('long')).toBe(1);
  });

  it('repeatedly, as long as entries can expire', () => {
    const entries = tier(100);
    entries.set('a', record(10_000));
    entries.set('b', record(100_000));
    jest.advanceTimersByTime(40_000);
    expect(entries.size).toBe(1);
    jest.advanceTimersByTime(100_000);
    expect(entries.size).toBe(0);
    expect(jest.getTimerCount()).toBe(0);
    entries.set('c', record(10_000));
    jest.advanceTimersByTime(60_000);
    expect(entries.size).toBe(0);
  });

  it('in slices: no long pause for a large L1', () => {
    const entries = tier(20_000);
    for (let i = 0; i < 20_000; i++) entries.set(String(i), record(1000));
    jest.advanceTimersByTime(30_000);
    expect(entries.size).toBe(15_000);
    jest.advanceTimersByTime(1000);
    expect(entries.size).toBe(0);
  });

  it('also while writes run in the pauses', () => {
    const entries = tier(40_000);
    for (let i = 0; i < 20_000; i++) entries.set(String(i), record(1000));
    jest.advanceTimersByTime(30_000);
    for (let i = 0; i < 100; i++) {
      entries.set(`new:${String(i)}`, record(Infinity));
      jest.advanceTimersByTime(10);
    }
    expect(entries.size).toBe(100);
  });

  it('entries that never expire need no timer', () => {
    const entries = tier(10);
    entries.set('a', record(Infinity));
    expect(jest.getTimerCount()).toBe(0);
  });

  it('guarantee 10: close leaves no timer, also in the middle of a sweep', () => {
    const entries = tier(20_000);
    for (let i = 0; i < 20_000; i++) entries.set(String(i), record(1000));
    jest.advanceTimersByTime(30_000);
    entries.close();
    expect(jest.getTimerCount()).toBe(0);
    entries.set('late', record(1000));
    expect(entries.size).toBe(0);
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('MemoryTier', () => {
  it('reports evicted entries, and no others', () => {
    const evicted: string[] = [];
    const entries = tier(2, (id) => evicted.push(id));
    for (const id of ['a', 'b', 'b', 'c']) entries.set(id, record(1000));
    entries.delete('b');
    entries.clear();
    expect(evicted).toEqual(['a']);
  });

  it('deletes by condition, and counts', () => {
    const entries = tier(10);
    for (const id of ['a1', 'a2', 'b1']) entries.set(id, record(1000));
    const shown: unknown[] = [];
    const deleted = entries.deleteWhere(
      (id) => id.startsWith('a'),
      ({ value }) => shown.push(value),
    );
    expect(deleted).toBe(2);
    expect(shown).toEqual(['value', 'value']);
    expect(entries.size).toBe(1);
  });

  it('deletes by condition expired entries, too', () => {
    const entries = tier(10);
    entries.set('a', record(1000));
    entries.set('b', record(2000));
    jest.setSystemTime(1500);
    expect(entries.size).toBe(2);
    const deleted = entries.deleteWhere(
      () => true,
      () => undefined,
    );
    expect(deleted).toBe(2);
    expect(entries.size).toBe(0);
  });
});

describe('a plain value lives exactly as long as a record', () => {
  it.each([0, 1, 1_900_000_000_000])('on a clock that stands at %d', (start) => {
    let now = start;
    const entries = new MemoryTier({ maxSize: 10, clock: { now: () => now }, onEvict: () => undefined });
    tiers.push(entries);
    const until = start + 1000;
    entries.set('key', new L1Entry('value', until, undefined));
    now = until - 1;
    expect(entries.held('key')).toBe('value');
    expect(entries.get('key')).toEqual(new L1Entry('value', until, undefined));
    now = until;
    expect(entries.held('key')).toBeUndefined();
    expect(entries.get('key')).toBeUndefined();
    expect(entries.size).toBe(0);
  });

  it.each([0, 0.25, 0.5, -5])('with %d ms', (left) => {
    let now = 1000;
    const entries = new MemoryTier({ maxSize: 10, clock: { now: () => now }, onEvict: () => undefined });
    tiers.push(entries);
    entries.set('key', new L1Entry('value', now + left, undefined));
    now += 1;
    expect(entries.held('key')).toBeUndefined();
  });

  it('also null, and a value that never expires', () => {
    let now = 1000;
    const entries = new MemoryTier({ maxSize: 10, clock: { now: () => now }, onEvict: () => undefined });
    tiers.push(entries);
    entries.set('null', new L1Entry(null, 2000, undefined));
    entries.set('ever', new L1Entry('value', Infinity, undefined));
    now = 1999;
    expect(entries.held('null')).toBeNull();
    expect(entries.get('null')).toEqual(new L1Entry(null, 2000, undefined));
    now = 1e15;
    expect(entries.get('ever')).toEqual(new L1Entry('value', Infinity, undefined));
    expect(entries.held('null')).toBeUndefined();
  });

  it('a new ttl replaces the old one, longer or shorter', () => {
    let now = 1000;
    const entries = new MemoryTier({ maxSize: 10, clock: { now: () => now }, onEvict: () => undefined });
    tiers.push(entries);
    entries.set('longer', new L1Entry('value', 2000, undefined));
    entries.set('longer', new L1Entry('value', Infinity, undefined));
    entries.set('shorter', new L1Entry('value', Infinity, undefined));
    entries.set('shorter', new L1Entry('value', 2000, undefined));
    now = 2000;
    expect(entries.held('longer')).toBe('value');
    expect(entries.held('shorter')).toBeUndefined();
  });
});
