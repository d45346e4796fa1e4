import { FrozenTexts } from './frozen-texts.js';

const form = { text: '"a"'.padEnd(300), length: 300 };
const isKept = (value: object): boolean => {
  const texts = new FrozenTexts();
  texts.keep(value, form);
  return texts.get(value) !== undefined;
};

describe('the texts of frozen values', () => {
  it.each<[string, object]>([
    ['a frozen list', Object.freeze([1, 'a', null])],
    ['frozen objects in it', Object.freeze([Object.freeze({ a: Object.freeze({ b: 1 }) })])],
    ['an object without a prototype', Object.freeze(Object.assign(Object.create(null) as object, { a: 1 }))],
  ])('are kept for %s', (_name, value) => {
    expect(isKept(value)).toBe(true);
  });

  it.each<[string, object]>([
    ['a list', [1]],
    ['a sealed list', Object.seal([1])],
    ['a list with one part that can change', Object.freeze([Object.freeze({ a: [1] })])],
    [
      'an accessor',
      Object.freeze(Object.defineProperty({}, 'now', { enumerable: true, get: () => Date.now() })),
    ],
    ['a Map, whose content is not frozen', Object.freeze([Object.freeze(new Map([['a', 1]]))])],
    ['a Date, which is not frozen inside', Object.freeze([Object.freeze(new Date())])],
    [
      'an instance of a class',
      Object.freeze([
        Object.freeze(
          new (class Tool {
            name = 'a';
          })(),
        ),
      ]),
    ],
    ['a function', Object.freeze([Object.freeze(() => 1)])],
    ['a proxy', new Proxy(Object.freeze([1]), {})],
  ])('are not kept for %s', (_name, value) => {
    expect(isKept(value)).toBe(false);
  });

  it('are not kept if they are short', () => {
    const texts = new FrozenTexts();
    const value = Object.freeze([1]);
    texts.keep(value, { text: '[1]', length: 3 });

    expect(texts.get(value)).toBeUndefined();
  });
});
