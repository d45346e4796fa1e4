import type { ParsedText, Word } from './parse.js';
import type { EntitiesResult } from './text.results.js';

/** Dates, times, amounts and the like as found by wink-nlp, and proper names: runs of proper nouns. */
export function entities(parsed: ParsedText, limit: number): EntitiesResult {
  const found = new Map<string, { text: string; type: string; count: number }>();
  const count = (text: string, type: string): void => {
    const key = `${type} ${text.toLowerCase()}`;
    const entity = found.get(key) ?? { text, type, count: 0 };
    entity.count++;
    found.set(key, entity);
  };
  for (const { text, type } of parsed.entities) count(text, type);
  for (const name of parsed.sentences.flatMap((sentence) => sentence.runs.flatMap(names)))
    count(name, 'NAME');
  return {
    entities: [...found.values()]
      .sort((a, b) => b.count - a.count || compare(a.text, b.text))
      .slice(0, limit),
  };
}

function names(run: Word[]): string[] {
  const found: string[][] = [];
  let inName = false;
  for (const word of run) {
    // 'Vice President': the model tags the second word as a common noun.
    const isNoun: boolean = word.partOfSpeech === 'PROPN' || (inName && word.partOfSpeech === 'NOUN');
    const isName: boolean = isNoun && /^\p{Lu}/u.test(word.text);
    if (isName && inName) found.at(-1)?.push(word.text);
    else if (isName) found.push([word.text]);
    inName = isName;
  }
  return found.map((words) => words.join(' '));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : 1;
}
