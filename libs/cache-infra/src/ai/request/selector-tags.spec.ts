import fc from 'fast-check';
import { ValidationError } from '../../base/errors.js';
import { answerTags, selectorTags } from './selector-tags.js';
import type { AiSelector } from './selector.js';

describe('tags with addresses', () => {
  it('A8: hold no credentials of a model that is an address, and are selectable', () => {
    const model = 'https://user:hidden@host/v1';
    const tags = answerTags('ai', 'ask', { model });

    expect(tags.join()).not.toContain('hidden');
    expect(tags).toEqual(expect.arrayContaining(selectorTags('ai', { model })));
  });
});

describe('the tags of an AI answer', () => {
  it('name every combination of the conditions of invalidate', () => {
    expect(answerTags('ai', 'summarize', { model: 'llama3:8b' }).sort()).toEqual([
      'ai:model:llama3:8b',
      'ai:op:summarize',
      'ai:op:summarize+model:llama3:8b',
    ]);
  });

  it('are at most 15, plus those of the caller', () => {
    const request = { model: 'm', promptVersion: 2, tenant: 't' };

    expect(new Set(answerTags('ai', 'op', request)).size).toBe(15);
    expect(answerTags('ai', 'op', request, ['doc:1', 'doc:2'])).toHaveLength(17);
  });

  it('leave out values that are not names', () => {
    expect(answerTags('ai', 'op', { model: { a: 1 }, tenant: '', promptVersion: NaN })).toEqual(['ai:op:op']);
  });

  it('are bounded in length', () => {
    const [, ...tags] = answerTags('ai', 'op', { model: 'm'.repeat(10_000) });

    for (const tag of tags) expect(tag.length).toBeLessThan(250);
  });

  it.each([
    ['no list', 'doc:1'],
    ['an empty tag', ['']],
    ['no text', [5]],
    ['one of the library', ['ai:op:summarize']],
    ['too many', Array.from({ length: 33 }, (_, i) => `doc:${i}`)],
  ])('refuse tags of the caller that are %s', (_name, own) => {
    expect(() => answerTags('ai', 'op', {}, own as string[])).toThrow(ValidationError);
  });
});

describe('a selector', () => {
  const value = fc.option(fc.constantFrom('a', 'b', 'a+b', 'a+model:b', '%2B', '+', 'x'.repeat(150)), {
    nil: undefined,
  });
  const dims = fc.record({
    operation: fc.constantFrom('a', 'b', 'a+b'),
    model: value,
    promptVersion: value,
    tenant: value,
  });

  it('selects exactly the answers that meet all its conditions', () => {
    fc.assert(
      fc.property(dims, dims, fc.boolean(), ({ operation, ...request }, wanted, any) => {
        const selector: AiSelector = any ? { ...wanted, operation: undefined } : wanted;
        const conditions = Object.entries(selector).filter(([, it]) => it !== undefined);
        fc.pre(conditions.length > 0);
        const answer: Record<string, string | undefined> = { operation, ...request };
        const fulfilled = conditions.every(([name, it]) => answer[name] === it);

        const [tag] = selectorTags('ai', selector);

        expect(answerTags('ai', operation, request).includes(tag as string)).toBe(fulfilled);
      }),
      { numRuns: 500 },
    );
  });

  it('treats a number as its text', () => {
    expect(selectorTags('ai', { promptVersion: 2 })).toEqual(selectorTags('ai', { promptVersion: '2' }));
  });

  it('with tags selects answers with any of them', () => {
    expect(selectorTags('ai', { tags: ['doc:1', 'doc:2', 'doc:1'] })).toEqual(['doc:1', 'doc:2']);
  });

  it.each([
    ['without conditions', {}, 'must name at least one of'],
    ['with conditions that are undefined', { model: undefined }, 'must name at least one of'],
    ['that is none', null, 'must be an object'],
    ['with an unknown condition', { operations: 'a' }, 'operations is not a condition'],
    ['with an empty condition', { model: '' }, 'model must be a non-empty string'],
    [
      'with tags beside another condition',
      { tenant: 'a', tags: ['doc:1'] },
      'tags cannot be combined with other conditions',
    ],
    ['with tags that are none', { tags: [''] }, 'tags[0] must be a non-empty string'],
  ])('%s is refused', (_name, selector, message) => {
    expect(() => selectorTags('ai', selector as AiSelector)).toThrow(message);
    expect(() => selectorTags('ai', selector as AiSelector)).toThrow(ValidationError);
  });
});
