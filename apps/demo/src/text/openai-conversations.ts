import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { TextEngineError } from './text-engine.js';
import { EntitiesResult, KeywordsResult, SentimentResult, SummaryResult } from './text.results.js';
import type { Operation, OperationOptions, OperationResults } from './text.types.js';

/** The prompt of an operation, and the parser of the model's response. */
export interface Conversation<O extends Operation> {
  /** True if a truncated response is usable. */
  partial: boolean;
  prompt(options: OperationOptions[O]): string;
  /** @throws TextEngineError when the response is invalid */
  read(answer: string, text: string, options: OperationOptions[O]): OperationResults[O];
}

export const conversations: { [O in Operation]: Conversation<O> | undefined } = {
  summarize: {
    partial: true,
    prompt: ({ maxSentences }) =>
      `Summarize the text in at most ${maxSentences} sentences. Answer with the summary alone, as plain text.`,
    read: (answer, text) => {
      const summary = answer.trim();
      return checked(SummaryResult, {
        summary,
        sentenceCount: summary.split(/(?<=[.!?])\s+/).length,
        compression: Math.min(1, Number((summary.length / text.length).toFixed(3))),
      });
    },
  },
  sentiment: {
    partial: false,
    prompt: ({ limit }) =>
      'Judge the sentiment of the text. Answer with a JSON object {"label": "negative" | "neutral" | "positive", ' +
      '"score": number from -1 to 1, "highlights": [{"text": sentence, "label", "score"}]}, where highlights are the ' +
      `${limit} sentences with the strongest feelings, strongest first, word for word.`,
    read: (answer, _, { limit }) => {
      const judged = json(answer);
      return checked(SentimentResult, { ...judged, highlights: list(judged['highlights']).slice(0, limit) });
    },
  },
  keywords: {
    partial: false,
    prompt: ({ limit }) =>
      `Find the ${limit} most telling key phrases of the text, as they stand in it. Answer with a JSON object ` +
      '{"keywords": [{"phrase": string, "score": number from 0 to 1}]}, best first.',
    read: (answer, text, { limit }) => {
      const found = list(json(answer)['keywords']).slice(0, limit);
      return checked(KeywordsResult, {
        keywords: found.map((item) => ({ ...item, count: occurrences(text, item['phrase']) })),
      });
    },
  },
  entities: {
    partial: false,
    prompt: ({ limit }) =>
      `Find at most ${limit} named entities, dates and amounts in the text, as they stand in it. Answer with a JSON ` +
      'object {"entities": [{"text": string, "type": "PERSON" | "ORGANIZATION" | "PLACE" | "DATE" | "MONEY" | "OTHER"}]}.',
    read: (answer, text, { limit }) => {
      const found = list(json(answer)['entities']).slice(0, limit);
      const counted = found.map((item) => ({ ...item, count: occurrences(text, item['text']) }));
      return checked(EntitiesResult, { entities: counted.sort((a, b) => b.count - a.count) });
    },
  },
  // Readability is computed locally: a language model would guess at syllables.
  readability: undefined,
};

type JsonObject = Record<string, unknown>;

function json(content: string): JsonObject {
  try {
    const answer: unknown = JSON.parse(content);
    if (isObject(answer)) return answer;
  } catch {
    // The error below omits the response, which may contain anything.
  }
  throw new TextEngineError(
    'bad-answer',
    'the language model did not answer with the JSON object it was asked for',
  );
}

function list(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function occurrences(text: string, phrase: unknown): number {
  if (typeof phrase !== 'string' || phrase === '') return 0;
  return text.toLowerCase().split(phrase.toLowerCase()).length - 1;
}

function checked<T extends object>(type: new () => T, plain: object): T {
  const result = plainToInstance(type, plain);
  const problems = validateSync(result, {
    whitelist: true,
    validationError: { target: false, value: false },
  });
  if (problems.length === 0) return result;
  const where = problems.map((problem) => problem.property).join(', ');
  throw new TextEngineError('bad-answer', `the language model's answer is wrong in: ${where}`);
}
