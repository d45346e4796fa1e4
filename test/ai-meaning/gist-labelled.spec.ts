import { gistOf, type GistLanguage } from '../../libs/cache-infra/src/ai/alike/gist.js';

import { conversations, type Conversation } from './conversations.js';
import { labelledPairs, type LabelledPair } from './labelled-pairs.js';

const languages: readonly GistLanguage[] = ['en', 'de'];

const isHit = (one: string, other: string, language?: GistLanguage): boolean => {
  const gist = gistOf(one, language);
  return gist !== undefined && gist === gistOf(other, language);
};

const shown = ({ kind, one, other }: LabelledPair): string =>
  `${kind}: ${one} | ${other} → ${String(gistOf(one))}`;

/** The least share of paraphrases that a language must find; `node benchmarks/gist.mjs` prints the shares by kind. */
const recallFloor = 0.6;
/** The least share among the kinds of difference that the rules are made for. */
const recallFloorOfRules = 0.95;

describe.each(languages)('the labelled pairs in %s', (language) => {
  it('near-misses never share a gist, whether their language is given or found', async () => {
    const pairs = await labelledPairs(`near-misses.${language}.txt`);
    const offenders = pairs.filter(({ one, other }) => isHit(one, other) || isHit(one, other, language));

    expect(offenders.map(shown)).toEqual([]);
  });

  it('most near-misses have gists: a text without one proves nothing', async () => {
    const pairs = await labelledPairs(`near-misses.${language}.txt`);
    const compared = pairs.filter(
      ({ one, other }) => gistOf(one, language) !== undefined && gistOf(other, language) !== undefined,
    );

    expect(compared.length / pairs.length).toBeGreaterThan(0.9);
  });

  it('paraphrases share a gist at the rate that the documentation states', async () => {
    const pairs = await labelledPairs(`paraphrases.${language}.txt`);
    const hits = pairs.filter(({ one, other }) => isHit(one, other));
    const ofRules = pairs.filter(({ kind }) => !kind.startsWith('reworded'));
    const missedByRules = ofRules.filter(({ one, other }) => !isHit(one, other));

    expect(hits.length / pairs.length).toBeGreaterThan(recallFloor);
    expect({ share: 1 - missedByRules.length / ofRules.length, missed: missedByRules.map(shown) }).toEqual({
      share: expect.closeTo(1, 1),
      missed: expect.any(Array),
    });
    expect(1 - missedByRules.length / ofRules.length).toBeGreaterThan(recallFloorOfRules);
  });

  it('no text shares a gist with a text of another pair, unless a paraphrase says so', async () => {
    const alike = await labelledPairs(`paraphrases.${language}.txt`);
    const unlike = await labelledPairs(`near-misses.${language}.txt`);
    const groups = new Map<string, Set<string>>();
    for (const { one, other } of [...alike, ...unlike]) {
      for (const text of [one, other]) {
        const gist = gistOf(text);
        if (gist !== undefined) groups.set(gist, (groups.get(gist) ?? new Set()).add(text));
      }
    }
    const known = new Set(unlike.flatMap(({ one, other }) => [`${one} | ${other}`, `${other} | ${one}`]));
    const wrong = [...groups.values()].flatMap((texts) =>
      [...texts].flatMap((one) =>
        [...texts].map((other) => `${one} | ${other}`).filter((pair) => known.has(pair)),
      ),
    );

    expect(wrong).toEqual([]);
  });
});

it('the labelled set has at least 150 paraphrases and 150 near-misses, each once', async () => {
  for (const name of ['paraphrases', 'near-misses']) {
    const files = await Promise.all(languages.map((language) => labelledPairs(`${name}.${language}.txt`)));
    const lines = files.flat().map(({ one, other }) => [one, other].sort().join(' | '));

    expect(lines.length).toBeGreaterThanOrEqual(150);
    expect(lines.filter((line, index) => lines.indexOf(line) !== index)).toEqual([]);
  }
});

describe('conversations: the last question may be compared by its gist, the rest of the requests must be equal', () => {
  const lastQuestion = ({ messages }: Conversation): string => messages.at(-1)?.content ?? '';
  const rest = ({ messages, ...settings }: Conversation): string =>
    JSON.stringify({ ...settings, messages: messages.slice(0, -1), role: messages.at(-1)?.role });

  it.each(conversations)('$title: same is $same', ({ requests: [one, other], same }) => {
    expect(rest(one) === rest(other) && isHit(lastQuestion(one), lastQuestion(other))).toBe(same);
  });
});
