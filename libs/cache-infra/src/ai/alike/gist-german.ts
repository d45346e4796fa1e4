import { actionOf, materialWords, particles, spellings } from './gist-german-words.js';

const asked =
  '(?:wie (?:viel|viele|lange|hoch|alt|oft|weit|groß|teuer|spät|schnell)' +
  '|was|wo|wer|wann|warum|wieso|weshalb|wohin|woher|wie)';

const greeting = /^(?:hallo|hi|hey|servus|moin|guten (?:Morgen|Tag|Abend)|guten (?:morgen|tag|abend)) [,.!] /;
const thanks = /(?: [.!?])+ (?:danke|vielen [Dd]ank|besten [Dd]ank)(?: (?:schön|sehr|im [Vv]oraus))*$/;
/** Not the verb: `bitte den Chef um Geld`. */
const pleaseAtStart = /^bitte(?: ,)? (?!de[nmr] |die |das |ihn |sie |mich |uns |[dms]einen? |einen? )/;
const pleaseAtEnd =
  /(?:(?<! (?:ich|um|wie|und|oder|nicht|die|[dmks]?eine|ihre|unsere|diese)) bitte| , bitte)$/;
const canYou = '(?:kannst du|könntest du|können Sie|könnten Sie|würdest du|würden Sie)';
const tellMe = '(?:sag|sage|sagen Sie|erklär|erkläre|erklären Sie|zeig|zeige|zeigen Sie)';
const pleaseInside = new RegExp(
  `^((?:${canYou}|${tellMe})(?: (?:mir|uns))?) (?:bitte|mal|bitte mal|vielleicht)(?= )`,
);

/** Requests to be told, whose question follows after a comma. */
const opener = new RegExp(
  `^(?:${canYou} (?:mir |uns )?(?:sagen|erklären|verraten|mitteilen)` +
    '|(?:sag|sage|sagen Sie|erklär|erkläre|erklären Sie|verrate|verraten Sie) (?:mir|uns)' +
    '|ich (?:(?:möchte|will)(?: gerne?)? wissen|würde gerne? wissen|wüsste gerne?)' +
    '|weißt du|wissen Sie|ich frage mich|mich interessiert|darf ich fragen) ,? ?' +
    `(?=${asked} |ob )`,
);
const explainFrame = new RegExp(
  `^(?:${canYou} (?:mir |uns )?([^,]+) erklären|(?:erklär|erkläre|erklären Sie) (?:mir|uns) ([^,]+))$`,
);

/**
 * A German question in one wording: politeness cut, indirect questions made direct, and `wie ändere ich`, `wie ändert
 * man` and `wie kann ich … ändern` made one. Undefined if the text speaks about words.
 */
export function germanGist(folded: readonly string[], hasMaterial: boolean): string | undefined {
  if (folded.some((token) => materialWords.has(token.toLowerCase()))) return undefined;
  const words = folded.map((token) => spellings.get(token) ?? token);
  const direct = withoutPoliteness(words.join(' '), hasMaterial);
  return inOneFrame(direct);
}

function withoutPoliteness(text: string, hasMaterial: boolean): string {
  let direct = text;
  if (!hasMaterial) direct = direct.replace(thanks, '').replace(pleaseAtEnd, '');
  direct = direct.replace(greeting, '').replace(pleaseAtStart, '').replace(pleaseInside, '$1');
  if (opener.test(direct)) return directQuestion(direct.replace(opener, ''));
  return direct.replace(explainFrame, (_all, one: string | undefined, other: string | undefined) => {
    return `erkläre ${one ?? other ?? ''}`;
  });
}

const finite =
  '(?:ist|sind|war|waren|hat|haben|hatte|kann|können|darf|dürfen|muss|müssen|soll|sollen|wird|werden|gibt|kostet|kosten|' +
  'funktioniert|funktionieren|braucht|liegt|dauert|beginnt|endet|öffnet|schließt|geht|kommt)';
const withVerbLast = new RegExp(`^(${asked}) ([^,]+) (${finite})$`);
const whether = new RegExp(`^ob ([^,]+) (${finite})$`);

/** `was ein Cache ist` → `was ist ein Cache`. */
function directQuestion(indirect: string): string {
  const ob = whether.exec(indirect);
  if (ob !== null) return `${ob[2] ?? ''} ${ob[1] ?? ''}`;
  if (/^wie (?:ich|man) /.test(indirect)) return indirect;
  return indirect.replace(withVerbLast, '$1 $3 $2');
}

const withModal = /^wie (?:kann|könnte) (?:ich|man) ([^,.;?!]+) (\S+)$/;
const withVerb = /^wie (\S+) (ich|man) ([^,.;?!]+)$/;
const withPersonFirst = /^wie (?:ich|man) ([^,.;?!]+) (\S+)$/;

/** All wordings of `how do I` as `wie <object> <infinitive>`, if the verb is one of the known actions. */
function inOneFrame(question: string): string {
  const text = question
    .replace(/^(wie|was|wo|wer|wann|warum) (\S+) (?:denn|eigentlich) (?=\S)/, '$1 $2 ')
    .replace(/^wie viel kostet /, 'was kostet ')
    .replace(/^wie viel kosten /, 'was kosten ');
  const modal = withModal.exec(text);
  if (modal !== null) return asAction(modal[1], modal[2], 'infinitive') ?? text;
  const verb = withVerb.exec(text);
  if (verb !== null) return withParticle(verb[1], verb[2], verb[3]) ?? text;
  const person = withPersonFirst.exec(text.replace(/^(wie (?:ich|man) .+) kann$/, '$1'));
  if (person === null) return text;
  const action = actionOf(person[2] ?? '', 'any');
  return action === undefined ? text : `wie ${person[1] ?? ''} ${action}`;
}

function asAction(object = '', verb = '', form: 'infinitive' | 'any' = 'any'): string | undefined {
  const action = actionOf(verb, form);
  return action === undefined ? undefined : `wie ${object} ${action}`;
}

/** `setze … zurück` → `zurücksetzen`, `ändere …` → `ändern`. */
function withParticle(verb = '', person = '', rest = ''): string | undefined {
  const form = person === 'ich' ? 'ich' : 'man';
  const [, object, particle] = particles.exec(rest) ?? [];
  const action = actionOf(`${particle?.replace(' ', '') ?? ''}${verb}`, form);
  return action === undefined ? undefined : `wie ${object ?? rest} ${action}`;
}
