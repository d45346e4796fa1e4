import { readabilityOf } from './readability.js';

describe('readabilityOf', () => {
  it('computes each formula as published', () => {
    const counts = { words: 100, sentences: 5, syllables: 150, letters: 470, longWords: 10 };

    expect(readabilityOf(counts, 200)).toEqual({
      words: 100,
      sentences: 5,
      syllables: 150,
      readingMinutes: 0.5,
      fleschReadingEase: 59.6,
      fleschKincaidGrade: 9.9,
      gunningFog: 12,
      smog: 11.2,
      automatedReadabilityIndex: 10.7,
      colemanLiau: 10.4,
    });
  });

  it('stays finite without a word', () => {
    const counts = { words: 0, sentences: 0, syllables: 0, letters: 0, longWords: 0 };

    expect(Object.values(readabilityOf(counts, 200)).every(Number.isFinite)).toBe(true);
  });
});
