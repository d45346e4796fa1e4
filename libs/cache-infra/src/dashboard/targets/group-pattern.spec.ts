import { describe, expect, it } from '@jest/globals';

import { compileGlob } from '../../keys/glob.js';
import { groupPattern } from './group-pattern.js';

describe('the pattern of a group', () => {
  it.each<[string, string, string]>([
    ['user:*', 'user:1', 'users:1'],
    ['ProductsService.find(*)', 'ProductsService.find(["a"])', 'ProductsService.findAll()'],
    ['what?:*', 'what?:1', 'whats:1'],
    ['a\\b:*', 'a\\b:1', 'ab:1'],
    ['[ab]:*:price', '[ab]:1:price', 'a:1:price'],
  ])('%s matches %s, and not %s', (group, inside, outside) => {
    const matches = compileGlob(groupPattern(group));
    expect(matches(inside)).toBe(true);
    expect(matches(outside)).toBe(false);
  });

  it.each(['(other)', '*', '***', ''])('is refused for %p', (group) => {
    expect(() => groupPattern(group)).toThrow();
  });
});
