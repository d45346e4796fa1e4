import { describe, expect, it } from '@jest/globals';

import { primaryKey, RouteKeys } from './http-primary-key.js';

describe('RouteKeys', () => {
  const keys = new RouteKeys('Items.all');

  it('returns the key of a URL on a route, and its digest', () => {
    const key = keys.of('http://a.example', '/items?b=1&a=2');
    expect(key).toMatchObject({
      ...primaryKey('GET http://a.example/items?a=2&b=1 Items.all'),
    });
    expect(keys.of('http://a.example', '/items?b=1&a=2')).toBe(key);
  });

  it('one target on several origins has a key for each origin', () => {
    const origins = ['http://a.example', 'http://b.example', undefined, 'http://a.example'];
    expect(origins.map((origin) => keys.of(origin, '/items').text)).toEqual([
      'GET http://a.example/items Items.all',
      'GET http://b.example/items Items.all',
      'GET /items Items.all',
      'GET http://a.example/items Items.all',
    ]);
  });

  it('remembers a bounded number of URLs, and no long ones', () => {
    const long = `/items?q=${'x'.repeat(1000)}`;
    expect(keys.of(undefined, long)).not.toBe(keys.of(undefined, long));
    const first = keys.of(undefined, '/first');
    for (let i = 0; i < 1000; i++) keys.of(undefined, `/items/${String(i)}`);
    const again = keys.of(undefined, '/first');
    expect(again).not.toBe(first);
    expect(again).toEqual(first);
  });
});
