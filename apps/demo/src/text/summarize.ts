import { pageRank } from './page-rank.js';
import type { ParsedText, Sentence } from './parse.js';
import type { SummaryResult } from './text.results.js';

/** The minimum number of words of a sentence in a summary. */
const minWords = 6;
/** The maximum number of words; longer sentences are used only when no other is left. */
const maxWords = 60;
/** A sentence above this similarity (0-1) repeats one that the summary already contains. */
const redundant = 0.6;

type Vector = ReadonlyMap<string, number>;

/**
 * The most central sentences of a text, in their original order.
 *
 * LexRank: PageRank over the tf-idf cosines of sentences (Erkan and Radev, JAIR 22, 2004).
 */
export function summarize(text: string, parsed: ParsedText, maxSentences: number): SummaryResult {
  const candidates = parsed.sentences.filter(isCandidate);
  const sentences = candidates.length > 0 ? candidates : parsed.sentences;
  const vectors = tfIdf(sentences);
  const ranks = pageRank(similarityGraph(vectors));
  const best = ranks.map((_, index) => index).sort((a, b) => (ranks[b] ?? 0) - (ranks[a] ?? 0));

  const chosen: number[] = [];
  for (const index of best) {
    if (chosen.length === maxSentences) break;
    if (chosen.every((other) => cosine(vectors[index], vectors[other]) < redundant)) chosen.push(index);
  }
  const summary = chosen
    .sort((a, b) => a - b)
    .map((index) => sentences[index]?.text)
    .join(' ');
  return {
    summary,
    sentenceCount: chosen.length,
    compression: Math.min(1, Number((summary.length / text.length).toFixed(3))),
  };
}

function isCandidate({ isProse, words }: Sentence): boolean {
  return isProse && words.length >= minWords && words.length <= maxWords;
}

/** One unit vector per sentence, over the stems of its content words. */
function tfIdf(sentences: readonly Sentence[]): Vector[] {
  const counts = sentences.map(({ words }) => {
    const count = new Map<string, number>();
    for (const { stem, isStopWord } of words) {
      if (!isStopWord) count.set(stem, (count.get(stem) ?? 0) + 1);
    }
    return count;
  });
  const sentencesWith = new Map<string, number>();
  for (const stem of counts.flatMap((count) => [...count.keys()])) {
    sentencesWith.set(stem, (sentencesWith.get(stem) ?? 0) + 1);
  }
  return counts.map((count) => {
    const weights = [...count].map(([stem, times]): [string, number] => {
      return [stem, times * Math.log(1 + sentences.length / (sentencesWith.get(stem) ?? 1))];
    });
    const length = Math.hypot(...weights.map(([, weight]) => weight));
    return new Map(weights.map(([stem, weight]) => [stem, weight / length]));
  });
}

function similarityGraph(vectors: readonly Vector[]): Map<number, number>[] {
  const graph = vectors.map(() => new Map<number, number>());
  for (let a = 0; a < vectors.length; a++) {
    for (let b = a + 1; b < vectors.length; b++) {
      const similarity = cosine(vectors[a], vectors[b]);
      if (similarity > 0) {
        graph[a]?.set(b, similarity);
        graph[b]?.set(a, similarity);
      }
    }
  }
  return graph;
}

function cosine(a: Vector = new Map(), b: Vector = new Map()): number {
  const [small, large] = a.size < b.size ? [a, b] : [b, a];
  let product = 0;
  for (const [stem, weight] of small) product += weight * (large.get(stem) ?? 0);
  return product;
}
