import clusterKeySlot from 'cluster-key-slot';
import fc from 'fast-check';

import { compileGlob } from '../../keys/glob.js';
import { redisKey } from '../../keys/namespace.js';
import { guardedKey, loadGuardKey, loadGuardPrefix, hashTag } from './load-guard-key.js';

/** Keys that try to be something else. */
const braces = [
  'a',
  'a{b}c',
  'x}',
  '{}y',
  '{}',
  '{a',
  'a{',
  '}{',
  '{{b}}',
  'a{}b{c}',
  '{x}{y}',
  'a:b{c}:d',
  '{}}',
  `${'k'.repeat(1100)}{t}`,
  `x}${'k'.repeat(1100)}`,
];

describe('hashTag', () => {
  it.each([
    ['a{b}c', 'b'],
    ['{user}.1', 'user'],
    ['{{b}}', '{b'],
    ['{x}{y}', 'x'],
    ['abc', undefined],
    ['{}y', undefined],
    ['a{', undefined],
    ['x}', undefined],
    ['}{', undefined],
  ])('of %p is %p', (key, tag) => {
    expect(hashTag(key)).toBe(tag);
  });
});

describe('a guard key', () => {
  it.each(braces)('shares the slot of its entry, and leads back to it: %p', (key) => {
    const entry = redisKey('cache', '', key);
    const guard = loadGuardKey('cache', entry);
    expect(clusterKeySlot(guard)).toBe(clusterKeySlot(entry));
    expect(guardedKey('cache', guard)).toBe(entry);
  });

  it('does so for any key, in any namespace', () => {
    const text = fc.string({
      unit: fc.constantFrom('{', '}', ':', 'a', '!', '~', '\u{1F600}'),
      maxLength: 12,
      minLength: 1,
    });
    fc.assert(
      fc.property(text, fc.constantFrom('', 'users', 'users/eu'), (key, path) => {
        const entry = redisKey('cache', path, key);
        const guard = loadGuardKey('cache', entry);
        expect(clusterKeySlot(guard)).toBe(clusterKeySlot(entry));
        expect(guardedKey('cache', guard)).toBe(entry);
      }),
      { numRuns: 2000 },
    );
  });

  it('differs for different entries', () => {
    const guards = braces.map((key) => loadGuardKey('cache', redisKey('cache', '', key)));
    expect(new Set(guards).size).toBe(braces.length);
  });

  it('has the prefix of the cache, and no pattern for entries matches it', () => {
    const guard = loadGuardKey('cache', 'cache::a');
    expect(guard.startsWith(loadGuardPrefix('cache'))).toBe(true);
    expect(compileGlob('cache::*')(guard)).toBe(false);
    expect(compileGlob('cache:users*')(guard)).toBe(false);
  });

  it.each(['cache::a', 'cache:!tags', 'other:!f:{a}a', 'cache:!f:', 'cache:!f:{a'])(
    '%p is not a guard key',
    (key) => {
      expect(guardedKey('cache', key)).toBeUndefined();
    },
  );
});
