import { digestWithout } from './masked-request.js';

const digest = (text: string, fields: Record<string, unknown>): string =>
  digestWithout(text, fields) ?? 'none';

describe('digestWithout', () => {
  it('is equal for requests that differ in the text alone, wherever it stands', () => {
    const ask = (text: string) => ({
      model: 'm',
      messages: [{ role: 'user', content: text }],
      tenant: 'acme',
    });
    expect(digest('a', ask('a'))).toBe(digest('b', ask('b')));
    expect(digest('a', { q: 'a', again: 'a' })).toBe(digest('b', { q: 'b', again: 'b' }));
  });

  it('differs by everything else', () => {
    const base = { model: 'm', tenant: 'acme', q: 'a', temperature: 0 };
    const others = [
      { ...base, model: 'n' },
      { ...base, tenant: 'other' },
      { ...base, temperature: 1 },
      { ...base, extra: null },
      { ...base, history: ['x'] },
      { model: 'm', tenant: 'acme', question: 'a', temperature: 0 },
    ];
    for (const other of others) expect([other, digest('a', other)]).not.toEqual([other, digest('a', base)]);
  });

  it('a conversation is a part of everything else', () => {
    const after = (first: string, q: string) => ({ messages: [{ content: first }, { content: q }] });
    expect(digest('and why?', after('is it safe?', 'and why?'))).not.toBe(
      digest('and why?', after('is it fast?', 'and why?')),
    );
    // The question is asked twice in one of them.
    expect(digest('a', after('a', 'a'))).not.toBe(digest('b', after('a', 'b')));
  });

  it('no string passes for the text', () => {
    expect(digest('a', { q: 'a', other: '' })).not.toBe(digest('b', { q: '', other: 'b' }));
    expect(digest('a', { q: 'a', other: '' })).not.toBe(digest('a', { q: 'a', other: 'a' }));
    expect(digest('a', { 'x.y': 'a', x: { y: 'b' } })).not.toBe(digest('a', { 'x.y': 'b', x: { y: 'a' } }));
  });

  it('is undefined for a text that is not in the request as a whole', () => {
    expect(digestWithout('a', { q: 'a and b' })).toBeUndefined();
    expect(digestWithout('a', {})).toBeUndefined();
  });

  it('takes no part of an instance for the text', () => {
    expect(digestWithout('a', { q: new Map([['a', 'a']]) })).toBeUndefined();
  });
});
