import { isWord } from './gist-tokens.js';

/** A language whose questions have a gist. */
export type GistLanguage = 'en' | 'de';

const list = (words: string): ReadonlySet<string> => new Set(words.trim().split(/\s+/));

/** Words of one of the two languages only: `was`, `in`, `die`, `war`, `will` belong to both. */
const marksOf: Readonly<Record<GistLanguage, ReadonlySet<string>>> = {
  en: list(`
    the what what's whats how how's why when where where's who who's which is isn't are aren't do don't does doesn't
    did didn't can can't cannot could should would my your you it it's i'm i'd this that these those and or of to for
    with without from by have has be been if there please tell explain their its at between than into about much many
    list give show every some any must not as before after
    i he she we they may`),
  de: list(`
    der das dem ein eine einen einem einer eines ist sind wie warum wieso weshalb wann wo wer wohin woher welche welcher
    welches welchen wieviel ich du wir ihr mein meine meinen meinem meiner mir mich und oder nicht kein keine keinen mit
    ohne von für auf aus bei nach vor zu zum zur im ins kann kannst können könnten könntest soll muss wird gibt es bitte
    wenn ob als auch über unter zwischen vom beim haben habe dein deine ihre sein seine viel erkläre erklär nenne zeige
    gibt's gibts`),
};

/** Words of other languages: a text with one of them has no gist. */
const foreign = list(`
  wat hoe waarom wanneer waar een het niet naar mijn ik je hoeveel dat
  la le les une est et que qui quel quelle comment pour dans sur avec je vous combien pourquoi
  el los las una por para como cómo qué cuál cuánto cuánta dónde cuándo
  il lo gli che cosa dove quanto perché
  não uma os é em onde quando porque
  hvor hva hvad hvordan hvorfor ikke jeg det och att är jag hur vad inte på og til
  jak jest co czy gdzie się dlaczego kako što ako`);

const starts: Readonly<Record<GistLanguage, ReadonlySet<string>>> = {
  en: list(`what what's whats how how's why when where where's who who's which is are do does did can could should
    would explain`),
  de: list(
    'wie warum wieso weshalb wann wo wer wohin woher welche welcher welches wieviel was ist sind kann erkläre',
  ),
};

/**
 * The language of a text, by its most frequent words; undefined for a mixture, another language or too few of them: one
 * in five words, and two in all unless the first word is one that starts a question.
 */
export function languageOf(tokens: readonly string[]): GistLanguage | undefined {
  const found = { en: 0, de: 0 };
  let words = 0;
  for (const token of tokens) {
    if (!isWord(token)) continue;
    words += 1;
    const lower = token.toLowerCase();
    if (marksOf.en.has(lower)) found.en += 1;
    else if (marksOf.de.has(lower)) found.de += 1;
    // An acronym (LA, UNA) is no word of another language.
    else if (foreign.has(lower) && lower.slice(1) === token.slice(1)) return undefined;
  }
  if (found.en > 0 && found.de > 0) return undefined;
  const language = found.en > 0 ? 'en' : 'de';
  const count = found[language];
  if (count === 0 || count * 5 < words) return undefined;
  return count > 1 || starts[language].has((tokens[0] ?? '').toLowerCase()) ? language : undefined;
}

const functionWords: Readonly<Record<GistLanguage, ReadonlySet<string>>> = {
  en: list(`${[...marksOf.en].join(' ')} a an am was were will shall might had being me him her us
    them i his our mine yours one in on off out up down so but then here just also too very no never yes ok okay like
    want need know get go come make let thing things something anything everything nothing else again now`),
  de: list(`${[...marksOf.de].join(' ')} was die den des war waren will hat hatte werden würde er sie uns euch ihm ihn
    ihnen sich man an am in um so aber dann hier da nur schon noch sehr nie niemals ja nein ok machen mach tun gehen geht
    los dies diese dieser dieses sache etwas alles nichts jetzt also doch mal denn`),
};

/** True if a token says something by itself: any but a mark or a function word. */
export function isContent(token: string, language: GistLanguage): boolean {
  return /[\p{L}\p{N}\p{S}]/u.test(token) && !functionWords[language].has(token.toLowerCase());
}
