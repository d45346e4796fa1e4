import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { supportedValues } from '../../../../test/support/supported-values.js';
import { cloneValue, deepFreeze } from './clone.js';
import { snapshot } from './snapshot.js';

describe('cloneValue', () => {
  it('equals the value', () => {
    fc.assert(
      fc.property(supportedValues, (value) => {
        expect(isDeepStrictEqual(cloneValue(value), value)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it('is independent of the value (pitfall: cache-manager, one request changed the data of another)', () => {
    const original = {
      list: [{ a: 1 }],
      map: new Map([[{ k: 1 }, { v: 1 }]]),
      set: new Set([{ s: 1 }]),
      date: new Date(0),
      buffer: Buffer.from('abc'),
      floats: new Float32Array([1, 2]),
      bytes: new ArrayBuffer(2),
    };
    const before = snapshot(original).value;
    const copy = cloneValue(original);

    copy.list[0]!.a = 2;
    copy.list.push({ a: 3 });
    for (const [key, value] of copy.map) key.k = value.v = 2;
    for (const item of copy.set) item.s = 2;
    copy.date.setTime(1);
    copy.buffer.fill(0);
    copy.floats.fill(0);
    new Uint8Array(copy.bytes).fill(1);

    expect(original).toStrictEqual(before);
  });

  it("keeps '__proto__' as data", () => {
    const copy = cloneValue(JSON.parse('{"__proto__":{"polluted":[1]},"a":{}}') as object);

    expect(JSON.stringify(copy)).toBe('{"__proto__":{"polluted":[1]},"a":{}}');
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
  });

  it('copies objects of unknown kinds by their properties', () => {
    expect(cloneValue(Object.assign(Object.create(null), { a: { b: 1 } }))).toStrictEqual({ a: { b: 1 } });
  });
});

describe('deepFreeze', () => {
  it('freezes all of a value and returns it', () => {
    const value = { a: [{ b: 1 }, null], c: 'text' };

    expect(deepFreeze(value)).toBe(value);

    expect([value, value.a, value.a[0]].every((part) => Object.isFrozen(part))).toBe(true);
  });

  it.each([new Map(), new Set(), new Date(), Buffer.from('a'), new Float64Array(1), new ArrayBuffer(1)])(
    'leaves a value with %p in it unfrozen as a whole',
    (part) => {
      const value = { first: { a: 1 }, list: [part] };

      deepFreeze(value);

      expect([value, value.first, value.list].some((it) => Object.isFrozen(it))).toBe(false);
    },
  );

  it.each(['text', 1, null, undefined])('returns the primitive %p unchanged', (value) => {
    expect(deepFreeze(value)).toBe(value);
  });
});
