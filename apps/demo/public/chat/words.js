/** What became of a question, in words: the badge, and the sentence beside it. */
const outcomes = {
  waiting: ['asking', ''],
  miss: ['miss', 'the model answers'],
  refresh: ['miss', 'the model answers anew'],
  bypass: ['bypass', 'the model answers, past the cache'],
  hit: ['hit', 'replayed from the cache'],
  gist: ['gist hit', 'same content words, replayed from the cache'],
  meaning: ['similar hit', 'same meaning, replayed from the cache'],
  collapsed: ['shared', 'reads the answer of another tab as it is made'],
  stopped: ['stopped', 'this reader left; after the last one the model stops, and nothing is stored'],
  error: ['error', 'nothing is stored'],
};

export function wordsOf(outcome) {
  return outcomes[outcome] ?? [outcome, ''];
}

/** The name of an outcome: a hit is told by how the request matched, if the cache tells it. */
export function outcomeOf({ outcome, matched }) {
  return outcome === 'hit' && matched !== undefined && matched !== 'exact' ? matched : outcome;
}

export function time(ms) {
  if (ms === 0) return '0 s';
  if (ms < 1000) return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
  return ms < 60_000 ? `${(ms / 1000).toFixed(2)} s` : `${(ms / 60_000).toFixed(1)} min`;
}

export function money(dollars) {
  if (dollars === 0) return '$0';
  return `$${dollars < 1 ? dollars.toPrecision(2) : dollars.toFixed(2)}`;
}

export function count(number) {
  return number.toLocaleString('en');
}

export function plural(number, noun) {
  return `${count(number)} ${noun}${number === 1 ? '' : 's'}`;
}

const partNames = {
  engine: 'Engine',
  model: 'Model',
  system: 'Instructions of the model',
  question: 'Question',
};

export function partName(name) {
  return partNames[name] ?? name;
}

/** Why a question was answered as it was, in a sentence. `tabs`: the number of requests. */
export function reason({ outcome, anew, ageSeconds, tabs }, differs) {
  if (tabs > 1) {
    return (
      'The first request runs the model. Equal requests that arrive meanwhile read its recording from the ' +
      'beginning, and then follow live.'
    );
  }
  switch (outcome) {
    case 'hit':
      return `Every part of the request equals one that was answered ${age(ageSeconds)}, so the key is the same.`;
    case 'gist':
      return `The words that carry the content are those of a question answered ${age(ageSeconds)}, in the same order.`;
    case 'meaning':
      return `The question means the same as one that was answered ${age(ageSeconds)}.`;
    case 'collapsed':
      return 'An equal request was running. This one reads its recording from the beginning, and then follows live.';
    case 'miss':
      return anew
        ? 'The header Cache-Control: no-cache asks the model anew. The new answer replaces the stored one.'
        : `No answer with this key was stored. ${difference(differs)}`;
    default:
      return '';
  }
}

function difference(differs) {
  if (differs === undefined || differs.length === 0) return '';
  const verb = differs.length === 1 ? 'differs' : 'differ';
  return `${list(differs.map(partName))} ${verb} from the request before, so the key is another.`;
}

function age(seconds) {
  if (seconds === undefined || seconds < 1) return 'just now';
  return seconds < 120
    ? `${plural(seconds, 'second')} ago`
    : `${plural(Math.round(seconds / 60), 'minute')} ago`;
}

function list(words) {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
