import fc from 'fast-check';
import { ValidationError } from '../base/errors.js';
import { digestKey } from './digest.js';
import { maxKeyBytes, namespacePath, redisKey, rootPath } from './namespace.js';

const anyText = fc.string({
  unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 6,
});

describe('namespacePath', () => {
  it.each([
    [rootPath, 'users', 'users'],
    ['users', 'eu', 'users/eu'],
    ['', 'a/b', 'a%2Fb'],
    ['', '100%:{x}', '100%25%3A%7Bx%7D'],
    ['', 'line\nbreak', 'line%0Abreak'],
    ['', '\u0085', '%85'],
    ['', '\ud800', '%uD800'],
    ['', 'größe 😀', 'größe 😀'],
  ])('of %j and %j is %j', (parent, name, path) => {
    expect(namespacePath(parent, name)).toBe(path);
  });

  it.each(['', undefined, 5, null])('refuses the name %j', (name) => {
    expect(() => namespacePath('', name as string)).toThrow(ValidationError);
    expect(() => namespacePath('', name as string)).toThrow('namespace must be a non-empty string');
  });

  it('is different for different lists of names', () => {
    const path = (names: readonly string[]) => names.reduce(namespacePath, rootPath);
    const bytes = (names: readonly string[]) => Buffer.from(path(names)).toString('hex');
    fc.assert(
      fc.property(fc.array(anyText, { maxLength: 3 }), fc.array(anyText, { maxLength: 3 }), (a, b) => {
        expect(bytes(a) === bytes(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
  });
});

describe('redisKey', () => {
  it('consists of prefix, path and key', () => {
    expect(redisKey('cache', '', 'a')).toBe('cache::a');
    expect(redisKey('cache', 'users/eu', 'a:b')).toBe('cache:users/eu:a:b');
  });

  it("accepts '/' in keys (pitfall: other libraries refuse it)", () => {
    expect(redisKey('cache', '', 'GET /users/1')).toBe('cache::GET /users/1');
  });

  it(`keeps keys up to ${maxKeyBytes} bytes and digests longer ones`, () => {
    const fits = 'é'.repeat(maxKeyBytes / 2);

    expect(redisKey('p', '', fits)).toBe(`p::${fits}`);
    expect(redisKey('p', '', `${fits}x`)).toBe(`p::${digestKey(`${fits}x`)}`);
    expect(redisKey('p', '', 'x'.repeat(maxKeyBytes + 1))).toContain('~sha256:');
  });

  it('differs for different lone surrogates, also as UTF-8 bytes', () => {
    const keys = ['\ud800', '\udfff', 'a\ud800', '\ufffd'].map((key) => redisKey('p', '', key));

    expect(new Set(keys.map((key) => Buffer.from(key).toString('hex'))).size).toBe(4);
  });

  it('differs from the key of a text that equals its digest', () => {
    const long = 'x'.repeat(5000);
    const forged = digestKey(long);

    expect(redisKey('p', '', forged)).not.toBe(redisKey('p', '', long));
  });

  it('is never longer than the limit', () => {
    fc.assert(
      fc.property(anyText, fc.nat(1200), (part, length) => {
        const key = part.repeat(1 + length / part.length);
        expect(Buffer.byteLength(redisKey('', '', key))).toBeLessThanOrEqual(maxKeyBytes + 2);
      }),
    );
  });
});
