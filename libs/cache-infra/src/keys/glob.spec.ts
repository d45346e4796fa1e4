import fc from 'fast-check';
import { ValidationError } from '../base/errors.js';
import { compileGlob, escapeGlob, toRedisGlob } from './glob.js';

describe('compileGlob', () => {
  it.each([
    ['*', ['', 'a', 'a\nb', '😀'], []],
    ['user:*', ['user:', 'user:1', 'user:a:b'], ['users:1', 'auser:1', 'user']],
    ['*:end', [':end', 'a:end', ':end:end'], ['end', 'a:end ']],
    ['a?c', ['abc', 'a😀c', 'a?c', 'a\ud800c'], ['ac', 'abbc', 'a😀😀c']],
    ['*?', ['a', '😀'], ['']],
    ['*??', ['ab', '😀b'], ['😀', '']],
    ['a*b*c', ['abc', 'aXbXc', 'abcbc'], ['acb', 'abcd', 'ab']],
    ['\\*', ['*'], ['a', '\\*']],
    ['\\?\\\\', ['?\\'], ['a\\']],
    ['\\a', ['a'], ['\\a']],
    ['a\\', ['a\\'], ['a']],
    ['[ab]^-', ['[ab]^-'], ['a', 'b']],
    ['.+(x)|$', ['.+(x)|$'], ['xx']],
    ['*\ude00', ['a\ude00'], ['😀']],
  ])('%j', (glob, matching, others) => {
    const matches = compileGlob(glob);

    expect(matching.filter((key) => !matches(key))).toEqual([]);
    expect(others.filter(matches)).toEqual([]);
  });

  it.each(['', undefined, 5])('refuses %j', (glob) => {
    expect(() => compileGlob(glob as string)).toThrow(ValidationError);
    expect(() => compileGlob(glob as string)).toThrow('pattern must be a non-empty string');
  });

  it('agrees with the plain definition', () => {
    const glob = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '😀'), minLength: 1, maxLength: 8 });
    const key = fc.string({ unit: fc.constantFrom('a', 'b', '😀'), maxLength: 10 });
    fc.assert(
      fc.property(glob, key, (pattern, text) => {
        expect(compileGlob(pattern)(text)).toBe(naive([...pattern], [...text]));
      }),
      { numRuns: 200 },
    );
  });

  it('takes no longer for hostile patterns', () => {
    const matches = compileGlob(`${'*a'.repeat(60)}b`);
    const start = performance.now();

    expect(matches('a'.repeat(20_000))).toBe(false);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

describe('escapeGlob', () => {
  it('returns a glob that matches only this text', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '*', '?', '\\', '['), minLength: 1 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(compileGlob(escapeGlob(a))(b)).toBe(a === b);
      }),
    );
  });
});

describe('toRedisGlob', () => {
  it.each([
    ['cache:users:', 'a*', 'cache:users:a*'],
    ['cache*:[x]:', 'a', 'cache\\*:\\[x\\]:a'],
    ['p:', '[a-c]^\\*', 'p:\\[a\\-c\\]\\^\\*'],
    ['p:', 'a??b*?', 'p:a*b*'],
    ['p:', 'a\\\\', 'p:a\\\\'],
    ['p:', '😀?', 'p:😀*'],
  ])('%j with %j is %j', (literal, glob, pattern) => {
    expect(toRedisGlob(literal, glob)).toBe(pattern);
  });

  it("refuses ''", () => {
    expect(() => toRedisGlob('p:', '')).toThrow(ValidationError);
  });
});

function naive(glob: readonly string[], key: readonly string[]): boolean {
  const [first, ...rest] = glob;
  if (first === undefined) return key.length === 0;
  if (first === '*') return naive(rest, key) || (key.length > 0 && naive(glob, key.slice(1)));
  return key.length > 0 && (first === '?' || first === key[0]) && naive(rest, key.slice(1));
}
