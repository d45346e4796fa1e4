import { isDeepStrictEqual } from 'node:util';

/** One value of every type that a cache gives back as it was, and what they look like inside of one another. */
export function storableValues(): [name: string, value: unknown][] {
  return [
    ['null', null],
    ['true', true],
    ['false', false],
    ['zero', 0],
    ['an integer', 42],
    ['a fraction', -1.5e-7],
    ['the largest number', Number.MAX_VALUE],
    ['the smallest number', Number.MIN_VALUE],
    ['an unsafe integer', 2 ** 53 + 2],
    ['NaN', NaN],
    ['-0', -0],
    ['Infinity', Infinity],
    ['-Infinity', -Infinity],
    ['a BigInt', 123456789012345678901234567890n],
    ['a negative BigInt', -1n],
    ['an empty text', ''],
    ['a text', 'grüße, 世界 🔑 \0 \u2028 "quoted" \\'],
    ['a text with a lone surrogate', 'a\ud800b'],
    ['a long text', 'abc '.repeat(5000)],
    ['an empty array', []],
    ['an empty object', {}],
    ['an array', [1, 'a', null, [2, [3]]]],
    ['an object', { a: 1, 'b c': { d: [true, null] }, 1: 'one' }],
    ['undefined inside of containers', { a: undefined, b: [undefined, 1] }],
    ['a property named __proto__', JSON.parse('{"__proto__": {"polluted": true}, "a": 1}')],
    ['names that look like tags', { $type: 'Date', $date: 1, type: 'Buffer', data: [1, 2] }],
    ['a Date', new Date(Date.UTC(2026, 1, 3, 4, 5, 6, 789))],
    ['a Date before 1970', new Date(-1)],
    ['an invalid Date', new Date(NaN)],
    [
      'a Map',
      new Map<unknown, unknown>([
        ['a', 1],
        [2, new Map([['x', new Date(0)]])],
        [{ k: 1 }, [1]],
      ]),
    ],
    ['an empty Map', new Map()],
    ['a Set', new Set<unknown>([1, 'a', new Set([NaN])])],
    ['an empty Set', new Set()],
    ['a Buffer', Buffer.from([0, 1, 254, 255])],
    ['an empty Buffer', Buffer.alloc(0)],
    ['a Uint8Array', new Uint8Array([0, 255])],
    ['an Int16Array', new Int16Array([-1, 256])],
    ['a Float64Array', new Float64Array([0.1, -0, NaN])],
    ['a BigInt64Array', new BigInt64Array([-1n])],
    ['an ArrayBuffer', new Uint8Array([1, 2, 3]).buffer],
    [
      'all of it together',
      { at: new Date(0), by: new Map([['b', Buffer.from('x')]]), n: [NaN, -0, 1n, new Set(['s'])] },
    ],
  ];
}

/** Whether a value came back with the same type and content. */
export function isSame(actual: unknown, expected: unknown): boolean {
  // Node holds an invalid date to be different from itself.
  if (expected instanceof Date && Number.isNaN(expected.getTime())) {
    return actual instanceof Date && Number.isNaN(actual.getTime());
  }
  return isDeepStrictEqual(actual, expected);
}

/** Values that no tier may take, each with the place that the message has to name. */
export function refusedValues(): [name: string, value: unknown, path: string][] {
  const circle: { list: unknown[] } = { list: [] };
  circle.list.push({ back: circle });
  return [
    ['a function', () => 1, '$'],
    ['a function inside', { user: { callback: () => 1 } }, '$.user.callback'],
    ['a symbol', Symbol('s'), '$'],
    ['a symbol in an array', [1, [Symbol('s')]], '$[1][0]'],
    ['a circle', circle, '$.list[0].back'],
    ['a function in a Map', new Map([['a', { f: () => 1 }]]), '$.get("a").f'],
    ['a symbol in a Set', new Set([Symbol('s')]), '$.values()[0]'],
    ['a promise', { later: Promise.resolve(1) }, '$.later'],
    ['a WeakMap', [new WeakMap()], '$[0]'],
    ['an odd property name', { 'a b': () => 1 }, '$["a b"]'],
  ];
}
