import vader from 'vader-sentiment';
import type { ParsedText } from './parse.js';
import type { SentimentLabel, SentimentResult } from './text.results.js';

/** A score closer to 0 is neutral: the threshold of VADER's authors. */
const neutralBelow = 0.05;

/**
 * The sentiment of a text: VADER (Hutto and Gilbert, ICWSM 2014) per sentence, and the mean of all sentences, weighted
 * by words, for the whole text.
 */
export function sentiment(parsed: ParsedText, limit: number): SentimentResult {
  const scored = parsed.sentences
    .filter(({ words }) => words.length > 0)
    .map(({ text, words }) => ({
      text,
      words: words.length,
      score: vader.SentimentIntensityAnalyzer.polarity_scores(text).compound,
    }));
  const words = scored.reduce((total, sentence) => total + sentence.words, 0);
  const weighted = scored.reduce((total, sentence) => total + sentence.score * sentence.words, 0);
  const score = words === 0 ? 0 : round(weighted / words);
  const highlights = scored
    .filter((sentence) => label(sentence.score) !== 'neutral')
    .sort((a, b) => Math.abs(b.score) - Math.abs(a.score))
    .slice(0, limit)
    .map((sentence) => ({ text: sentence.text, label: label(sentence.score), score: round(sentence.score) }));
  return { label: label(score), score, highlights };
}

function label(score: number): SentimentLabel {
  if (score >= neutralBelow) return 'positive';
  return score <= -neutralBelow ? 'negative' : 'neutral';
}

function round(score: number): number {
  return Number(score.toFixed(3));
}
