import { ValidationError } from '../base/errors.js';
import { assertKey } from './key.js';

describe('assertKey', () => {
  it.each(['a', ' ', 'a/b:c{d}', '__proto__', '\u0000'])('accepts %j', (key) => {
    expect(() => assertKey(key)).not.toThrow();
  });

  it.each([
    ['', '""'],
    [undefined, 'undefined'],
    [5, '5'],
    [null, 'null'],
    [{}, 'an object'],
  ])('refuses %j', (key, words) => {
    expect(() => assertKey(key)).toThrow(new ValidationError(`key must be a non-empty string, got ${words}`));
  });
});
