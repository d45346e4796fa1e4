import { Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { nestedArrays, supportedValues } from '../../../../test/support/supported-values.js';
import { SerializationError } from '../base/errors.js';
import { CacheTypes } from './cache-type.js';
import { snapshot, type SnapshotRules } from './snapshot.js';

const plain: SnapshotRules = { classes: 'plain', types: new CacheTypes(), maxNodes: 1000 };

class Named {
  name(): string {
    return 'Ann';
  }
}
class Private {
  #name = 'Ann';
  get name(): string {
    return this.#name;
  }
}
class Registry extends Map<string, number> {
  total(): number {
    return this.size;
  }
}
class Page extends Array<number> {}
class Dto {
  id = 1;
}
class Odd extends Error {
  get [Symbol.toStringTag](): string {
    return `${this.name} of ours`;
  }
}

function hidden(value: object): object {
  return Object.defineProperty(value, 'hidden', { value: 1 });
}

/** A proxy as reactive libraries make them: methods run on what is behind it. */
function bound<T extends object>(target: T): T {
  return new Proxy(target, {
    get: (it, name) => {
      const part: unknown = Reflect.get(it, name, it);
      return typeof part === 'function' ? (part.bind(it) as unknown) : part;
    },
  });
}

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

  it('states correctly whether plain JSON can represent the value', () => {
    const mostlyJson = fc.oneof(fc.jsonValue({ depthSize: 'small' }), supportedValues);
    fc.assert(
      fc.property(mostlyJson, (value) => {
        const { json, value: copy } = snapshot(value);

        expect(json).toBe(survivesJson(copy));
      }),
      { numRuns: 200 },
    );
  });

  it.each(['text', '', 0, 1, true, false, null])('returns the primitive %p unchanged', (value) => {
    expect(snapshot(value)).toEqual({ value, json: true, shares: false });
  });

  it('keeps Buffer a Buffer and Uint8Array a Uint8Array', () => {
    expect(Buffer.isBuffer(snapshot(Buffer.from('a')).value)).toBe(true);
    expect(Buffer.isBuffer(snapshot(new Uint8Array(1)).value)).toBe(false);
  });

  it.each([
    ['NaN', new Float32Array(1536).fill(NaN)],
    ['a part of its buffer', new Float64Array(new ArrayBuffer(8192), 8, 512).fill(-0)],
    ['shared memory', new Uint8Array(new SharedArrayBuffer(1000)).fill(7)],
    ['a hidden property', Object.defineProperty(new Uint8Array(1000), 'note', { value: 1 })],
  ])('copies a long typed array of %s', (_, view) => {
    const copy = snapshot(view).value;
    expect(copy).not.toBe(view);
    expect(copy).toEqual(view);
  });

  it('keeps only the visible bytes of a view', () => {
    const view = new Uint16Array(new ArrayBuffer(16), 4, 2).fill(7);

    const copy = snapshot(view).value as Uint16Array;

    expect(copy).toEqual(new Uint16Array([7, 7]));
    expect(copy.buffer.byteLength).toBe(4);
  });

  it('T62: copies a part that occurs twice once', () => {
    const shared = { a: 1 };

    const taken = snapshot([shared, shared]);
    const copy = taken.value as object[];

    expect(copy).toEqual([{ a: 1 }, { a: 1 }]);
    expect(copy[0]).toBe(copy[1]);
    expect(copy[0]).not.toBe(shared);
    // JSON carries it all the same, where nobody minds that it is twice there.
    expect(taken).toMatchObject({ shares: true, json: true });
  });

  it('T62: takes a tree of a million paths and twenty objects', () => {
    let tree: object = {};
    for (let level = 0; level < 20; level++) tree = { left: tree, right: tree };

    const copy = snapshot(tree, { ...plain, maxNodes: 100 }).value as { left: object; right: object };

    expect(copy.left).toBe(copy.right);
  });

  it('T62: copies a Date each time, since it is no larger than a reference', () => {
    const now = new Date(5);
    expect(snapshot({ createdAt: now, updatedAt: now })).toMatchObject({ shares: false });
  });

  it('makes null-prototype objects plain, holes undefined, and subclasses their base', () => {
    class Registry extends Map<string, number> {}
    const bare: unknown = Object.assign(Object.create(null), { a: 1 });

    expect(snapshot(bare)).toStrictEqual({ value: { a: 1 }, json: true, shares: false });
    expect(snapshot(Object.assign([1], { 2: 3 }))).toStrictEqual({
      value: [1, undefined, 3],
      json: false,
      shares: false,
    });
    expect(snapshot(new Registry([['a', 1]])).value).toStrictEqual(new Map([['a', 1]]));
  });

  it("keeps '__proto__' as data and pollutes nothing", () => {
    const value: unknown = JSON.parse('{"__proto__":{"polluted":true}}');

    const copy = snapshot(value).value as object;

    expect(Object.keys(copy)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
    expect('polluted' in {}).toBe(false);
  });

  it('T6: with plain, turns instances into their toJSON(), or else their own enumerable properties', () => {
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

    expect(snapshot([new Money(5), new Point()], plain)).toStrictEqual({
      value: [{ at: new Date(5), part: { x: 1 } }, { x: 1 }],
      json: false,
      shares: false,
    });
  });

  it('accepts a toJSON that returns its own object', () => {
    class Self {
      a = 1;
      toJSON(): this {
        return this;
      }
    }

    expect(snapshot(new Self(), plain).value).toStrictEqual({ a: 1 });
  });

  it('T6: stores an instance of a class with only properties as a plain object', () => {
    class Dto {
      id = 1;
      at = new Date(5);
    }

    expect(snapshot([new Dto()]).value).toStrictEqual([{ id: 1, at: new Date(5) }]);
  });

  it('T2: reads a proxied Map, Set and Date through the methods of their target', () => {
    const value = { map: bound(new Map([['a', 1]])), set: bound(new Set([1])), at: bound(new Date(5)) };

    expect(snapshot(value).value).toStrictEqual({
      map: new Map([['a', 1]]),
      set: new Set([1]),
      at: new Date(5),
    });
  });

  it('ignores a property toJSON that is not a function', () => {
    expect(snapshot({ toJSON: 1 })).toEqual({ value: { toJSON: 1 }, json: true, shares: false });
  });

  it('ignores symbol properties that are not enumerable', () => {
    const value = Object.defineProperty({ a: 1 }, Symbol('hidden'), { value: 1, enumerable: false });

    expect(snapshot(value).value).toStrictEqual({ a: 1 });
  });

  it('accepts 1000 levels', () => {
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
    ['a Promise', { p: Promise.resolve(1) }, 'Promise cannot be stored (at $.p): await it first'],
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
    [
      'T1: an instance with methods',
      { user: new Named() },
      "an instance of Named would lose its methods: give 'as: Named'",
    ],
    [
      'T1: an instance with private state',
      [new Private()],
      'an instance of Private would lose its private state',
    ],
    ['T6: a Map of a class with methods', new Registry(), 'an instance of Registry would lose its methods'],
    [
      'T6: a Map with properties',
      Object.assign(new Map(), { a: 1 }),
      'this Map would lose its own properties',
    ],
    ...[2, 10_000].map((length): [string, unknown, string] => [
      `a Uint8Array of ${length} with properties`,
      { bytes: Object.assign(new Uint8Array(length), { note: 1 }) },
      'this Uint8Array would lose its own properties',
    ]),
    [
      'a Float32Array of NaN with properties',
      Object.assign(new Float32Array(1536).fill(NaN), { note: 1 }),
      'this Float32Array would lose its own properties',
    ],
    [
      'T6: an array of a class with properties',
      Object.assign(new Page(1), { total: 5 }),
      'an instance of Page would lose its own properties',
    ],
    [
      'T6: an instance with hidden properties',
      hidden(new Dto()),
      'an instance of Dto would lose its hidden properties',
    ],
    ['T2: an Error with a name of its own', { e: new Odd() }, 'Error cannot be stored (at $.e)'],
    ['T2: a proxy of binary data', bound(new Uint8Array(2)), 'a proxy of Uint8Array cannot be stored'],
    ['T2: a proxy of a Buffer', bound(Buffer.from('a')), 'cannot be stored'],
    ['T2: a proxy of a Promise', bound(Promise.resolve(1)), 'Promise cannot be stored'],
    ['T2: a proxy that does not answer', new Proxy(new Map(), {}), 'a proxy of Map cannot be stored'],
    [
      'T62: an endless empty array',
      { list: new Array(4_000_000) },
      'value has more than 2000000 parts (advanced.maxValueNodes) (at $.list',
    ],
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

  it('T2: the plain form of private state, which is empty', () => {
    expect(() => snapshot(new Private(), plain)).toThrow(/plain form of an instance of Private is empty/);
  });

  it('T62: a value with too many parts, at any depth', () => {
    const rules = { ...plain, maxNodes: 5 };
    expect(snapshot([1, [2], 3], rules).value).toEqual([1, [2], 3]);
    expect(() => snapshot([1, [2, 3], 4], rules)).toThrow(
      'value has more than 5 parts (advanced.maxValueNodes)',
    );
    expect(() => snapshot({ a: 1, b: new Set([1, 2, 3]) }, rules)).toThrow(/5 parts.*\$\.b/);
  });

  it('a value that throws while it is read, with path and cause', () => {
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
