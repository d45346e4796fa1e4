import { readableLine } from './gist-characters.js';
import { foldCase } from './gist-case.js';
import { englishGist } from './gist-english.js';
import { germanGist } from './gist-german.js';
import { isContent, languageOf, type GistLanguage } from './gist-language.js';
import { readTokens } from './gist-tokens.js';

export type { GistLanguage };

/**
 * The longest text with a gist, in characters. Longer ones are documents with an order: two of them with one gist are
 * rare, and a rewritten comma may matter.
 */
export const maxGistLength = 2_000;

const rewrite = { en: englishGist, de: germanGist };

/**
 * The gist of a question: its words, numbers and signs in order, in one of the wordings that ask the same. Two texts
 * with one gist have the same meaning, so an answer to one answers the other.
 *
 * Unified are capitals that say nothing, spaces, final punctuation, contractions (`what's`), British and American
 * spellings, politeness (`please`, `can you tell me`), indirect questions and a few frames (`how do I`, `how to`).
 * Nothing else: no synonym, no word order, no number (`order`, `orders`), no tense, no negation, no article.
 *
 * @param language the language of the text, where it has too few frequent words to tell; found by them if left out
 * @returns undefined for a text without a gist: another language than English and German (or than `language`), a mixture, no content word,
 *   several lines, more than {@link maxGistLength} characters, or a question about words themselves
 */
export function gistOf(text: string, language?: GistLanguage): string | undefined {
  if (text.length > maxGistLength) return undefined;
  const line = readableLine(text);
  const read = line === undefined ? undefined : readTokens(line);
  if (read === undefined) return undefined;
  const found = languageOf(read.tokens);
  const known = language ?? found;
  if (known === undefined || (found !== undefined && found !== known)) return undefined;
  const folded = foldCase(read.tokens, known);
  if (!folded.some((token) => isContent(token, known))) return undefined;
  const gist = rewrite[known](folded, read.material !== '');
  if (gist === undefined) return undefined;
  const question = read.isAsked && isStatement(gist.split(' ', 3), known) ? ' ?' : '';
  const material = read.material === '' ? '' : ` :${read.material}`;
  return `${known} ${gist}${question}${material}`;
}

const statementStarts: Readonly<Record<GistLanguage, RegExp>> = {
  en: /^(?:i|you|he|she|it|we|they|this|that|these|those|there|the|an?|my|your|his|her|its|our|their)$/,
  de: /^(?:ich|du|er|sie|es|wir|ihr|das|dies|de[rnm]|die|eine?|[mds]eine?|unsere?|man)$/,
};
const auxiliaries =
  "is|are|was|were|do|does|did|can|could|will|would|should|may|must|has|have|had|.*n't|cannot";
const questionStarts: Readonly<Record<GistLanguage, RegExp>> = {
  en: new RegExp(`^(?:what.*|how.*|who.*|when.*|where.*|why.*|which|am|${auxiliaries})$`),
  de: new RegExp(
    '^(?:w(?:as|ie|er|em|en|o|ann|arum|ieso|eshalb|ohin|oher|elche[rsmn]?)|wieviele?' +
      '|ist|sind|war|kann|darf|muss|soll|hat|habe|wird|gibt)$',
  ),
};
const finiteVerbs: Readonly<Record<GistLanguage, RegExp>> = {
  en: new RegExp(`^(?:${auxiliaries})$`),
  de: /^(?:ist|sind|war|waren|hat|haben|kann|können|darf|muss|soll|wird|werden|gibt|geht|kostet)$/,
};

/** A text with the word order of a statement: there the question mark alone makes the question. */
function isStatement(
  [first = '', second = '', third = '']: readonly string[],
  language: GistLanguage,
): boolean {
  if (questionStarts[language].test(first)) return false;
  if (statementStarts[language].test(first)) return true;
  return finiteVerbs[language].test(second) || finiteVerbs[language].test(third);
}
