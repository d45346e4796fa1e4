import { describe, expect, it } from '@jest/globals';

import { guidesUnder, proseOf } from '../support/guides.js';
import { readText } from '../support/repository.js';

const guides = ['README.md', 'libs/cache-infra/README.md', ...(await guidesUnder('docs'))];

interface Page {
  readonly name: string;
  /** Without code, and without the titles of tests. */
  readonly prose: string;
}

const pages: readonly Page[] = await Promise.all(
  guides.map(async (name) => ({
    name,
    prose: proseOf(await readText(name)).replaceAll(/"[^"\n]*"|`[^`\n]*`/g, ''),
  })),
);

/** Pages with a match, and what matched. */
function foundIn(pattern: RegExp): string[] {
  return pages.flatMap(({ name, prose }) =>
    [...prose.matchAll(pattern)].map(([match]) => `${name}: ${match.trim()}`),
  );
}

describe('the words of the guides', () => {
  it('T89: name the subject: no sentence begins with Who, Whoever, Nobody or Somebody', () => {
    expect(foundIn(/(?:^|[.:|>] |- )(?:Who|Whoever|Nobody|Somebody) [^?\n]*?(?:[.\n|])/gm)).toEqual([]);
  });

  it('T89: are those of the field: nothing is "made up for", and nobody is "whoever"', () => {
    expect(foundIn(/\bmade up for\b|\bwhoever\b|\bwho hears\b/gi)).toEqual([]);
  });
});

describe('docs/glossary.md', () => {
  it('T89: explains the words that only caches, or only this one, have', async () => {
    const glossary = await readText('docs/glossary.md');
    const words = [
      'at hand',
      'lease',
      'load guard',
      'flight',
      'journal',
      'breaker',
      'coherence',
      'fact',
      'grace',
      'stale',
      'tier',
    ];
    expect(words.filter((word) => !glossary.includes(`**${word}**`))).toEqual([]);
  });

  it('T89: explains no word that no page uses, and explains each once', async () => {
    const terms = [...(await readText('docs/glossary.md')).matchAll(/\*\*([^*]+)\*\*/g)].map(
      ([, term = '']) => term,
    );
    const others = pages
      .filter(({ name }) => name !== 'docs/glossary.md')
      .map(({ prose }) => prose.toLowerCase());
    const stem = (term: string): string => term.toLowerCase().replace(/(e|ed|ion)$/, '');
    expect(terms.length).toBeGreaterThan(20);
    expect(terms.filter((term) => !others.some((prose) => prose.includes(stem(term))))).toEqual([]);
    expect(new Set(terms).size).toBe(terms.length);
  });
});
