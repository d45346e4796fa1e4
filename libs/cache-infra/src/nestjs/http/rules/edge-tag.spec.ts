import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { edgeTag, maxEdgeTagBytes, maxPrefixBytes, prefixBytes, tagOfAll, tagOfMany } from './edge-tag.js';

const tag = fc.oneof(
  fc.string({ minLength: 1, unit: 'binary' }),
  fc.string({
    minLength: 1,
    unit: fc.constantFrom('a', 'A', '%', '4', '1', '!', 'u', 'd', '\uD800', ' ', ','),
  }),
  fc.string({ minLength: 120, maxLength: 200, unit: 'grapheme' }),
);
const prefix = fc.option(
  fc
    .string({ minLength: 1, maxLength: 10, unit: 'binary' })
    .filter((text) => prefixBytes(text) <= maxPrefixBytes),
  { nil: undefined },
);

describe('edgeTag', () => {
  it.each([
    ['products', undefined, 'products'],
    ['product:1', 'shop', 'shop!product%3a1'],
    ['a b,c', undefined, 'a%20b%2cc'],
    ['Grün', undefined, '%47r%c3%bcn'],
    ['100%', 'a!b', 'a%21b!100%25'],
    ['\uD800', undefined, '%ud800'],
  ])('of %j with the prefix %j is %s', (name, scope, expected) => {
    expect(edgeTag(name, scope)).toBe(expected);
  });

  it('has a form that every CDN takes', () => {
    fc.assert(
      fc.property(tag, prefix, (name, scope) => {
        const made = edgeTag(name, scope);
        expect(made).toMatch(/^[a-z\d._~%!-]+$/);
        expect(made.length).toBeLessThanOrEqual(maxEdgeTagBytes);
      }),
    );
  });

  it('is different for different tags and prefixes', () => {
    fc.assert(
      fc.property(tag, prefix, tag, prefix, (one, oneScope, other, otherScope) => {
        fc.pre(one !== other || oneScope !== otherScope);
        expect(edgeTag(one, oneScope)).not.toBe(edgeTag(other, otherScope));
      }),
    );
  });

  it('is never that of all or many responses', () => {
    fc.assert(
      fc.property(tag, prefix, prefix, (name, scope, other) => {
        expect([tagOfAll(other), tagOfMany(other)]).not.toContain(edgeTag(name, scope));
      }),
    );
  });

  it('is a digest for a tag that is too long, different for a different end', () => {
    const [one, other] = ['a', 'b'].map((end) => edgeTag('x'.repeat(200) + end, 'shop'));

    expect(one).toMatch(/^shop!![\da-f]{64}$/);
    expect(other).not.toBe(one);
  });
});
