import { describe, expect, it } from '@jest/globals';

import {
  deltaSeconds,
  isUnqualified,
  maxDeltaSeconds,
  noRequestDirectives,
  parseCacheControl,
  qualifiedFields,
  requestDirectives,
} from './cache-control.js';

describe('Cache-Control (RFC 9111 §5.2) (guarantee 17)', () => {
  it.each([
    ['max-age=60', 60],
    ['MAX-AGE=60', 60],
    ['public, max-age=60', 60],
    ['max-age="60"', 60],
    ['max-age=0060', 60],
    ['max-age=99999999999', maxDeltaSeconds],
    ['max-age=60, max-age=60', 60],
    ['max-age=60, max-age=1', 0],
    ['max-age', 0],
    ['max-age=', 0],
    ['max-age=-1', 0],
    ['max-age=1.5', 0],
    ['max-age =60', 0],
    ['max-age= 60', 0],
    ["max-age='60'", 0],
    ['x="max-age=60"', undefined],
    ['max-agee=60', undefined],
    ['', undefined],
  ])('max-age of %j is %j', (field, expected) => {
    expect(deltaSeconds(parseCacheControl(field), 'max-age')).toBe(expected);
  });

  it.each([
    ['no-cache', true, []],
    ['no-cache="set-cookie, X-A"', false, ['set-cookie', 'x-a']],
    ['no-cache=""', true, []],
    ['no-store', false, []],
  ])('no-cache of %j: alone %j, fields %j', (field, alone, fields) => {
    const directives = parseCacheControl(field);

    expect(isUnqualified(directives, 'no-cache')).toBe(alone);
    expect(qualifiedFields(directives)).toEqual(fields);
  });

  it.each([
    [undefined, undefined, {}],
    [undefined, 'no-cache', { noCache: true }],
    ['max-age=5', 'no-cache', { maxAge: 5 }],
    ['no-store', undefined, { noStore: true }],
    ['max-age=0', undefined, { maxAge: 0, noCache: true }],
    ['max-stale', undefined, { maxStale: Infinity }],
    ['max-stale=7, min-fresh=3', undefined, { maxStale: 7, minFresh: 3 }],
    ['only-if-cached, stale-if-error=9', undefined, { onlyIfCached: true, staleIfError: 9 }],
  ])('a request with %j and Pragma %j', (cacheControl, pragma, expected) => {
    expect(requestDirectives(cacheControl, pragma)).toEqual({ ...noRequestDirectives, ...expected });
  });
});
