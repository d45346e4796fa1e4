import fc from 'fast-check';
import { sha256 } from './digest.js';
import { textDigest } from './text-digest.js';

describe('the digest of a long text', () => {
  it.each([
    ['ASCII', 'word "quoted"\n'.repeat(10_000)],
    ['an accent after the sample', `${'a'.repeat(300)}é`],
    ['pairs of surrogates across every boundary', `${'a'.repeat(257)}${'😀'.repeat(40_000)}`],
    ['the same, one character on', `${'a'.repeat(258)}${'😀'.repeat(40_000)}`],
  ])('is that of its UTF-8 bytes if it begins in ASCII: %s', (_name, text) => {
    expect(textDigest(text)).toBe(sha256(text));
    expect(textDigest(text)).toBe(sha256(Buffer.from(text)));
  });

  it.each([
    ['another alphabet', 'слово '.repeat(20_000)],
    ['a lone surrogate at the end', `${'a'.repeat(40_000)}\ud800`],
    ['a lone surrogate at the beginning', `\udc00${'a'.repeat(40_000)}`],
  ])('is that of 0xFF and its UTF-16 bytes for %s', (_name, text) => {
    const bytes = Buffer.concat([Buffer.of(0xff), Buffer.from(text, 'utf16le')]);

    expect(textDigest(text)).toBe(sha256(bytes));
  });

  it('does not depend on how the engine keeps the text', () => {
    const text = 'é'.repeat(5000);
    // A slice of a text with wider characters takes two bytes each.
    const wide = `${text}ж`.slice(0, -1);

    expect(textDigest(wide)).toBe(textDigest(text));
  });

  it('differs for different texts', () => {
    const part = fc.constantFrom('a', '"', 'é', 'ж', '😀', '\ud800', '\udc00', '\ufffd');
    const text = fc
      .tuple(fc.constantFrom(0, 255, 256, 32_767, 32_768), fc.array(part, { maxLength: 3 }))
      .map(([before, parts]) => 'a'.repeat(before) + parts.join(''));
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(textDigest(a) === textDigest(b)).toBe(a === b);
      }),
      { numRuns: 500 },
    );
  });
});
