import {
  acronymWords,
  caseWords,
  germanAddress,
  germanFunctionWords,
  germanNouns,
  germanNounEndings,
  namesOfOneMeaning,
} from './gist-case-words.js';
import type { GistLanguage } from './gist-language.js';
import { isMark, isWord } from './gist-tokens.js';

const asWritten = /^[a-zäöüß'-]+$/;

/**
 * The tokens without capitals that say nothing.
 *
 * A capital says something in an identifier (`userId`), in an acronym (`US`), in a single letter, in a word that has
 * another meaning as a name (`Polish`, `Windows`), and in a German word that may be a noun or another word (`Arm`,
 * `Morgen`, `Sie`). Those stay as they are written, so spellings that differ there have gists of their own.
 */
export function foldCase(tokens: readonly string[], language: GistLanguage): readonly string[] {
  const isShouted = isAllCapitals(tokens);
  return tokens.map((token, index) => {
    if (asWritten.test(token) || !isWord(token)) return token;
    const isStart = index === 0 || (isMark(tokens[index - 1]) && !',;'.includes(tokens[index - 1] ?? ''));
    return isShouted
      ? quietly(token, isStart, language)
      : folded(token, isStart, language, tokens[index + 1]);
  });
}

/** True for a text of several words without a small letter: its capitals are a tone, not names. */
function isAllCapitals(tokens: readonly string[]): boolean {
  if (tokens.some((token) => asWritten.test(token))) return false;
  const words = tokens.filter((token) => token.length > 1 && isWord(token));
  return words.length > 1 && words.every((word) => word === word.toUpperCase());
}

function quietly(word: string, isStart: boolean, language: GistLanguage): string {
  const lower = word.toLowerCase();
  // SS may stand for ß.
  if (language === 'de') return germanAddress.has(lower) || lower.includes('ss') ? word : lower;
  const mayBeAcronym = acronymWords.has(lower) && !(isStart && lower === 'who');
  return caseWords.has(lower) || mayBeAcronym ? word : lower;
}

function folded(word: string, isStart: boolean, language: GistLanguage, next: string | undefined): string {
  const lower = word.toLowerCase();
  if (namesOfOneMeaning.has(lower)) return lower;
  if (word.length === 1) return isStart && language === 'en' && lower === 'a' ? lower : word;
  // Capitals inside: an acronym or an identifier.
  if (word.slice(1) !== lower.slice(1)) return word;
  if (language === 'de') {
    const saysNothing =
      (isStart && !germanAddress.has(lower)) || germanFunctionWords.has(lower) || isGermanNoun(lower);
    return saysNothing ? lower : word;
  }
  if (isStart && auxiliaries.has(lower)) return subjects.has((next ?? '').toLowerCase()) ? lower : word;
  return caseWords.has(lower) ? word : lower;
}

/** `Will it`, but `Will Smith`. */
const auxiliaries = new Set(['will', 'may']);
const subjects = new Set(
  'i you he she it we they the a an this that these those there my your his her our their'.split(' '),
);

function isGermanNoun(lower: string): boolean {
  return germanNouns.has(lower) || germanNounEndings.test(lower);
}
