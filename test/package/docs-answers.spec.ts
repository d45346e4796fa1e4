import { describe, expect, it } from '@jest/globals';

import { blocksOf, headingsOf } from '../support/guides.js';
import { readText } from '../support/repository.js';

/** What users ask, where the answer stands, and the words by which they search for it. */
const answers: readonly (readonly [question: string, page: string, heading: string, words: RegExp])[] = [
  [
    'T83: where an eviction stands beside a transaction',
    'recipes/evict-after-write',
    'in-a-transaction',
    /Transactional/,
  ],
  [
    'T83: a transaction around several services',
    'recipes/evict-after-write',
    'a-transaction-around-several-services',
    /outermost/,
  ],
  ['T83: evicting after the commit', 'recipes/evict-after-write', 'after-the-commit', /afterCommit/],
];

describe('the guides answer', () => {
  it.each(answers)('%s', async (_question, page, heading, words) => {
    const text = await readText(`docs/${page}.md`);
    expect([...headingsOf(text)]).toContain(heading);
    expect(text).toMatch(words);
  });
});

describe('docs/recipes/evict-after-write.md', () => {
  it('T83: has an example of both orders that runs', async () => {
    const blocks = await blocksOf('docs/recipes/evict-after-write.md');
    const example = blocks.findIndex(({ code }) => /@Transactional\(\).*\n\s+@CacheEvict/.test(code));
    expect(blocks[example]?.code).toMatch(/@CacheEvict\(.*\n\s+@Transactional\(\)/);
    expect(blocks[example + 1]?.language).toBe('text');
  });
});
