import { describeValue, redactUrl } from './redact.js';

describe('redactUrl', () => {
  it.each([
    ['redis://localhost:6379/0', 'redis://localhost:6379/0'],
    ['redis://user:S3CRET@cache.example.org:6380/2', 'redis://***@cache.example.org:6380/2'],
    ['redis://:p@ss@host', 'redis://***@host'],
    ['redis://host:99999', 'redis://host:99999'],
    ['redis://[::1]:6379', 'redis://[::1]:6379'],
    ['localhost:6379', 'localhost:6379'],
    ['redis://user:S3CRET', 'redis://user***'],
    ['redis://host?password=S3CRET', 'redis://host***'],
    ['redis://host?password=S3C@RET', 'redis://***'],
    ['redis://', 'redis://***'],
    ['', '***'],
  ])('%s → %s', (url, shown) => {
    expect(redactUrl(url)).toBe(shown);
  });
});

describe('describeValue', () => {
  it.each([
    ['text', '"text"'],
    ['x'.repeat(50), `"${'x'.repeat(40)}…"`],
    ['redis://u:S3CRET@h', '"redis://***@h"'],
    [undefined, 'undefined'],
    [null, 'null'],
    [-1, '-1'],
    [7n, '7n'],
    [Symbol('s'), 'Symbol(s)'],
    [[1], 'an array'],
    [{ password: 'S3CRET' }, 'an object'],
    [() => 1, 'a function'],
  ])('%p → %s', (value, shown) => {
    expect(describeValue(value)).toBe(shown);
  });
});
