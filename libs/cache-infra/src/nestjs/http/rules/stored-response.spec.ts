import { describe, expect, it } from '@jest/globals';

import { credentials } from './credentials.js';
import type { Fields } from './header-fields.js';
import {
  assumedVary,
  toStore,
  type Answer,
  type StoredResponse,
  type StoringRules,
} from './stored-response.js';

const now = Date.UTC(2030, 0, 1);
const plain: StoringRules = {
  decorated: true,
  shared: false,
  lifetime: 60,
  vary: [],
  statuses: [],
  keepFields: undefined,
  dropFields: [],
};
const undecorated: StoringRules = { ...plain, decorated: false, lifetime: undefined };

function stored(
  { status = 200, fields = {}, before = {} }: Partial<Answer> = {},
  rules: StoringRules = plain,
  request: Fields = {},
): StoredResponse | string {
  return toStore({ status, fields, before, body: { kind: 'empty' } }, request, rules, now);
}

const control = (value: string) => ({ fields: { 'cache-control': value } });

describe('what may be stored (RFC 9111 §3) (guarantee 17)', () => {
  it.each([
    ['a plain answer', {}],
    ['204', { status: 204 }],
    ['302 with max-age', { status: 302, ...control('max-age=5') }],
    ['no-store with must-understand', control('no-store, must-understand')],
    ['private for one field', control('private="x-user"')],
  ])('%s may be stored', (_what, answer) => {
    expect(stored(answer)).toMatchObject({ status: 'status' in answer ? answer.status : 200 });
  });

  it.each([
    ['206', { status: 206 }, 'partial'],
    ['304', { status: 304 }, 'status'],
    ['404', { status: 404 }, 'status'],
    ['500 with max-age', { status: 500, ...control('max-age=5') }, 'status'],
    ['201', { status: 201 }, 'no-freshness'],
    ['Set-Cookie', { fields: { 'set-cookie': ['a=b'], 'cache-control': 'public, max-age=5' } }, 'set-cookie'],
    ['no-store', control('no-store, max-age=5'), 'no-store'],
    [
      'must-understand with a status that is not',
      { status: 299, ...control('must-understand, max-age=5') },
      'status',
    ],
    ['private', control('private'), 'private'],
    ['no-cache', control('no-cache'), 'no-cache'],
    ['Vary: *', { fields: { vary: '*' } }, 'vary'],
    ['max-age=0', control('max-age=0'), 'stale'],
    ['Age above max-age', { fields: { 'cache-control': 'max-age=5', age: '9' } }, 'stale'],
  ])('%s may not be stored: %#', (_what, answer, reason) => {
    expect(stored(answer)).toBe(reason);
  });

  it.each([404, 403, 500])('allows the statuses of a route, with its ttl: %i', (status) => {
    expect(stored({ status }, { ...plain, statuses: [404, 403, 500] })).toMatchObject({
      status,
      lifetime: 60,
    });
  });

  it('refuses a response without a lifetime from the route or from itself', () => {
    expect(stored({}, undecorated)).toBe('no-freshness');
    expect(stored(control('max-age=5'), undecorated)).toMatchObject({ lifetime: 5 });
  });

  it('allows a response to Authorization only if the route or the response says so (§3.5)', () => {
    const request = { authorization: 'x' };

    expect(stored(control('max-age=5'), undecorated, request)).toBe('authorization');
    for (const directive of ['public', 's-maxage=5', 'must-revalidate']) {
      expect(stored(control(`max-age=5, ${directive}`), undecorated, request)).toBeInstanceOf(Object);
    }
    expect(stored({}, plain, request)).toMatchObject({ vary: [...credentials] });
  });

  it.each([
    ['', plain, credentials],
    ['', { ...plain, shared: true }, []],
    ['', { ...plain, vary: ['x-tenant'] }, [...credentials, 'x-tenant']],
    ['public', plain, []],
    ['s-maxage=5', plain, []],
    ['must-revalidate', plain, credentials.slice(1)],
  ])('a response with Cache-Control %j is selected by %#', (directives, rules, expected) => {
    expect(stored(control(directives), rules)).toMatchObject({ vary: expected });
  });

  it('predicts the selecting headers before the first response', () => {
    expect(assumedVary(plain)).toEqual(credentials);
    expect(assumedVary({ ...plain, shared: true, vary: ['accept'] })).toEqual(['accept']);
  });
});

describe('which headers are kept (RFC 9111 §3.1) (guarantee 17)', () => {
  const fields: Fields = {
    connection: 'x-hop',
    'x-hop': '1',
    'x-cors': 'per request',
    'x-own': ['a', 'b'],
    'x-secret': '1',
    'cache-control': 'max-age=5, no-cache="x-secret"',
    'content-length': 5,
    'keep-alive': 'timeout=5',
    age: '1',
    'cache-status': 'other; hit',
  };
  const before: Fields = { 'x-cors': 'per request', 'cache-control': fields['cache-control'] };

  it('the headers of the handler, without those of the connection', () => {
    expect(stored({ fields, before })).toMatchObject({
      fields: { 'x-own': ['a', 'b'], 'cache-control': fields['cache-control'] },
    });
    expect(Object.keys((stored({ fields, before }) as StoredResponse).fields).sort()).toEqual([
      'cache-control',
      'x-own',
    ]);
  });

  it('the headers that the route allows, without those that it denies', () => {
    const answer = { fields: { a: '1', b: '2', c: '3', etag: '"x"' } };
    const kept = (rules: Partial<StoringRules>) =>
      Object.keys((stored(answer, { ...plain, ...rules }) as StoredResponse).fields);

    expect(kept({ keepFields: ['a', 'b'], dropFields: ['b'] })).toEqual(['a', 'etag']);
    expect(kept({ dropFields: ['b'] })).toEqual(['a', 'c', 'etag']);
  });
});
