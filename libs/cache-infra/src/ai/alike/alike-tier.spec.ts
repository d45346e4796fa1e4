import { jest } from '@jest/globals';
import { InMemoryCache } from '../../cache/in-memory-cache.js';
import { until } from '../../../../../test/support/until.js';
import { AiCacheService } from '../ai-cache.service.js';
import type { AiCacheSettings } from '../call/settings.js';

const faq = { shared: true, alike: { text: (request: { question: string }) => request.question } };
const ask = (question: string, more: object = {}) => ({ model: 'm', question, ...more });

function setUp(settings: AiCacheSettings = { operations: { faq } }) {
  const warnings: string[] = [];
  const logger = { warn: (message: string) => warnings.push(message), log: () => undefined };
  const cache = new InMemoryCache({ name: 'ai' });
  return { cache, warnings, ai: new AiCacheService(cache, { logger, ...settings }) };
}

function producer(...values: string[]) {
  let runs = 0;
  return jest.fn(() => Promise.resolve({ value: values[Math.min(runs++, values.length - 1)] ?? '' }));
}

describe('matching by gist', () => {
  it('serves the answer of a question with the same gist, and says so', async () => {
    const { ai } = setUp();
    await ai.run('faq', ask('How do I reset my password?'), producer('By mail.'));
    const produce = producer('other');

    const alike = await ai.run('faq', ask('please tell me how do i reset my password'), produce);

    expect(alike).toMatchObject({ value: 'By mail.', cached: true, matched: 'gist', ageSeconds: 0 });
    expect(alike.cacheStatus).toBe('ai; hit; ttl=3600; detail=gist');
    expect(alike.savings).toBeDefined();
    expect(produce).not.toHaveBeenCalled();
    expect(ai.stats().totals).toMatchObject({ hits: 1, misses: 1 });
  });

  it('an equal request is an exact hit, without matched', async () => {
    const { ai } = setUp();
    await ai.run('faq', ask('How do I reset my password?'), producer('By mail.'));
    expect(await ai.run('faq', ask('How do I reset my password?'), producer('x'))).not.toHaveProperty(
      'matched',
    );
  });

  it('everything else of the request must be equal', async () => {
    const { ai } = setUp();
    await ai.run('faq', ask('How do I reset my password?', { tenant: 'acme' }), producer('acme'));
    for (const more of [{ tenant: 'other' }, { tenant: 'acme', temperature: 1 }, {}])
      expect(await ai.run('faq', ask('how do i reset my password', more), producer('own'))).toMatchObject({
        value: 'own',
        cached: false,
      });
  });

  it('a negation, a number and another word are another gist', async () => {
    const { ai } = setUp();
    await ai.run('faq', ask('How do I reset my password in 3 minutes?'), producer('first'));
    for (const question of [
      'How do I not reset my password in 3 minutes?',
      'How do I reset my password in 4 minutes?',
      'How do I reset my account in 3 minutes?',
    ])
      expect((await ai.run('faq', ask(question), producer('own'))).value).toBe('own');
  });

  it('the last question of a conversation is compared within the same conversation', async () => {
    const text = ({ messages }: { messages: { content: string }[] }) => messages.at(-1)?.content ?? '';
    const { ai } = setUp({ operations: { chat: { shared: true, alike: { text } } } });
    const chat = (...contents: string[]) => ({ messages: contents.map((content) => ({ content })) });
    await ai.run('chat', chat('Is it safe?', 'How do I stop it?'), producer('safe'));
    expect((await ai.run('chat', chat('Is it fast?', 'how do i stop it'), producer('fast'))).value).toBe(
      'fast',
    );
    expect((await ai.run('chat', chat('Is it safe?', 'how do i stop it'), producer('x'))).value).toBe('safe');
  });

  it('an invalidated answer is not found, and accept is asked', async () => {
    const { ai } = setUp();
    await ai.run('faq', ask('How do I reset my password?'), producer('By mail.'), { tags: ['doc:1'] });
    const refused = await ai.run('faq', ask('how do i reset my password'), producer('own'), {
      accept: () => false,
      noStore: true,
    });
    expect(refused.value).toBe('own');
    await ai.invalidate({ tags: ['doc:1'] });
    expect((await ai.run('faq', ask('How do i reset my password'), producer('new'))).value).toBe('new');
  });

  it('noCache, refresh and bypass produce; onlyIfCached and peek find', async () => {
    const { ai } = setUp();
    await ai.run('faq', ask('How do I reset my password?'), producer('By mail.'));
    const other = ask('how do i reset my password');
    expect((await ai.peek('faq', other))?.value).toBe('By mail.');
    expect((await ai.run('faq', other, producer('x'), { onlyIfCached: true })).value).toBe('By mail.');
    for (const control of [{ bypass: true }, { noCache: true }, { refresh: true }])
      expect((await ai.run('faq', other, producer('own'), control)).value).toBe('own');
  });

  it('streams replay alike answers', async () => {
    const { ai } = setUp();
    await ai.run('faq', ask('How do I reset my password?'), producer('By mail.'));
    const stream = ai.stream('faq', ask('how do i reset my password'), async function* () {
      yield await Promise.resolve('own');
    });
    expect(await stream.status).toMatchObject({ outcome: 'hit', matched: 'gist' });
    const chunks: string[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks).toEqual(['By mail.']);
  });

  it('concurrent equal calls get copies of the alike answer', async () => {
    const { ai } = setUp();
    await ai.run('faq', ask('How do I reset my password?'), () => ({ value: { steps: ['mail'] } }));
    const results = await Promise.all(
      [1, 2, 3].map(() =>
        ai.run('faq', ask('how do i reset my password'), () => ({ value: { steps: ['own'] } })),
      ),
    );
    for (const { value, matched } of results) {
      expect([value, matched]).toEqual([{ steps: ['mail'] }, 'gist']);
      value.steps.push('changed');
    }
  });

  it('a request that its producer changes is remembered as it was', async () => {
    const { ai } = setUp();
    const request = ask('How do I reset my password?');
    await ai.run('faq', request, () => {
      request.question = 'How do I delete my account?';
      return { value: 'By mail.' };
    });
    expect((await ai.run('faq', ask('how do i delete my account'), producer('own'))).value).toBe('own');
  });

  it('also of a refresh and of a batch', async () => {
    const { ai } = setUp();
    const [first, second] = [ask('How do I reset my password?'), ask('How do I open a shop?')];
    await ai.run(
      'faq',
      first,
      () => {
        first.question = 'How do I delete my account?';
        return { value: 'By mail.' };
      },
      { refresh: true },
    );
    await ai.batch('faq', [second], (missing) => {
      for (const each of missing) each.question = 'How do I close my account?';
      return [{ value: 'By phone.' }];
    });
    for (const question of ['how do i delete my account', 'how do i close my account'])
      expect((await ai.run('faq', ask(question), producer('own'))).value).toBe('own');
  });

  it('finds the answers of warm and batch, with their evidence', async () => {
    const { ai } = setUp();
    await ai.warm('faq', [[ask('How do I reset my password?'), { value: 'By mail.', evidence: 1 }]]);
    await ai.batch('faq', [ask('How do I delete my account?')], () => [{ value: 'By phone.', evidence: 2 }]);
    expect(await ai.run('faq', ask('how do i reset my password'), producer('x'))).toMatchObject({
      value: 'By mail.',
      matched: 'gist',
      evidence: 1,
    });
    const other = await ai.run('faq', ask('how do i delete my account'), producer('x'));
    expect(other).toMatchObject({ value: 'By phone.', matched: 'gist', evidence: 2 });
  });

  it('an answer that is not stored is not found', async () => {
    const { ai } = setUp();
    await ai.run('faq', ask('How do I reset my password?'), () => ({
      value: 'half',
      finishReason: 'length',
    }));
    expect((await ai.run('faq', ask('how do i reset my password'), producer('own'))).value).toBe('own');
  });

  it('a text that is not in the request, and a text() that throws, reach the log; calls go on', async () => {
    const alike = { text: (): string => 'elsewhere' };
    const broken = {
      text: (): string => {
        throw new Error('bug');
      },
    };
    const { ai, warnings } = setUp({
      operations: { a: { shared: true, alike }, b: { shared: true, alike: broken } },
    });
    for (const operation of ['a', 'b', 'a', 'b'])
      expect((await ai.run(operation, ask('x'), producer('own'))).value).toBe('own');
    expect(warnings).toEqual([
      'AiCacheService: alike.text of operation "a" must return a text that stands in the request as a whole; its requests are matched exactly',
      'AiCacheService: alike.text of operation "b" threw: bug; the request is matched exactly',
    ]);
  });

  it('is refused without a word on whose answers may be shared', () => {
    expect(() => setUp({ operations: { faq: { alike: faq.alike } } })).toThrow(
      "operations.faq.alike needs requires: ['tenant']",
    );
    setUp({ operations: { faq: { requires: ['tenant'], alike: faq.alike } } });
  });
});

describe('matching by meaning', () => {
  /** Texts with the same first word mean the same. */
  const embed = (text: string) => {
    const word = text.split(' ')[0] ?? '';
    return Promise.resolve([...Array(26).keys()].map((at) => (word.charCodeAt(0) - 97 === at ? 1 : 0.01)));
  };

  it('serves nothing until checks have shown that it is right, then serves, and goes on checking', async () => {
    const judge = jest.fn(({ answer, candidate }: { answer: unknown; candidate: unknown }) =>
      Promise.resolve(answer === candidate),
    );
    const text = ({ question }: { question: string }) => question;
    const onEvent = jest.fn();
    const { ai, warnings } = setUp({
      operations: {
        search: { shared: true, alike: { text, embed, judge, budget: 0.2, checkShare: 1, onEvent } },
      },
    });
    let runs = 0;
    const produce = () => {
      runs += 1;
      return Promise.resolve({ value: 'right' });
    };
    const served: number[] = [];
    for (let i = 0; served.length < 10 && i < 2000; i++) {
      const { matched } = await ai.run('search', ask(`apple number ${i}`), produce);
      if (matched === 'meaning') served.push(i);
      // The vector of an answer, and the check of a served one, are made in the background.
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(served).toHaveLength(10);
    const checksBefore = judge.mock.calls.length;
    expect(checksBefore).toBeGreaterThan(10);
    await ai.run('search', ask('apple and one more'), produce);
    await until(() => judge.mock.calls.length > checksBefore);
    expect(runs).toBeGreaterThan(checksBefore);
    expect(warnings.some((line) => line.includes('now serves answers'))).toBe(true);
    expect(onEvent).toHaveBeenCalledWith(expect.objectContaining({ kind: 'phase', to: 'serving', wrong: 0 }));
    expect(ai.stats().alike?.['search']).toMatchObject({ wrong: 0 });
    const other = await ai.run('search', ask('berry'), () => ({ value: 'another' }));
    expect(other).toMatchObject({ value: 'another', cached: false });
  });
});
