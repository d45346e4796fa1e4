import { Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { nestedArrays, supportedValues } from '../../../../test/support/supported-values.js';
import { SerializationError } from '../errors.js';
import { snapshot } from './snapshot.js';

describe('snapshot', () => {
  it('equals the value and shares no part of it', () => {
    fc.assert(
      fc.property(supportedValues, (value) => {
        const copy = snapshot(value).value;

        expect(isDeepStrictEqual(copy, value)).toBe(true);
        expect(sharedParts(copy, value)).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  it('says truly whether plain JSON carries the value', () => {
    const mostlyJson = fc.oneof(fc.jsonValue({ depthSize: 'small' }), supportedValues);
    fc.assert(
      fc.property(mostlyJson, (value) => {
        const { json, value: copy } = snapshot(value);

        expect(json).toBe(survivesJson(copy));
      }),
      { numRuns: 200 },
    );
  });

  it.each(['text', '', 0, 1, true, false, null])('gives the primitive %p back', (value) => {
    expect(snapshot(value)).toEqual({ value, json: true });
  });

  it('keeps Buffer a Buffer and Uint8Array a Uint8Array', () => {
    expect(Buffer.isBuffer(snapshot(Buffer.from('a')).value)).toBe(true);
    expect(Buffer.isBuffer(snapshot(new Uint8Array(1)).value)).toBe(false);
  });

  it('keeps of a view only what it shows', () => {
    const view = new Uint16Array(new ArrayBuffer(16), 4, 2).fill(7);

    const copy = snapshot(view).value as Uint16Array;

    expect(copy).toEqual(new Uint16Array([7, 7]));
    expect(copy.buffer.byteLength).toBe(4);
  });

  it('copies a part that occurs twice', () => {
    const shared = { a: 1 };

    const copy = snapshot([shared, shared]).value as object[];

    expect(copy).toEqual([{ a: 1 }, { a: 1 }]);
    expect(copy[0]).not.toBe(copy[1]);
  });

  it('makes null-prototype objects plain, holes undefined, and subclasses their base', () => {
    class Registry extends Map<string, number> {}
    const bare: unknown = Object.assign(Object.create(null), { a: 1 });

    expect(snapshot(bare)).toStrictEqual({ value: { a: 1 }, json: true });
    expect(snapshot(Object.assign([1], { 2: 3 }))).toStrictEqual({ value: [1, undefined, 3], json: false });
    expect(snapshot(new Registry([['a', 1]])).value).toStrictEqual(new Map([['a', 1]]));
  });

  it("keeps '__proto__' as data and pollutes nothing", () => {
    const value: unknown = JSON.parse('{"__proto__":{"polluted":true}}');

    const copy = snapshot(value).value as object;

    expect(Object.keys(copy)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
    expect('polluted' in {}).toBe(false);
  });

  it('makes instances what toJSON says, or else their own enumerable properties', () => {
    class Money {
      constructor(readonly cents: number) {}
      toJSON(): unknown {
        return { at: new Date(this.cents), part: new Point() };
      }
    }
    class Point {
      x = 1;
      get length(): number {
        return this.x * 5;
      }
    }

    expect(snapshot([new Money(5), new Point()])).toStrictEqual({
      value: [{ at: new Date(5), part: { x: 1 } }, { x: 1 }],
      json: false,
    });
  });

  it('copes with a toJSON that returns its own object', () => {
    class Self {
      a = 1;
      toJSON(): this {
        return this;
      }
    }

    expect(snapshot(new Self()).value).toStrictEqual({ a: 1 });
  });

  it('ignores a property toJSON that is no function', () => {
    expect(snapshot({ toJSON: 1 })).toEqual({ value: { toJSON: 1 }, json: true });
  });

  it('ignores symbol properties that are not enumerable', () => {
    const value = Object.defineProperty({ a: 1 }, Symbol('hidden'), { value: 1, enumerable: false });

    expect(snapshot(value).value).toStrictEqual({ a: 1 });
  });

  it('takes 1000 levels', () => {
    const value = nestedArrays(1000);

    expect(JSON.stringify(snapshot(value).value)).toBe(JSON.stringify(value));
  });
});

describe('snapshot refuses', () => {
  const circular: Record<string, unknown> = {};
  circular['self'] = { again: [circular] };
  const circularMap = new Map<string, unknown>();
  circularMap.set('me', circularMap);
  function* numbers(): Generator<number> {
    yield 1;
  }

  it('seed S10.135 circular values, with a TypeError', () => {
    expect(() => snapshot(circular)).toThrow(TypeError);
    expect(() => snapshot(circular)).toThrow('circular value is not supported (at $.self.again[0])');
    expect(() => snapshot(circularMap)).toThrow('circular value is not supported (at $.get("me"))');
  });

  it.each<[string, unknown, string]>([
    ['a function', () => 1, 'function cannot be stored (at $)'],
    ['a class', Readable, 'function cannot be stored (at $)'],
    ['a symbol', { a: [Symbol('s')] }, 'symbol cannot be stored (at $.a[0])'],
    [
      'a symbol as a name',
      { b: { [Symbol('s')]: 1 } },
      'symbol as a property name cannot be stored (at $.b)',
    ],
    ['a Promise', { p: Promise.resolve(1) }, 'Promise cannot be stored (at $.p)'],
    [
      'a thenable',
      new (class {
        then() {}
      })(),
      'thenable (an await is missing?) cannot be stored',
    ],
    ['a WeakMap', new WeakMap(), 'WeakMap'],
    ['a WeakSet', new WeakSet(), 'WeakSet'],
    ['a WeakRef', new WeakRef({}), 'WeakRef'],
    ['an Error', { e: new RangeError('x') }, 'Error cannot be stored (at $.e)'],
    ['a RegExp', { 'a b': /x/ }, 'RegExp cannot be stored (at $["a b"])'],
    ['a URL', new URL('http://a.b'), 'URL cannot be stored'],
    ['URLSearchParams', new URLSearchParams('a=b'), 'URLSearchParams'],
    ['Headers', new Headers(), 'Headers'],
    ['a Blob', new Blob([]), 'Blob'],
    ['Intl', new Intl.NumberFormat(), 'Intl.NumberFormat'],
    ['a boxed primitive', Object(5), 'Number'],
    ['a DataView', new DataView(new ArrayBuffer(1)), 'DataView'],
    ['SharedArrayBuffer', new SharedArrayBuffer(1), 'SharedArrayBuffer'],
    ['a Node stream', { s: Readable.from([]) }, 'stream cannot be stored (at $.s)'],
    ['a web stream', new ReadableStream(), 'ReadableStream'],
    ['a generator', numbers(), 'Generator'],
    ['an iterator', [1].values(), 'Array Iterator'],
    ['a function in a Map', new Map([[1, () => 1]]), 'function cannot be stored (at $.values()[0])'],
    ['a function as a Map key', new Map([[() => 1, 1]]), 'function cannot be stored (at $.keys()[0])'],
    ['a function in a Set', new Set([() => 1]), 'function cannot be stored (at $.values()[0])'],
    ['1001 levels', nestedArrays(1001), 'value is nested deeper than 1000 levels (at $[0][0]'],
    ['100 000 levels', nestedArrays(100_000), 'value is nested deeper than 1000 levels'],
    ['toJSON without a result', { toJSON: () => undefined }, 'toJSON() returned undefined'],
    ['toJSON without end', endless(), 'value is nested deeper than 1000 levels'],
  ])('%s', (_, value, message) => {
    expect(() => snapshot(value)).toThrow(SerializationError);
    expect(() => snapshot(value)).toThrow(message);
  });

  it('what throws while it is read, with path and cause', () => {
    const cause = new Error('no');
    const value = {
      list: [
        {
          get broken(): never {
            throw cause;
          },
        },
      ],
    };

    expect.assertions(2);
    try {
      snapshot(value);
    } catch (error) {
      expect(error).toBeInstanceOf(SerializationError);
      expect(error).toMatchObject({ path: '$.list[0].broken', cause });
    }
  });
});

function endless(): object {
  return { toJSON: endless };
}

function survivesJson(value: unknown): boolean {
  try {
    return isDeepStrictEqual(JSON.parse(JSON.stringify(value)), value);
  } catch {
    return false;
  }
}

/** Objects that occur in both. */
function sharedParts(a: unknown, b: unknown): object[] {
  const parts = partsOf(b);
  return [...partsOf(a)].filter((part) => parts.has(part));
}

function partsOf(value: unknown, found = new Set<object>()): Set<object> {
  if (typeof value !== 'object' || value === null) return found;
  found.add(value);
  if (ArrayBuffer.isView(value)) return found.add(value.buffer);
  const parts =
    value instanceof Map ? [...value].flat() : value instanceof Set ? [...value] : Object.values(value);
  for (const part of parts) partsOf(part, found);
  return found;
}
