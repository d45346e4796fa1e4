import fc from 'fast-check';
import { hasMoreParts } from './json-parts.js';

const bytes = (text: string): Buffer => Buffer.from(text);

function partsOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce<number>((sum, part) => sum + partsOf(part), 1);
}

describe('T64: parts of a JSON text are counted before it is parsed', () => {
  it('equal to the number of parts of the value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = bytes(JSON.stringify(value));
        const parts = partsOf(value);
        // Short texts are not looked at: they cannot hold that many.
        if (parts > 1 && text.length > 2 * (parts - 1)) expect(hasMoreParts(text, parts - 1)).toBe(true);
        expect(hasMoreParts(text, parts)).toBe(false);
      }),
    );
  });

  it('punctuation in texts does not count', () => {
    expect(hasMoreParts(bytes(JSON.stringify(['[{,"\\,[', ','.repeat(99)])), 3)).toBe(false);
  });

  it('empty containers are one part each', () => {
    expect(hasMoreParts(bytes('[[],[],{}]'), 4)).toBe(false);
    expect(hasMoreParts(bytes('[[],[],{}]'), 3)).toBe(true);
  });
});
