import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { SerializationError } from '../base/errors.js';
import { canonicalForm, canonicalJson } from './canonical-json.js';
import { sha256 } from './digest.js';
import { FrozenTexts } from './frozen-texts.js';

describe('canonicalJson of JSON data', () => {
  it('is RFC 8785: the example of §3.2.2', () => {
    const value = {
      numbers: [333333333.3333333, 1e30, 4.5, 2e-3, 1e-27],
      string: '\u20ac$\u000f\u000aA\u0027\u0042\u0022\u005c\\"\u002f',
      literals: [null, true, false],
    };

    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it('orders names by UTF-16 code units: RFC 8785 §3.2.3', () => {
    const value = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };

    const order = Array.from(canonicalJson(value).matchAll(/:(\d)/g), ([, digit]) => digit).join('');

    expect(order).toBe('2467153');
  });

  it('orders many names in the same way', () => {
    const names = Array.from({ length: 100 }, (_, i) => `n${(i * 37) % 100}`);
    const order = Object.keys(
      parsedJson(canonicalJson(Object.fromEntries(names.map((it) => [it, 1])))) as object,
    );

    expect(order).toEqual([...names].sort());
  });

  it('does not depend on the order of properties (pitfall: key order changed the key)', () => {
    expect(canonicalJson({ a: 1, b: { c: 2, d: 3 } })).toBe(canonicalJson({ b: { d: 3, c: 2 }, a: 1 }));
  });

  it('parses back to the same data', () => {
    fc.assert(
      fc.property(fc.json().map(parsedJson), (value) => {
        expect(parsedJson(canonicalJson(value))).toEqual(value);
      }),
    );
  });
});

describe('canonicalJson beyond JSON', () => {
  it.each<[unknown, string]>([
    [undefined, '!undefined'],
    [Object.assign([undefined], { 2: 1 }), '[!undefined,!empty,1]'],
    [{ a: undefined }, '{"a":!undefined}'],
    [NaN, '!NaN'],
    [-Infinity, '!-Infinity'],
    [-0, '!-0'],
    [12n, '!bigint(12)'],
    [new Date(5), '!Date(5)'],
    [new Date(NaN), '!Date(NaN)'],
    [
      new Map<unknown, unknown>([
        ['b', 1],
        ['a', new Map()],
      ]),
      '!Map(["a",!Map()],["b",1])',
    ],
    [new Set(['b', 'a']), '!Set("a","b")'],
    [/a"b/gi, '!RegExp("a\\"b","gi")'],
    [new URL('http://a.b/c'), '!URL("http://a.b/c")'],
    [Buffer.from('abc'), '!Buffer(3:YWJj)'],
    [new Uint8Array([97, 98, 99]), '!Uint8Array(3:YWJj)'],
    [new Uint8Array([0, 97, 98, 99]).subarray(1), '!Uint8Array(3:YWJj)'],
    [new Uint8Array([97]).buffer, '!ArrayBuffer(1:YQ)'],
    [new Float64Array(1), '!Float64Array(8:AAAAAAAAAAA)'],
    [new DataView(new ArrayBuffer(1)), '!DataView(1:AA)'],
    [Object.assign(Object.create(null), { a: 1 }), '{"a":1}'],
  ])('%p is %s', (value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  it('digests binary data above 64 bytes', () => {
    expect(canonicalJson(Buffer.alloc(64))).toBe(`!Buffer(64:${Buffer.alloc(64).toString('base64url')})`);
    expect(canonicalJson(Buffer.alloc(65))).toMatch(/^!Buffer\(65:sha256:[\w-]{43}\)$/);
    expect(canonicalJson(Buffer.alloc(100, 1))).not.toBe(canonicalJson(Buffer.alloc(100, 2)));
  });

  it('takes instances by toJSON, or else by their properties', () => {
    class Money {
      constructor(readonly cents: number) {}
      toJSON() {
        return { money: this.cents };
      }
    }
    class Point {
      x = 1;
    }
    const self = { a: 1, toJSON: () => self };
    Object.defineProperty(self, 'toJSON', { enumerable: false });

    expect(canonicalJson([new Money(5), new Point(), self])).toBe('[{"money":5},{"x":1},{"a":1}]');
  });

  it('leaves undefined properties out if configured so', () => {
    expect(canonicalJson({ a: undefined, b: [undefined] }, { omitUndefined: true })).toBe(
      '{"b":[!undefined]}',
    );
  });

  it('accepts a part that occurs twice', () => {
    const shared = { a: 1 };

    expect(canonicalJson([shared, shared])).toBe('[{"a":1},{"a":1}]');
  });
});

describe('different values', () => {
  it('never share a text, equal ones always do', () => {
    // -0 and 0 as keys of a Map are the same key; few leaves make equal values likely.
    const leaf = fc.constantFrom<unknown>(
      0,
      -0,
      1,
      '1',
      1n,
      'a',
      '!NaN',
      NaN,
      null,
      undefined,
      true,
      '',
      new Date(1),
      new Date(NaN),
    );
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        leaf,
        fc.array(tie('value'), { maxLength: 2 }),
        fc.dictionary(fc.constantFrom('a', 'b', '!Map'), tie('value'), { maxKeys: 2, noNullPrototype: true }),
        fc
          .array(fc.tuple(fc.constantFrom('a', 'b', 1), tie('value')), { maxLength: 2 })
          .map((pairs) => new Map(pairs)),
        fc.array(leaf, { maxLength: 2 }).map((items) => new Set(items)),
        fc.uint8Array({ maxLength: 2 }),
        fc.uint8Array({ maxLength: 2 }).map((bytes) => Buffer.from(bytes)),
      ),
    }));
    fc.assert(
      fc.property(value, value, (a, b) => {
        expect(canonicalJson(a) === canonicalJson(b)).toBe(isDeepStrictEqual(a, b));
      }),
      { numRuns: 300 },
    );
  });

  it('two Maps (pitfall: gave one key), and a Map and the object with its entries', () => {
    const texts = [new Map([['a', 1]]), new Map([['a', 2]]), { a: 1 }, [['a', 1]], '!Map(["a",1])'].map(
      (it) => canonicalJson(it),
    );

    expect(new Set(texts).size).toBe(5);
  });
});

describe('long texts as digests', () => {
  const digestFrom = 4;

  it('begin at the given length, and keep their length in the form', () => {
    const value = { a: 'abc', b: ['abcd'], abcdef: 1 };

    expect(canonicalForm(value, { digestFrom })).toEqual({
      text: `{"a":"abc","abcdef":1,"b":[!sha256("${sha256('abcd')}",4)]}`,
      length: '{"a":"abc","abcdef":1,"b":[abcd]}'.length,
    });
  });

  it('cannot be imitated by a text, a name, a pattern or an address', () => {
    const digest = canonicalJson('abcd', { digestFrom });
    const url = new URL('http://a/');
    url.hash = digest;
    const values = [
      'abcd',
      digest,
      { [digest]: 1 },
      new RegExp(digest),
      url,
      [digest],
      new Map([[digest, 1]]),
    ];

    for (const from of [digestFrom, 1000]) {
      const texts = values.map((it) => canonicalJson(it, { digestFrom: from }));
      expect(new Set(texts).size).toBe(values.length);
      expect(texts.slice(1)).not.toContain(digest);
    }
  });

  it('tell apart the values that the plain form tells apart, and no others', () => {
    const text = fc.oneof(
      fc.constantFrom(
        'abc',
        'abcd',
        'abce',
        '!sha256("x",4)',
        '"abcd"',
        canonicalJson('abcd', { digestFrom }),
      ),
      fc.string({ unit: 'binary', maxLength: 6 }),
    );
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        text,
        fc.integer({ max: 2, min: -1 }),
        fc.array(tie('value'), { maxLength: 2 }),
        fc.dictionary(fc.constantFrom('a', 'abcd'), tie('value'), { maxKeys: 2, noNullPrototype: true }),
        fc.tuple(text, tie('value')).map((pair) => new Map([pair])),
      ),
    }));
    fc.assert(
      fc.property(value, value, (a, b) => {
        const isEqual = canonicalJson(a) === canonicalJson(b);
        expect(canonicalJson(a, { digestFrom }) === canonicalJson(b, { digestFrom })).toBe(isEqual);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the texts of frozen parts', () => {
  const list = (): { name: string }[] =>
    Array.from({ length: 30 }, (_, i) => ({ name: `tool ${i} ${'x'.repeat(40)}` }));
  const frozenList = (): readonly { name: string }[] => Object.freeze(list().map((it) => Object.freeze(it)));

  it('are the same, written or kept, and so is their length', () => {
    const options = { digestFrom: 40, frozen: new FrozenTexts() };
    const tools = frozenList();

    const forms = [tools, tools, list()].map((it) => canonicalForm({ a: 'b', tools: it }, options));

    expect(options.frozen.get(tools)).toBeDefined();
    expect(forms[1]).toEqual(forms[0]);
    expect(forms[2]).toEqual(forms[0]);
    expect(forms[0]?.text).toBe(canonicalJson({ a: 'b', tools: list() }, { digestFrom: 40 }));
  });

  it('follow a change of a list that is frozen itself, but not its parts', () => {
    const options = { frozen: new FrozenTexts() };
    const tools = Object.freeze(list());
    const before = canonicalJson({ tools }, options);

    (tools[7] as { name: string }).name = 'another';

    expect(canonicalJson({ tools }, options)).not.toBe(before);
    expect(canonicalJson({ tools }, options)).toBe(canonicalJson({ tools }));
  });

  it('follow every change of a list that is not frozen', () => {
    const options = { frozen: new FrozenTexts() };
    const tools: unknown[] = [...frozenList()];
    const changes: (() => unknown)[] = [
      () => tools.push(1),
      () => tools.reverse(),
      () => (tools[3] = { name: 'x' }),
      () => tools.pop(),
      () => (tools.length = 5),
    ];
    for (const change of changes) {
      const before = canonicalJson({ tools }, options);
      change();
      expect(canonicalJson({ tools }, options)).toBe(canonicalJson({ tools }));
      expect(canonicalJson({ tools }, options)).not.toBe(before);
    }
  });
});

describe('canonicalJson refuses', () => {
  const circular: Record<string, unknown> = { list: [] };
  (circular['list'] as unknown[]).push({ back: circular });
  let deep: unknown = 1;
  for (let level = 0; level < 1001; level++) deep = [deep];

  it.each<[string, unknown, string]>([
    ['functions', { a: [{ b: () => 1 }] }, 'function cannot be part of a key (at $.a[0].b)'],
    ['symbols', new Map([['x', Symbol('s')]]), 'symbol cannot be part of a key (at $.get("x"))'],
    ['symbols in Sets', new Set([Symbol('s')]), 'symbol cannot be part of a key (at $.values()[0])'],
    [
      'symbols as names',
      { a: { [Symbol('s')]: 1 } },
      'symbol as a property name cannot be part of a key (at $.a)',
    ],
    ['promises', [Promise.resolve()], 'Promise cannot be part of a key (at $[0])'],
    ['errors', { 'the error': new Error('x') }, 'Error cannot be part of a key (at $["the error"])'],
    ['circles', circular, 'circular value is not supported (at $.list[0].back)'],
    ['depth', deep, 'value is nested deeper than 1000 levels'],
    ['Map keys', new Map([[() => 1, 1]]), 'function cannot be part of a key (at $.keys()[0])'],
    ['Map values', new Map([[1, () => 1]]), 'function cannot be part of a key (at $.values()[0])'],
  ])('%s', (_, value, message) => {
    expect(() => canonicalJson(value)).toThrow(SerializationError);
    expect(() => canonicalJson(value)).toThrow(message);
  });

  it('a value that throws while it is read, with the cause', () => {
    const cause = new Error('no');
    const value = {
      a: {
        toJSON: () => {
          throw cause;
        },
      },
    };

    const error = errorOf(() => canonicalJson(value));

    expect(error).toBeInstanceOf(SerializationError);
    expect(error).toMatchObject({ path: '$.a.toJSON()', cause });
  });
});

function errorOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

/** JSON text may spell -0, which is no value of RFC 8785: it becomes 0. */
function parsedJson(text: string): unknown {
  return JSON.parse(text, (_, part: unknown) => (part === 0 ? 0 : part));
}
