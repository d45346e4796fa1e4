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
  [
    'T84: testing a whole application',
    'recipes/test-an-application',
    'by-token',
    /overrideModule[^]*getCacheToken/,
  ],
  [
    'T84: what follows an override, and who closes it',
    'recipes/test-an-application',
    'who-follows-an-override',
    /HttpCacheInterceptor[^]*closed by/,
  ],
  [
    'T88: versions of NestJS and Node, other runtimes, bundlers',
    'questions',
    'versions-and-runtimes',
    /NestJS 11[^]*Node 18[^]*Bun[^]*Deno[^]*esbuild/,
  ],
  [
    'T88: where it runs',
    'questions',
    'where-it-runs',
    /Kubernetes[^]*PM2[^]*Lambda, serverless[^]*Failover[^]*503/,
  ],
  [
    'T88: ORMs and their types',
    'questions',
    'databases',
    /TypeORM[^]*lazy relations[^]*Prisma[^]*Decimal[^]*BigInt ids/,
  ],
  [
    'T88: one connection with the application, listing keys, bytes, one value',
    'questions',
    'redis',
    /One connection[^]*list keys[^]*inspect[^]*in bytes/,
  ],
  [
    'T88: the browser’s Cache, and unknown',
    'questions',
    'typescript',
    /Property .get. does not exist[^]*CacheService[^]*unknown/,
  ],
  [
    'T88: useExisting, and writes without a key',
    'questions',
    'decisions-that-surprise',
    /useClass[^]*key is `undefined`/,
  ],
  [
    'T88: a checklist for production',
    'production',
    'before-production',
    /keyPrefix[^]*l1CacheSize[^]*maxmemory-policy[^]*grace[^]*lock[^]*health[^]*failOnConnectionError[^]*ACL/,
  ],
  ['T88: the life of an entry in one timeline', 'loading', 'the-life-of-an-entry', /0 ─+.*\n/],
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
