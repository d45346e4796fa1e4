import { pageRank } from './page-rank.js';
import type { ParsedText, Word } from './parse.js';
import type { KeywordsResult } from './text.results.js';

/** Words within this distance are neighbours in the graph. */
const windowSize = 3;
/** The maximum number of words in a phrase. */
const maxPhraseWords = 3;

interface Phrase {
  text: string;
  stems: string[];
  count: number;
}

/**
 * The key phrases of a text, made of nouns and adjectives.
 *
 * TextRank (Mihalcea and Tarau, EMNLP 2004): PageRank over neighbouring words. A phrase scores the mean of its words,
 * times the logarithm of its count, so that a single long phrase does not win.
 */
export function keywords(parsed: ParsedText, limit: number): KeywordsResult {
  const runs = parsed.sentences.flatMap((sentence) => sentence.runs);
  const ranks = rankWords(runs);
  const scored = [...phrases(runs).values()]
    .map(({ text, stems, count }) => {
      const mean = stems.reduce((total, stem) => total + (ranks.get(stem) ?? 0), 0) / stems.length;
      return { phrase: text, count, score: mean * Math.log2(1 + count) };
    })
    .sort((a, b) => b.score - a.score || a.phrase.localeCompare(b.phrase))
    .slice(0, limit);
  const best = scored[0]?.score ?? 1;
  return {
    keywords: scored.map((keyword) => ({ ...keyword, score: Number((keyword.score / best).toFixed(3)) })),
  };
}

function rankWords(runs: readonly Word[][]): Map<string, number> {
  const nodes = new Map<string, number>();
  const graph: Map<number, number>[] = [];
  const nodeOf = (stem: string): number => {
    const node = nodes.get(stem) ?? graph.push(new Map()) - 1;
    nodes.set(stem, node);
    return node;
  };
  for (const run of runs) {
    run.forEach((word, position) => {
      if (!isSubject(word)) return;
      const node = nodeOf(word.stem);
      for (const near of run.slice(position + 1, position + windowSize).filter(isSubject)) {
        const other = nodeOf(near.stem);
        if (other === node) continue;
        graph[node]?.set(other, (graph[node].get(other) ?? 0) + 1);
        graph[other]?.set(node, (graph[other].get(node) ?? 0) + 1);
      }
    });
  }
  const ranks = pageRank(graph);
  return new Map([...nodes].map(([stem, node]) => [stem, ranks[node] ?? 0]));
}

/** The longest runs of subject words, by stem. */
function phrases(runs: readonly Word[][]): Map<string, Phrase> {
  const found = new Map<string, Phrase>();
  const close = (words: Word[]): void => {
    // A phrase must contain a noun: 'old brown' is not a subject.
    if (words.length > maxPhraseWords || words.every((word) => word.partOfSpeech === 'ADJ')) return;
    const stems = words.map((word) => word.stem);
    const key = stems.join(' ');
    const phrase = found.get(key) ?? {
      text: words.map((word) => word.text.toLowerCase()).join(' '),
      stems,
      count: 0,
    };
    phrase.count++;
    found.set(key, phrase);
  };
  for (const run of runs) {
    let open: Word[] = [];
    for (const word of run) {
      if (isSubject(word)) {
        open.push(word);
      } else {
        close(open);
        open = [];
      }
    }
    close(open);
  }
  return found;
}

function isSubject({ partOfSpeech, isStopWord, text }: Word): boolean {
  return !isStopWord && text.length > 2 && /^(?:NOUN|PROPN|ADJ)$/.test(partOfSpeech);
}
