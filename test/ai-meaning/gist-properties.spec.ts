import fc from 'fast-check';

import { gistOf } from '../../libs/cache-infra/src/ai/alike/gist.js';

const starters = {
  en: [
    'how do i',
    'how can i',
    'what is the',
    'why does the',
    'where is my',
    'can i',
    'is there a',
    'explain how the',
  ],
  de: ['wie kann ich', 'was ist der', 'warum ist die', 'wo ist mein', 'gibt es ein', 'wie lange dauert die'],
};
const contents = {
  en: `printer invoice garden river reset install delete blocked older cheap red payment
    university universe general generate policy police enable disable buy sell`,
  de: `drucker rechnung garten fluss löschen ändern installieren gesperrt älter billig rot zahlung
    universität universum allgemein kaufen verkaufen mieten vermieten`,
};
const small = {
  en: ['without', 'with', 'never', 'by', 'before', 'after', 'in', 'out'],
  de: ['ohne', 'mit', 'niemals', 'von', 'vor', 'nach', 'in', 'aus'],
};

const question = fc.constantFrom('en' as const, 'de' as const).chain((language) =>
  fc.record({
    language: fc.constant(language),
    starter: fc.constantFrom(...starters[language]),
    words: fc
      .tuple(
        fc.uniqueArray(fc.constantFrom(...contents[language].split(/\s+/)), { minLength: 2, maxLength: 5 }),
        fc.uniqueArray(fc.constantFrom(...small[language]), { maxLength: 2 }),
      )
      .chain((words) => fc.shuffledSubarray(words.flat(), { minLength: words.flat().length })),
  }),
);

const textOf = ({ starter, words }: { starter: string; words: readonly string[] }): string =>
  [starter, ...words].join(' ');

const number = fc
  .tuple(
    fc.constantFrom('', '-', '+', '$', 'v', '#'),
    fc.stringMatching(/^\d{1,4}([.,]\d{1,3})?$/),
    fc.constantFrom('', '%', '€', 'kg', '°C', 'px'),
  )
  .map((parts) => parts.join(''));

describe('the gist of a question changes', () => {
  it('with a negation, wherever it is put', () => {
    fc.assert(
      fc.property(question, fc.nat(), (asked, place) => {
        const tokens = textOf(asked).split(' ');
        const not = asked.language === 'en' ? 'not' : 'nicht';
        const negated = tokens.toSpliced(1 + (place % tokens.length), 0, not).join(' ');
        const gist = gistOf(textOf(asked), asked.language);

        expect(gist).toBeDefined();
        expect(gistOf(negated, asked.language)).not.toBe(gist);
      }),
      { numRuns: 2_000 },
    );
  });

  it('with any digit of a number', () => {
    fc.assert(
      fc.property(
        question,
        number,
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 1, max: 9 }),
        (asked, written, a, b, step) => {
          const places = [...written.matchAll(/\d/g)].map(({ index }) => index);
          const place = places[a % places.length] ?? 0;
          const digit = (Number(written[place]) + step) % 10;
          const changed = `${written.slice(0, place)}${digit}${written.slice(place + 1)}`;
          const at = b % (asked.words.length + 1);
          const withNumber = (it: string): string =>
            textOf({ ...asked, words: asked.words.toSpliced(at, 0, it) });
          const gist = gistOf(withNumber(written), asked.language);

          expect(gist).toBeDefined();
          expect(gistOf(withNumber(changed), asked.language)).not.toBe(gist);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('if two content words change places, or one goes', () => {
    fc.assert(
      fc.property(question, fc.nat(), fc.nat(), (asked, a, b) => {
        const from = a % asked.words.length;
        const to = (from + 1 + (b % (asked.words.length - 1))) % asked.words.length;
        const [one = '', other = ''] = [asked.words[from], asked.words[to]];
        const gist = gistOf(textOf(asked), asked.language);

        expect(gist).toBeDefined();
        const swapped = asked.words.with(from, other).with(to, one);
        expect(gistOf(textOf({ ...asked, words: swapped }), asked.language)).not.toBe(gist);
        const fewer = asked.words.toSpliced(from, 1);
        expect(gistOf(textOf({ ...asked, words: fewer }), asked.language)).not.toBe(gist);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('the gist of a question stays', () => {
  const polite = {
    en: [
      (it: string) => `please ${it}`,
      (it: string) => `Hello, ${it}`,
      (it: string) => `${it}, please`,
      (it: string) => `${it}? Thanks!`,
      (it: string) => `Hi there! ${it}? Thank you very much.`,
    ],
    de: [
      (it: string) => `bitte ${it}`,
      (it: string) => `Hallo, ${it}`,
      (it: string) => `${it}, bitte`,
      (it: string) => `${it}? Danke!`,
      (it: string) => `Guten Tag, ${it}? Vielen Dank im Voraus.`,
    ],
  };

  it('with politeness, a capital at the start, more spaces and a question mark', () => {
    fc.assert(
      fc.property(question, fc.nat(), fc.integer({ min: 1, max: 4 }), (asked, way, spaces) => {
        const text = textOf(asked);
        const gist = gistOf(text, asked.language);
        const ways = polite[asked.language];
        const capital = `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

        expect(gist).toBeDefined();
        expect(gistOf(ways[way % ways.length]?.(text) ?? '', asked.language)).toBe(gist);
        expect(gistOf(ways[way % ways.length]?.(capital) ?? '', asked.language)).toBe(gist);
        expect(gistOf(`${capital}?`, asked.language)).toBe(gist);
        expect(gistOf(` ${text.replaceAll(' ', ' '.repeat(spaces))} ? `, asked.language)).toBe(gist);
      }),
      { numRuns: 2_000 },
    );
  });

  it('in capitals only, and in English in any mixture of capitals at the start of longer words', () => {
    fc.assert(
      fc.property(question, fc.nat(), (asked, capitals) => {
        const text = textOf(asked);
        const gist = gistOf(text, asked.language);
        const mixed = text
          .split(' ')
          .map((it, index) =>
            it.length > 1 && (capitals >> index) & 1 ? `${it.charAt(0).toUpperCase()}${it.slice(1)}` : it,
          );

        // SS may stand for ß.
        if (asked.language === 'en' || !text.includes('ss'))
          expect(gistOf(text.toUpperCase(), asked.language)).toBe(gist);
        if (asked.language === 'en') expect(gistOf(mixed.join(' '), 'en')).toBe(gist);
      }),
      { numRuns: 2_000 },
    );
  });

  it('if a gist is asked of any text: no text throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' })),
        (text) => {
          for (const language of [undefined, 'en', 'de'] as const) {
            const gist = gistOf(text, language);
            expect(gist === undefined || gist.length > 3).toBe(true);
            expect(gistOf(text, language)).toBe(gist);
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
