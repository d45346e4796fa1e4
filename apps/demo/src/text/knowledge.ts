import { parse } from './parse.js';

/** A question of the knowledge text and its answer. */
export interface Article {
  question: string;
  /** The paragraphs of the answer; the first is the short answer. */
  paragraphs: readonly string[];
}

/** Reads a text whose headings of the second level are questions. */
export function readArticles(text: string): Article[] {
  return text
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [question = '', ...paragraphs] = section.split(/\n\s*\n/).map((part) => part.trim());
      return { question, paragraphs: paragraphs.filter((paragraph) => paragraph !== '') };
    });
}

/** A word of a heading counts as often as this many of the answer. */
const headingWeight = 4;
/** Saturation of repeated words, and weight of the length: the usual values of BM25. */
const k1 = 1.2;
const b = 0.75;

interface Indexed {
  article: Article;
  headingStems: ReadonlySet<string>;
  /** Stem → weighted count. */
  counts: ReadonlyMap<string, number>;
  size: number;
}

/**
 * Finds the article about a question, by its content words.
 *
 * BM25: Robertson and Zaragoza, "The Probabilistic Relevance Framework" (2009).
 */
export class Knowledge {
  readonly #articles: readonly Indexed[];
  readonly #meanSize: number;

  constructor(articles: readonly Article[]) {
    this.#articles = articles.map(indexed);
    this.#meanSize = this.#articles.reduce((sum, { size }) => sum + size, 0) / this.#articles.length;
  }

  /** The best article, or undefined if no content word of the question occurs in any. */
  find(question: string): Article | undefined {
    const stems = new Set(stemsOf(question));
    let best: { article: Article; score: number } | undefined;
    for (const each of this.#articles) {
      const score = this.#score(each, stems);
      if (score > (best?.score ?? 0)) best = { article: each.article, score };
    }
    return best?.article;
  }

  #score({ headingStems, counts, size }: Indexed, stems: ReadonlySet<string>): number {
    let score = 0;
    for (const stem of stems) {
      const count = counts.get(stem) ?? 0;
      if (count === 0) continue;
      const saturated = (count * (k1 + 1)) / (count + k1 * (1 - b + (b * size) / this.#meanSize));
      score += this.#rarity(stem) * saturated;
    }
    // "What is a cache?" asks for the article with this heading, and not for each that is about caches.
    return score * (1 + similarity(headingStems, stems));
  }

  #rarity(stem: string): number {
    const having = this.#articles.filter(({ counts }) => counts.has(stem)).length;
    return Math.log(1 + (this.#articles.length - having + 0.5) / (having + 0.5));
  }
}

function indexed(article: Article): Indexed {
  const counts = new Map<string, number>();
  const add = (text: string, weight: number): void => {
    for (const stem of stemsOf(text)) counts.set(stem, (counts.get(stem) ?? 0) + weight);
  };
  add(article.question, headingWeight);
  for (const paragraph of article.paragraphs) add(paragraph, 1);
  return {
    article,
    headingStems: new Set(stemsOf(article.question)),
    counts,
    size: [...counts.values()].reduce((sum, count) => sum + count, 0),
  };
}

/** The share of the stems that both have (Jaccard). */
function similarity(one: ReadonlySet<string>, other: ReadonlySet<string>): number {
  const common = [...one].filter((stem) => other.has(stem)).length;
  const all = one.size + other.size - common;
  return all === 0 ? 0 : common / all;
}

function stemsOf(text: string): string[] {
  const { sentences } = parse(text.toLowerCase());
  return sentences
    .flatMap(({ words }) => words)
    .filter(({ isStopWord }) => !isStopWord)
    .map(({ stem }) => stem);
}
