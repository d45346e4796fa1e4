import {
  byteCount,
  byteSizeProblem,
  memoryBytes,
  memorySizeProblem,
  type ByteSize,
  type MemorySize,
} from './byte-size.js';

describe('a size in bytes', () => {
  it.each<[ByteSize, number]>([
    [1, 1],
    [1000, 1000],
    ['1kb', 1024],
    ['1.5mb', 1_572_864],
    ['256mb', 268_435_456],
    ['2gb', 2_147_483_648],
  ])('%p', (size, bytes) => {
    expect(byteCount(size, 'l1MaxBytes')).toBe(bytes);
  });

  it.each([
    0,
    -1,
    1.5,
    NaN,
    Infinity,
    '',
    '256',
    '256 mb',
    '256MB',
    '0mb',
    '0.0001kb',
    '-1mb',
    '9e9gb',
    null,
    {},
  ])('is not %p', (value) => {
    expect(byteSizeProblem(value)).toMatch(/^must be /);
  });

  it('says what a wrong one should be', () => {
    // @ts-expect-error -- the form is wrong
    expect(() => byteCount('256mb ', 'l1MaxBytes')).toThrow(
      'l1MaxBytes must be an integer (bytes) or a size with a unit (kb, mb, gb) such as "256mb", got "256mb "',
    );
  });
});

describe('a size of memory', () => {
  it.each<[MemorySize, number]>([
    [1000, 1000],
    ['1mb', 1_048_576],
    ['25%', 250],
    ['0.01%', 1],
    ['100%', 1000],
  ])('%p of 1000 bytes', (size, bytes) => {
    expect(memorySizeProblem(size)).toBeUndefined();
    expect(memoryBytes(size, 1000, 'memoryBudget')).toBe(bytes);
  });

  it.each(['0%', '101%', '-1%', '25 %', '%', 0, 0.25, null])('is not %p', (value) => {
    expect(memorySizeProblem(value)).toMatch(/^must be /);
  });
});
