import {
  actions,
  contractions,
  materialWords,
  ownPlurals,
  participles,
  spellings,
  tools,
} from './gist-english-words.js';

/** The first part of what somebody asks: `how`, `how much`, `what time`. */
const asked =
  '(?:how (?:much|many|long|old|far|often|big|large|tall|high|deep|fast)|what time|what|where|who|why|how|when)';
const pronouns = '(?:i|you|he|she|it|we|they|one)';

/** Only before a question or an order: not in `Good morning, Vietnam`, not in `Hello! is a greeting`. */
const greeting = new RegExp(
  '^(?:hi|hello|hey|good (?:morning|afternoon|evening))(?: (?:there|everyone|all|team))? [,.!] ' +
    "(?=(?:what|what's|how|how's|who|when|where|where's|why|which|is(?! an? )|are|do|does|did|can|could|will|would" +
    '|should|may|please|explain|tell|show|give|i) )',
);
const filler = /^(?:so|ok|okay|well|um|quick question) , /;
/** Not the verb: `please your boss`. */
const please =
  /^(?:please|pls|plz)(?: ,)? (?!the |an? |my |your |his |her |our |their |me |us |him |them |every|\S+self )/;
const pleaseAfterYou =
  /^((?:can|could|would|will) you) (?:please|kindly|possibly) (?!the |an? |my |your |his |her |our |their )/;
const pleaseAtEnd = / (?:please|pls|plz)$/;
/** Where a final `please` without a comma is no verb: not in `what gifts please`, not in `whom do I please`. */
const maySayPlease =
  /^(?:how|can|could|where|when|explain|show|tell|give) .*(?<! (?:to|you|i|we|they|who|will|can|not|and|or))$/;
const thanks =
  /(?: [.!?])+ (?:thanks|thank you|many thanks|thx)(?: (?:a lot|so much|very much|in advance))*$/;

/** Requests to be told, if a question follows. `Tell me when` stays: it may ask for a message later. */
const opener = new RegExp(
  '^(?:(?:(?:can|could|would|will) (?:you|someone|anyone|somebody|anybody) )?(?:please )?' +
    '(?:tell me|explain to me|explain) ,? ?' +
    '(?=(?:what|where|who|why|how) )' +
    '|(?:do you (?:happen to )?know|does anyone know) ,? ?' +
    '(?=(?:what|where|who|why|when|if|whether|how (?!to )\\w+) )' +
    "|(?:(?:i would|i 'd|i'd) (?:like|love) to know|i (?:want|need) to know" +
    '|i (?:wonder|was wondering|am wondering)|(?:may|can|could) i ask(?: you)?) ,? ?' +
    '(?=(?:what|where|who|why|how|when|if|whether) ))',
);
const request =
  /^(?:can|could) you (?=(?:explain|describe|show me|give me an? (?:example|recipe|list|overview|summary)) )/;

const howFrame = /^how (?:do i|can i|would i|to|does one|can one) (\S+)(?= |$)/;
const singleDefinition = /^what is an? ([a-z]{3,})$/;
const toolFirst = new RegExp(`^in (${tools}) ,? ?(how (?:do i|can i|to) .+)$`);

/**
 * An English question in one wording: contractions written out, spellings unified, politeness cut, indirect questions
 * made direct, and a few frames whose wordings ask the same. Undefined if the text speaks about words.
 */
export function englishGist(folded: readonly string[], hasMaterial: boolean): string | undefined {
  if (folded.some((token) => materialWords.has(token.toLowerCase()))) return undefined;
  const words = unified(folded);
  if (words === undefined) return undefined;
  const direct = withoutPoliteness(words.join(' '), hasMaterial);
  return inOneFrame(direct);
}

function unified(tokens: readonly string[]): string[] | undefined {
  const words: string[] = [];
  // `What does don't mean` is about the word.
  const isAboutWord = tokens.includes('mean') || tokens.includes('means') || tokens.includes('called');
  for (const [index, token] of tokens.entries()) {
    const [before, after] = [tokens[index - 1], tokens[index + 1]];
    const written =
      token === 'I' ? pronounOr(token, before) : token.startsWith("I'") ? `i${token.slice(1)}` : token;
    const other = spellings.get(written) ?? writtenOut(written, after);
    if (other !== written && index > 0 && isAboutWord) return undefined;
    words.push(other);
  }
  return words;
}

/** `I` is the pronoun, but not in `World War I`. */
function pronounOr(token: string, before: string | undefined): string {
  return before !== undefined &&
    /^(?:is|of|for|war|part|chapter|phase|type|class|variable|matrix|and|or|=)$/.test(before)
    ? token
    : 'i';
}

/** A contraction in full. `who's paid` stays: it says `is` or `has`. */
function writtenOut(word: string, after: string | undefined): string {
  const fixed = contractions.get(word);
  if (fixed !== undefined) return fixed;
  if (!word.includes("'")) return word;
  const [, start, end] = /^([a-z]+)'(s|re|ve|ll|m)$/.exec(word) ?? [];
  if (start === undefined) return word;
  if (end === 's')
    return isHappening.test(start) && after !== undefined && !mayFollowHas(after) ? `${start} is` : word;
  if (!isPronoun.test(start)) return word;
  return end === 're'
    ? `${start} are`
    : end === 've'
      ? `${start} have`
      : end === 'll'
        ? `${start} will`
        : `${start} am`;
}

const isPronoun = new RegExp(`^${pronouns}$`);
const isHappening = /^(?:what|who|where|when|how|why|that|there|here|it|he|she)$/;

/** True for what may be a participle or an adverb before one; the endings are those of irregular verbs, too. */
function mayFollowHas(word: string): boolean {
  if (/^(?:the|an?|my|your|his|her|its?|our|their|this|that|in|on|at|of|for|with)$/.test(word)) return false;
  return (
    /(?:ed|en|ly|wn|ught|elt|old|ound|ept|one|ome|un[gk]?|id|it|ut|et|nt|st)$/.test(word) ||
    participles.has(word)
  );
}

function withoutPoliteness(text: string, hasMaterial: boolean): string {
  let direct = text;
  if (!hasMaterial) direct = withoutFinalPlease(direct.replace(thanks, ''));
  direct = direct
    .replace(greeting, '')
    .replace(filler, '')
    .replace(please, '')
    .replace(pleaseAfterYou, '$1 ');
  if (!opener.test(direct)) return direct.replace(request, '').replace(/^explain to me /, 'explain ');
  return directQuestion(direct.replace(opener, '').replace(/^whether or not /, 'whether ')) ?? direct;
}

function withoutFinalPlease(text: string): string {
  if (!pleaseAtEnd.test(text)) return text;
  const rest = text.replace(pleaseAtEnd, '');
  if (rest.endsWith(' ,')) return rest.slice(0, -2);
  return maySayPlease.test(rest) ? rest : text;
}

const withPronoun = new RegExp(`^(${asked}) (${pronouns}) (can|could|should|would|will|may|must) `);
const auxiliary = '(is|are|was|were|can|could|will|would|should|must)';
/** Not after `how much` and `how many`: `how many people are` is direct already. */
const withAuxiliary = new RegExp(`^(${asked})(?<!much|many) (.+?) ${auxiliary}( .+)?$`);
const actionVerb = 'cost|work|mean|take|last|open|close|start|end|begin|weigh';
const withOne = new RegExp(`^(${asked}) (.+?) (${actionVerb})s((?: (?:in|on|at|for|to) .+)?)$`);
const withMany = new RegExp(`^(${asked}) (.+?) (${actionVerb})((?: (?:in|on|at|for) .+)?)$`);
const whether = new RegExp(`^(?:if|whether) (.+?) ${auxiliary} (.+)$`);
const isDirect =
  /^\S+(?: \S+)? (?:is|are|was|were|do|does|did|can|could|will|would|should|must|has|have|had|to) /;
/** A second clause, whose verb must not move. */
const hasClause = / (?:,|if|when|that|which|who|because|while|after|before|and|or|but) /;

/** `what the capital is` → `what is the capital`. Undefined if a question with `if` has no verb to begin with. */
function directQuestion(indirect: string): string | undefined {
  if (/^(?:if|whether) /.test(indirect)) {
    return whether.test(indirect) ? indirect.replace(whether, '$2 $1 $3') : undefined;
  }
  if (withPronoun.test(indirect)) return indirect.replace(withPronoun, '$1 $3 $2 ');
  if (isDirect.test(indirect) || hasClause.test(indirect)) return indirect;
  if (withAuxiliary.test(indirect)) return indirect.replace(withAuxiliary, '$1 $3 $2$4');
  if (withOne.test(indirect)) return indirect.replace(withOne, '$1 does $2 $3$4');
  return indirect.replace(withMany, '$1 do $2 $3$4');
}

function inOneFrame(question: string): string {
  const plain = question
    .replace(toolFirst, '$2 in $1')
    .replace(/^what (does|do|did) (.+) cost$/, 'how much $1 $2 cost')
    .replace(/^why can (i|he|she|it|we|they) not /, 'why cannot $1 ')
    .replace(/^why (is|does|did|will) not (he|she|it) /, 'why $1 $2 not ')
    .replace(/\bvs \. /g, 'vs ')
    .replace(/^what is the (?=capital of |population of |price of )/, 'what is ');
  const framed = plain.replace(howFrame, (frame: string, action: string) =>
    actions.has(action) ? `how to ${action}` : frame,
  );
  return framed.replace(singleDefinition, (frame: string, noun: string) => {
    const plural = pluralOf(noun);
    return ownPlurals.has(plural) ? frame : `what are ${plural}`;
  });
}

function pluralOf(noun: string): string {
  if (/(?:s|x|z|ch|sh)$/.test(noun)) return `${noun}es`;
  return /[^aeiou]y$/.test(noun) ? `${noun.slice(0, -1)}ies` : `${noun}s`;
}
