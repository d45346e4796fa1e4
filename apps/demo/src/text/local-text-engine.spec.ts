import { readFileSync } from 'node:fs';
import { LocalTextEngine } from './local-text-engine.js';
import type { Operation, OperationOptions, OperationResults } from './text.types.js';

const declaration = readFileSync(
  new URL('../../data/declaration-of-independence.txt', import.meta.url),
  'utf8',
);
const engine = new LocalTextEngine();

async function analyze<O extends Operation>(
  operation: O,
  text: string,
  options: OperationOptions[O],
): Promise<OperationResults[O]> {
  const request = { operation, text, options, model: engine.models[0] };
  return (await engine.analyze(request, new AbortController().signal)).result;
}

describe('LocalTextEngine', () => {
  describe('summarize', () => {
    it('takes whole sentences from the text, in their order', async () => {
      const { summary, sentenceCount } = await analyze('summarize', declaration, { maxSentences: 3 });

      const plain = declaration.replace(/\s+/g, ' ');
      const positions = summary.split(/(?<=\.) /).map((sentence) => plain.indexOf(sentence));
      expect(sentenceCount).toBe(3);
      expect(positions).toHaveLength(3);
      expect(positions.every((position) => position >= 0)).toBe(true);
      expect(positions).toEqual([...positions].sort((a, b) => a - b));
    });

    it('does not say the same twice', async () => {
      const text = `The river flooded the old town in spring. ${'The river flooded the old town in the spring. '.repeat(3)}`;

      const { sentenceCount } = await analyze('summarize', text, { maxSentences: 3 });

      expect(sentenceCount).toBe(1);
    });

    it('returns a text without a full sentence unchanged', async () => {
      expect(await analyze('summarize', 'Hello there', { maxSentences: 3 })).toEqual({
        summary: 'Hello there',
        sentenceCount: 1,
        compression: 1,
      });
    });
  });

  describe('sentiment', () => {
    it.each([
      ['I love this wonderful, brilliant library.', 'positive'],
      ['This is a terrible, horrible failure.', 'negative'],
      ['The meeting is on Tuesday.', 'neutral'],
    ])('calls "%s" %s', async (text, label) => {
      expect((await analyze('sentiment', text, { limit: 3 })).label).toBe(label);
    });

    it('shows the strongest sentences first', async () => {
      const { highlights } = await analyze('sentiment', declaration, { limit: 4 });

      const strengths = highlights.map(({ score }) => Math.abs(score));
      expect(highlights).toHaveLength(4);
      expect(strengths).toEqual([...strengths].sort((a, b) => b - a));
    });
  });

  describe('keywords', () => {
    it('finds what the text is about, with counts', async () => {
      const { keywords } = await analyze('keywords', declaration, { limit: 8 });

      expect(keywords).toHaveLength(8);
      expect(keywords[0]?.score).toBe(1);
      expect(keywords.map(({ phrase }) => phrase)).toEqual(
        expect.arrayContaining(['laws', 'people', 'states']),
      );
    });

    it('keeps a phrase together', async () => {
      const text = 'The red panda sleeps. A red panda eats bamboo. Every red panda climbs trees.';

      const { keywords } = await analyze('keywords', text, { limit: 1 });

      expect(keywords).toEqual([{ phrase: 'red panda', score: 1, count: 3 }]);
    });
  });

  describe('entities', () => {
    it('finds dates, amounts and names', async () => {
      const text = 'On July 4, 1776 they met in Philadelphia. Thomas Jefferson paid $20 for a desk.';

      const { entities } = await analyze('entities', text, { limit: 10 });

      expect(entities).toEqual(
        expect.arrayContaining([
          { text: 'July 4, 1776', type: 'DATE', count: 1 },
          { text: '$20', type: 'MONEY', count: 1 },
          { text: 'Philadelphia', type: 'NAME', count: 1 },
          { text: 'Thomas Jefferson', type: 'NAME', count: 1 },
        ]),
      );
    });

    it('counts what occurs more than once, the most frequent first', async () => {
      const { entities } = await analyze('entities', declaration, { limit: 50 });

      const counts = entities.map(({ count }) => count);
      expect(counts).toEqual([...counts].sort((a, b) => b - a));
      expect(entities).toContainEqual({ text: 'Great Britain', type: 'NAME', count: 2 });
    });
  });

  describe('readability', () => {
    it('finds a primer easier than the Declaration of Independence', async () => {
      const primer = 'The cat sat on the mat. The dog ran to the cat. They had fun in the sun.';

      const easy = await analyze('readability', primer, { wordsPerMinute: 238 });
      const hard = await analyze('readability', declaration, { wordsPerMinute: 238 });

      expect(easy.fleschReadingEase).toBeGreaterThan(100);
      expect(hard.fleschReadingEase).toBeLessThan(50);
      expect(hard.fleschKincaidGrade).toBeGreaterThan(easy.fleschKincaidGrade + 10);
    });

    it('counts words and sentences, and leaves headings out', async () => {
      const text = 'Chapter One\n\nThe cat sat on the mat. The dog ran.';

      expect(await analyze('readability', text, { wordsPerMinute: 238 })).toMatchObject({
        words: 9,
        sentences: 2,
      });
    });
  });

  it('refuses to start if the signal is already aborted', async () => {
    const request = {
      operation: 'keywords',
      text: 'x',
      options: { limit: 1 },
      model: engine.models[0],
    } as const;

    await expect(engine.analyze(request, AbortSignal.abort())).rejects.toThrow('aborted');
  });
});
