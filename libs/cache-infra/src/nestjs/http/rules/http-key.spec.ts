import { describe, expect, it } from '@jest/globals';

import { relatedTarget, urlKey } from './http-key.js';

const key = (target: string) => urlKey({ origin: 'https://a.example', target });

describe('the key of a URL', () => {
  it.each([
    ['/p', 'GET https://a.example/p'],
    ['/p?', 'GET https://a.example/p'],
    ['/p?b=2&a=1', 'GET https://a.example/p?a=1&b=2'],
    ['/p?a=2&a=1', 'GET https://a.example/p?a=2&a=1'],
    ['/p?&a=1&&b=2', 'GET https://a.example/p?a=1&b=2'],
    ['/p?b&a=x=y', 'GET https://a.example/p?a=x=y&b'],
    ['/p?b=?&a', 'GET https://a.example/p?a&b=?'],
    ['/p?%zz=1&a=1', 'GET https://a.example/p?%zz=1&a=1'],
    ['/%70?a=%31%7e', 'GET https://a.example/p?a=1~'],
    ['/caf%c3%a9%2f', 'GET https://a.example/caf%C3%A9%2F'],
  ])('%s', (target, expected) => {
    expect(key(target)).toBe(expected);
  });

  it.each([
    ['of a list', '/p?a=1&%61=2', '/p?%61=2&a=1'],
    ['of a list with brackets', '/p?a[]=1&a=2', '/p?a=2&a[]=1'],
    ['of an object', '/p?a[x]=1&a[y]=2', '/p?a[y]=2&a[x]=1'],
    ['with a plus', '/p?a+b=1&a%20b=2', '/p?a%20b=2&a+b=1'],
    ['with dots', '/p?a.x=1&a=2', '/p?a=2&a.x=1'],
  ])('keeps the order %s, which a handler may read', (_what, one, another) => {
    expect(key(one)).not.toBe(key(another));
  });

  it.each([
    ['/P', '/p'],
    ['/p/', '/p'],
    ['/p/a', '/p%2Fa'],
    ['/p?a=1%262', '/p?a=1&2'],
  ])('distinguishes %s from %s', (one, another) => {
    expect(key(one)).not.toBe(key(another));
  });

  it('may leave the host out', () => {
    expect(urlKey({ origin: undefined, target: '/p' })).toBe('GET /p');
  });

  it.each([
    ['/other?x=1', '/other?x=1'],
    ['b', '/items/b'],
    ['?q', '/items/a?q'],
    ['https://a.example:443/c', '/c'],
    ['https://a.example:8443/c', undefined],
    ['https://b.example/c', undefined],
    ['http://a.example/c', undefined],
    ['http://', undefined],
    [undefined, undefined],
  ])('Location: %s is %s of the same host', (location, expected) => {
    expect(relatedTarget(location, 'https://a.example', '/items/a')).toBe(expected);
  });
});
