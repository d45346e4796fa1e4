/* eslint-disable @typescript-eslint/unbound-method -- wink-nlp calls the helpers in `its` by itself */
import model from 'wink-eng-lite-web-model';
import winkNLP from 'wink-nlp';
import type { ItemEntity, ItemSentence, ItemToken, ItsFunction, PartOfSpeech } from 'wink-nlp';

const nlp = winkNLP(model);
const { its } = nlp;
// The declared type differs from the other helpers, but wink-nlp calls this one the same way.
const stem = its.stem as ItsFunction<string>;

export interface Word {
  /** The word as written in the text. */
  text: string;
  stem: string;
  partOfSpeech: PartOfSpeech;
  /** A stop word: 'the', 'of', 'shall'. */
  isStopWord: boolean;
}

export interface Sentence {
  text: string;
  /** Runs of words without punctuation, brackets or numbers between them. */
  runs: Word[][];
  words: Word[];
  /** True for prose: letters, a verb and a full stop. False for a heading or a list of names. */
  isProse: boolean;
}

export interface ParsedText {
  sentences: Sentence[];
  entities: { text: string; type: string }[];
}

/** Parses English text. A blank line ends a paragraph and its last sentence; other line breaks count as spaces. */
export function parse(text: string): ParsedText {
  const parsed: ParsedText = { sentences: [], entities: [] };
  for (const paragraph of text.split(/\n\s*\n/)) {
    const line = paragraph.replace(/\s+/g, ' ').trim();
    if (line !== '') read(line, parsed);
  }
  return parsed;
}

function read(paragraph: string, into: ParsedText): void {
  const document = nlp.readDoc(paragraph);
  document.sentences().each((sentence: ItemSentence) => {
    const runs: Word[][] = [[]];
    sentence.tokens().each((token: ItemToken) => {
      if (token.out(its.type) !== 'word') {
        runs.push([]);
        return;
      }
      runs.at(-1)?.push({
        text: token.out(),
        stem: token.out(stem),
        partOfSpeech: token.out(its.pos) as PartOfSpeech,
        isStopWord: token.out(its.stopWordFlag) as boolean,
      });
    });
    const words = runs.flat();
    const text = sentence.out();
    into.sentences.push({
      text,
      runs: runs.filter((run) => run.length > 0),
      words,
      isProse: /[.!?]["')\]]*$/.test(text) && words.some((word) => /^(?:VERB|AUX)$/.test(word.partOfSpeech)),
    });
  });
  document.entities().each((entity: ItemEntity) => {
    const { value, type } = entity.out(its.detail) as { value: string; type: string };
    into.entities.push({ text: value, type });
  });
}
