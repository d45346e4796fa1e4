import { describe, expect, it } from '@jest/globals';

import { urlTag } from './url-tags.js';

const loose = {
  ignoresCase: true,
  ignoresTrailingSlash: true,
  ignoresDuplicateSlashes: true,
  endsPathAtSemicolon: true,
};
const strict = {
  ignoresCase: false,
  ignoresTrailingSlash: false,
  ignoresDuplicateSlashes: false,
  endsPathAtSemicolon: false,
};
const origin = 'http://a.example';

describe('T72: the tag of a path', () => {
  it.each([
    ['a slash at the end', '/p/7', '/p/7/'],
    ['another case', '/p/7', '/P/7'],
    ['two slashes', '/p/7', '//p///7'],
    ['a part behind a semicolon', '/p/7', '/p/7;v=1'],
  ])('equals that of %s only if the router treats the two as equal', (_what, one, other) => {
    const tag = (target: string, rules: typeof loose) => urlTag('path', { origin, target }, rules);
    expect(tag(other, loose)).toBe(tag(one, loose));
    expect(tag(other, strict)).not.toBe(tag(one, strict));
  });

  it('is equal for paths that handlers get as the same parameter', () => {
    const tag = (target: string) => urlTag('path', { origin, target }, strict);
    expect(tag('/tags/c%2B%2B')).toBe(tag('/tags/c++'));
    expect(tag('/%zz')).not.toBe(tag('/%zy'));
  });

  it('T73: does not contain the query, unlike the tag of a URL', () => {
    const tag = (scope: 'path' | 'url', target: string) => urlTag(scope, { origin, target }, strict);
    expect(tag('path', '/p?a=1')).toBe(tag('path', '/p'));
    expect(tag('url', '/p?a=1&b=2')).toBe(tag('url', '/p?b=2&a=1'));
    expect(new Set([tag('url', '/p?a=1'), tag('url', '/p'), tag('path', '/p')]).size).toBe(3);
  });

  it('differs for different hosts', () => {
    const tags = [origin, 'http://b.example', undefined].map((it) =>
      urlTag('path', { origin: it, target: '/p' }, loose),
    );
    expect(new Set(tags).size).toBe(3);
  });
});
