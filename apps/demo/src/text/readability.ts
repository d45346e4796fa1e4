import { syllable } from 'syllable';
import type { ParsedText } from './parse.js';
import type { ReadabilityResult } from './text.results.js';

/** The counts that the formulas use. */
export interface TextCounts {
  words: number;
  sentences: number;
  syllables: number;
  letters: number;
  /** Words of three syllables and more. */
  longWords: number;
}

/** The readability of a text, by the classic formulas. */
export function readability(parsed: ParsedText, wordsPerMinute: number): ReadabilityResult {
  return readabilityOf(count(parsed), wordsPerMinute);
}

export function readabilityOf(counts: TextCounts, wordsPerMinute: number): ReadabilityResult {
  const { words, sentences, longWords } = counts;
  const perSentence = words / Math.max(1, sentences);
  const syllablesPerWord = counts.syllables / Math.max(1, words);
  const lettersPerWord = counts.letters / Math.max(1, words);
  return {
    words,
    sentences,
    syllables: counts.syllables,
    readingMinutes: round(words / wordsPerMinute),
    // Flesch, "A new readability yardstick", Journal of Applied Psychology 32 (1948).
    fleschReadingEase: round(206.835 - 1.015 * perSentence - 84.6 * syllablesPerWord),
    // Kincaid et al., Naval Technical Training Command research report 8-75 (1975).
    fleschKincaidGrade: round(0.39 * perSentence + 11.8 * syllablesPerWord - 15.59),
    // Gunning, "The Technique of Clear Writing" (1952).
    gunningFog: round(0.4 * (perSentence + (100 * longWords) / Math.max(1, words))),
    // McLaughlin, "SMOG grading: a new readability formula", Journal of Reading 12 (1969).
    smog: round(1.043 * Math.sqrt((longWords * 30) / Math.max(1, sentences)) + 3.1291),
    // Smith and Senter, "Automated Readability Index", AMRL-TR-66-220 (1967).
    automatedReadabilityIndex: round(4.71 * lettersPerWord + 0.5 * perSentence - 21.43),
    // Coleman and Liau, "A computer readability formula designed for machine scoring", JAP 60 (1975).
    colemanLiau: round(5.88 * lettersPerWord - (29.6 * sentences) / Math.max(1, words) - 15.8),
  };
}

function count(parsed: ParsedText): TextCounts {
  const prose = parsed.sentences.filter((sentence) => sentence.isProse);
  const sentences = (prose.length > 0 ? prose : parsed.sentences).filter(({ words }) => words.length > 0);
  const words = sentences.flatMap((sentence) => sentence.words.map((word) => word.text));
  const lengths = words.map(syllable);
  return {
    words: words.length,
    sentences: sentences.length,
    syllables: lengths.reduce((total, length) => total + length, 0),
    letters: words.reduce((total, word) => total + word.replace(/[^\p{L}\p{N}]/gu, '').length, 0),
    longWords: lengths.filter((length) => length >= 3).length,
  };
}

function round(value: number): number {
  return Number(value.toFixed(1));
}
