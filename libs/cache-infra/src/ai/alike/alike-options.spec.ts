import { ValidationError } from '../../base/errors.js';
import { resolveAlike, type AlikeOptions, type Embedder, type Judge } from './alike-options.js';

const text = (request: { question: string }): string => request.question;
const embed: Embedder = async () => [1];
const judge: Judge = async () => true;
type Options = AlikeOptions<{ question: string }>;

/** The messages of the problems; JavaScript may pass anything. */
function problemsOf(options: unknown): readonly string[] {
  try {
    resolveAlike(options as Options, 'operations.faq.alike');
  } catch (error) {
    if (error instanceof ValidationError) return error.problems.map(({ message }) => message);
    throw error;
  }
  return [];
}

describe('the option alike', () => {
  it('with text alone has nothing to embed', () => {
    expect(resolveAlike({ text })).toBeUndefined();
  });

  it('has defaults', () => {
    expect(resolveAlike({ text, embed, judge })).toMatchObject({
      budget: 0.01,
      minSimilarity: 0.8,
      checkShare: 0.05,
      timeoutMs: 300,
      maxVectors: 10_000,
      embedderVersion: '',
      judgeVersion: '',
    });
  });

  it('takes the version of the embedder and of the judge from them', () => {
    const versioned = Object.assign(async () => [1], { version: 'small-3' });
    const judging = Object.assign(async () => true, { version: 'strict' });
    const options = { text, embed: versioned, judge: judging };
    expect(resolveAlike(options)).toMatchObject({ embedderVersion: 'small-3', judgeVersion: 'strict' });
    expect(resolveAlike({ ...options, embedderVersion: 'own' })).toMatchObject({ embedderVersion: 'own' });
  });

  it('embeds the text as it is, unless there is redact', () => {
    expect(resolveAlike({ text, embed, judge })?.redact('I am Ada')).toBe('I am Ada');
    const redact = (it: string): string => it.replace('Ada', '***');
    expect(resolveAlike({ text, embed, judge, redact })?.redact('I am Ada')).toBe('I am ***');
  });

  it.each<[unknown, string]>([
    [undefined, 'operations.faq.alike must be an object with text(), got undefined'],
    [{}, 'operations.faq.alike.text is required'],
    [{ text: 'question' }, 'operations.faq.alike.text must be a function, got "question"'],
    [{ text, embed }, 'operations.faq.alike.embed needs operations.faq.alike.judge'],
    [{ text, judge }, 'operations.faq.alike.judge needs operations.faq.alike.embed'],
    [{ text, budget: 0.1 }, 'operations.faq.alike.budget needs operations.faq.alike.embed and'],
    [
      { text, redact: (it: string) => it },
      'operations.faq.alike.redact needs operations.faq.alike.embed and',
    ],
    [{ text, embed: 'small-3', judge }, 'operations.faq.alike.embed must be a function, got "small-3"'],
    [
      { text, embed, judge, budget: 0 },
      'operations.faq.alike.budget must be a number between 0 and 1, got 0',
    ],
    [
      { text, embed, judge, budget: 1 },
      'operations.faq.alike.budget must be a number between 0 and 1, got 1',
    ],
    [{ text, embed, judge, budget: NaN }, 'operations.faq.alike.budget must be a number between 0 and 1'],
    [{ text, embed, judge, minSimilarity: 80 }, 'operations.faq.alike.minSimilarity must be a number from 0'],
    [{ text, embed, judge, checkShare: 0 }, 'operations.faq.alike.checkShare must be a number above 0'],
    [{ text, embed, judge, timeout: 0 }, 'operations.faq.alike.timeout must be longer than 0'],
    [{ text, embed, judge, timeout: 'soon' }, 'operations.faq.alike.timeout must be an integer (seconds)'],
    [{ text, embed, judge, maxVectors: 1 }, 'operations.faq.alike.maxVectors must be an integer from 64'],
    [{ text, embed, judge, embedderVersion: '' }, 'operations.faq.alike.embedderVersion cannot be empty'],
    [{ text, embed, judge, threshold: 0.9 }, 'threshold'],
  ])('%j: %s', (options, message) => {
    const problems = problemsOf(options);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(message);
  });

  it('lists every problem at once', () => {
    expect(problemsOf({ text: 1, budget: 2 })).toHaveLength(2);
  });
});
