import fc from 'fast-check';
import { quoted } from './quoted-text.js';

describe('quoted', () => {
  it('writes text as JSON.stringify does', () => {
    const unit = fc.oneof(
      fc.constantFrom('"', '\\', '\n', '\u0000', '\u001f', '\u007f', '\u2028', '\ud800', '\udfff', '😀'),
      fc.string({ unit: 'binary', maxLength: 1 }),
    );
    fc.assert(
      fc.property(fc.array(unit), fc.nat(60), (parts, filling) => {
        const text = parts.join('') + 'a'.repeat(filling);
        expect(quoted(text)).toBe(JSON.stringify(text));
      }),
    );
  });
});
