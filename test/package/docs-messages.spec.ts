import { readdir } from 'node:fs/promises';

import { describe, expect, it } from '@jest/globals';

import { readText, root } from '../support/repository.js';

const source = 'libs/cache-infra/src';

/** Messages by which a reader finds a page, without the parts that vary. */
const messages: Readonly<Record<string, readonly string[]>> = {
  'docs/faq.md': [
    'runs uncached: the application does not import CacheInfraModule',
    'runs uncached: the provider of Cache is not a cache (a mock?)',
    'cannot be part of a key',
    'a function in its options threw',
    'would lose its methods',
    'evicts at once: it is called outside of deferInvalidations()',
    'have default keys in the same Redis',
    'is used by two caches',
    'which no CacheInfraModule creates',
    'is the same for every call, but the method has parameters',
    'is the default key of two',
    'is not a known option',
    'took longer than',
    'waits for itself',
    'is closed',
    "has an L1 and coherence 'none'",
  ],
  'docs/when-redis-fails.md': [
    'continuing without it',
    'available again',
    'the breaker is open',
    'no greeting within',
    'did not answer',
    'invalidation channel lost',
    'L1 cleared, remote changes may be missed',
    'invalidation channel restored',
    'Operations that need this command fail',
    'Redis connection failed',
    'Redis is away',
  ],
};

describe('the messages that the guides quote', () => {
  it('are those of the library', async () => {
    const files = await readdir(`${root}/${source}`, { recursive: true });
    const sources = files.filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'));
    const code = (await Promise.all(sources.map((name) => readText(`${source}/${name}`)))).join('\n');
    const words = code.replaceAll(/['`] \+\n\s*['`]/g, '');

    const missing: string[] = [];
    for (const [page, quoted] of Object.entries(messages)) {
      const text = (await readText(page)).replaceAll(/\s+/g, ' ');
      for (const message of quoted) {
        if (!text.includes(message)) missing.push(`${page} no longer quotes: ${message}`);
        if (!words.includes(message)) missing.push(`the library no longer says: ${message}`);
      }
    }
    expect(missing).toEqual([]);
  });
});
