import { describe, expect, it } from '@jest/globals';

import { httpDate } from './http-date.js';
import { storedBody, type StoredBody } from './stored-body.js';
import { isNotModified, strongEtag } from './validators.js';

const now = Date.UTC(2030, 0, 1);
const body = (value: unknown) => storedBody(value) as StoredBody;

describe('strong ETags (RFC 9110 §8.8.3)', () => {
  it('are equal for equal representations only', () => {
    const tags = [
      strongEtag(body({ a: 1 }), {}),
      strongEtag(body({ a: 1 }), { 'x-other': '1' }),
      strongEtag(body({ a: 2 }), {}),
      strongEtag(body('{"a":1}'), {}),
      strongEtag(body(Buffer.from('{"a":1}')), {}),
      strongEtag(body({ a: 1 }), { 'content-type': 'text/plain' }),
      strongEtag(body({ a: 1 }), { 'content-language': 'de' }),
    ];

    expect(tags[0]).toMatch(/^"[\w-]{27}"$/);
    expect(tags[1]).toBe(tags[0]);
    expect(new Set(tags).size).toBe(6);
  });
});

describe('304 (RFC 9110 §13)', () => {
  const past = httpDate(now - 5000);
  it.each([
    ['"a"', '"a"', true],
    ['W/"a"', '"a"', true],
    ['"a"', 'W/"a"', true],
    ['"b", "a"', '"a"', true],
    ['"a,b", "c"', '"c"', true],
    ['*', '"a"', true],
    ['"b"', '"a"', false],
    ['"b"', undefined, false],
  ])('If-None-Match: %s and ETag: %s: %j', (tags, etag, expected) => {
    expect(isNotModified({ 'if-none-match': tags }, { etag }, now)).toBe(expected);
  });

  it.each([
    [past, { 'last-modified': past }, true],
    [past, { 'last-modified': httpDate(now) }, false],
    [past, { date: past }, true],
    [past, {}, false],
    ['yesterday', { 'last-modified': past }, false],
  ])('If-Modified-Since: %s and %j: %j', (since, response, expected) => {
    expect(isNotModified({ 'if-modified-since': since }, response, now)).toBe(expected);
  });

  it('ignores the date if tags are given', () => {
    const request = { 'if-none-match': '"b"', 'if-modified-since': past };

    expect(isNotModified(request, { etag: '"a"', 'last-modified': past }, now)).toBe(false);
  });
});
