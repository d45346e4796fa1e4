import type {
  EntitiesResult,
  KeywordsResult,
  ReadabilityResult,
  SentimentResult,
  SummaryResult,
} from './text.results.js';

/** The operations on a text. */
export const operations = ['summarize', 'sentiment', 'keywords', 'entities', 'readability'] as const;

export type Operation = (typeof operations)[number];

export interface OperationOptions {
  summarize: { maxSentences: number };
  sentiment: { limit: number };
  keywords: { limit: number };
  entities: { limit: number };
  readability: { wordsPerMinute: number };
}

export interface OperationResults {
  summarize: SummaryResult;
  sentiment: SentimentResult;
  keywords: KeywordsResult;
  entities: EntitiesResult;
  readability: ReadabilityResult;
}
