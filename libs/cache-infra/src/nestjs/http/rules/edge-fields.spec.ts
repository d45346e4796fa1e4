import { describe, expect, it } from '@jest/globals';

import { edgeFields } from './edge-fields.js';

const settings = { headers: ['Cache-Tag', 'Surrogate-Key'], prefix: undefined, maxTags: 4 };

describe('edgeFields', () => {
  it('separates by commas, and by spaces for Fastly', () => {
    expect(edgeFields(['a', 'b c', 'a'], settings, {})).toEqual({
      'cache-tag': '!all,a,b%20c',
      'surrogate-key': '!all a b%20c',
    });
  });

  it('keeps the members that the handler set, and adds those of the entry', () => {
    const fields = { 'cache-tag': 'theirs, a', 'surrogate-key': ['one two', 'thr,ee'] };

    expect(edgeFields(['a'], settings, fields)).toEqual({
      'cache-tag': 'theirs,a,!all',
      'surrogate-key': 'one two thr,ee !all !many',
    });
  });

  it.each([
    ['unknown', undefined],
    ['too many', ['a', 'b', 'c', 'd']],
  ])('says with %s tags that every purge includes the response', (_, tags) => {
    expect(edgeFields(tags, settings, {})['cache-tag']).toBe('!all,!many');
  });

  it('says so with too many bytes, too', () => {
    const tags = Array.from({ length: 200 }, (_, i) => `${String(i)}${'x'.repeat(90)}`);

    expect(edgeFields(tags, { ...settings, maxTags: 1000 }, {})['cache-tag']).toBe('!all,!many');
  });

  it('puts the prefix before every edge tag', () => {
    expect(edgeFields(['a'], { ...settings, prefix: 'shop' }, {})['cache-tag']).toBe('shop!!all,shop!a');
  });
});
