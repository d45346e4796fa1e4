import { parseCacheControl } from './cache-control.js';
import { fieldText, type Fields } from './header-fields.js';
import { personalFields, toStore, type Answer, type StoringRules } from './stored-response.js';

/**
 * True if a CDN may store a response and serve it to other users. A response that this cache would not store for its
 * headers or status (`private`, `no-store`, `Set-Cookie`, an error), and a response to a user's credentials that is not
 * declared to be for all users, is none.
 */
export function mayReachEdge(
  answer: Omit<Answer, 'body'>,
  request: Fields,
  rules: StoringRules,
  now: number,
): boolean {
  if (typeof toStore({ ...answer, body: { kind: 'empty' } }, request, rules, now) !== 'object') return false;
  const directives = parseCacheControl(fieldText(answer.fields, 'cache-control'));
  return personalFields(rules, directives).every((name) => request[name] === undefined);
}
