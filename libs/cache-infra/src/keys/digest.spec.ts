import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { digestKey, digestLength, isWellFormed, looksDigested, sha256 } from './digest.js';

describe('sha256', () => {
  it('is the base64url of the UTF-8 bytes of text', () => {
    expect(sha256('abc')).toBe('ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0');
    expect(sha256('ä')).toBe(createHash('sha256').update('ä', 'utf8').digest('base64url'));
  });

  it('hashes bytes unchanged', () => {
    expect(sha256(Buffer.from('abc'))).toBe(sha256('abc'));
  });

  it('distinguishes lone surrogates, unlike UTF-8', () => {
    const digests = ['\ud800', '\ud801', '\udc00', '\ufffd'].map((text) => sha256(text));

    expect(new Set(digests).size).toBe(4);
  });
});

describe('digestKey', () => {
  it('keeps a readable beginning', () => {
    const digested = digestKey('user:'.padEnd(2000, 'x'));

    expect(digested).toMatch(/^user:x{95}~sha256:/);
    expect(digested).toHaveLength(100 + '~sha256:'.length + digestLength);
  });

  it('never cuts a character in half', () => {
    expect(isWellFormed(digestKey(`${'x'.repeat(99)}😀${'y'.repeat(2000)}`))).toBe(true);
  });

  it('is recognized by its form', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0x10ffff }), { maxLength: 300 }), (codes) =>
        looksDigested(digestKey(String.fromCodePoint(...codes))),
      ),
    );
  });

  it.each(['short', 'x'.repeat(500), '~sha256:'.padEnd(200, 'x')])(
    '%j is not recognized as a digest',
    (key) => {
      expect(looksDigested(key)).toBe(false);
    },
  );
});
