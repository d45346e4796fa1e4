import { inOrderOf, matches, sorted } from './sort.js';

describe('order of rows', () => {
  const values = [3, null, 20, 1];
  it('is by value, and what is unknown is last in both directions', () => {
    expect(sorted(values, (value) => value, false)).toEqual([1, 3, 20, null]);
    expect(sorted(values, (value) => value, true)).toEqual([20, 3, 1, null]);
  });

  it('of texts is as people count: user:9 before user:10, in any case', () => {
    expect(sorted(['user:10', 'User:9', 'admin'], (text) => text, false)).toEqual([
      'admin',
      'User:9',
      'user:10',
    ]);
  });

  it('keeps rows that compare as equal, and leaves what it was given', () => {
    const rows = [{ id: 'b' }, { id: 'a' }];
    expect(sorted(rows, () => 1, true)).toEqual(rows);
    expect(sorted(rows, () => 1, true)).not.toBe(rows);
  });

  it('can be held: known rows stay, new ones come last', () => {
    expect(inOrderOf(['new', 'a', 'b'], ['b', 'a'], (row) => row)).toEqual(['b', 'a', 'new']);
  });
});

describe('search', () => {
  it.each([
    ['products user:*', 'USER prod', true],
    ['products user:*', 'user x', false],
    ['products', '', true],
  ])('%p for %p: %p', (text, query, isFound) => expect(matches(text, query)).toBe(isFound));
});
