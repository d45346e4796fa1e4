import { describe, expect, it } from '@jest/globals';

import { mayReachEdge } from './edge-sharing.js';
import type { Fields } from './header-fields.js';
import type { StoringRules } from './stored-response.js';

const rules: StoringRules = {
  decorated: true,
  shared: false,
  lifetime: 60,
  vary: [],
  statuses: [404],
  keepFields: undefined,
  dropFields: [],
};

const cookie: Fields = { cookie: 'user=a' };
const control = (text: string): Fields => ({ 'cache-control': text });

describe('mayReachEdge', () => {
  it.each<[what: string, fields: Fields, request: Fields, status: number, expected: boolean]>([
    ['a response without credentials', {}, {}, 200, true],
    ['an error that the route stores', {}, {}, 404, true],
    ['another error', {}, {}, 500, false],
    ['no-store', control('no-store'), {}, 200, false],
    ['private', control('private, max-age=60'), {}, 200, false],
    ['a cookie that is set', { 'set-cookie': 'a=b' }, {}, 200, false],
    ['a response to a cookie', control('max-age=60'), cookie, 200, false],
    ['a response to an API key', {}, { 'x-api-key': 'k' }, 200, false],
    ['a public response to a cookie', control('public, max-age=60'), cookie, 200, true],
    ['a shared lifetime, and a cookie', control('s-maxage=60'), cookie, 200, true],
    ['must-revalidate, and Authorization', control('must-revalidate'), { authorization: 'x' }, 200, true],
    ['must-revalidate, and a cookie', control('must-revalidate'), cookie, 200, false],
  ])('%s', (_, fields, request, status, expected) => {
    expect(mayReachEdge({ status, fields, before: {} }, request, rules, 0)).toBe(expected);
  });

  it('a route for all users, whatever the credentials', () => {
    expect(mayReachEdge({ status: 200, fields: {}, before: {} }, cookie, { ...rules, shared: true }, 0)).toBe(
      true,
    );
  });
});
