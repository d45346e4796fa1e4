import { describe, expect, it } from '@jest/globals';

import { noRequestDirectives, parseCacheControl, requestDirectives } from './cache-control.js';
import {
  currentAge,
  explicitLifetime,
  freshnessOf,
  initialAge,
  retentionMs,
  secondsLeft,
  standsInForError,
  useOf,
  type Freshness,
} from './freshness.js';
import { httpDate } from './http-date.js';

const now = Date.UTC(2030, 0, 1);
const at = (seconds: number) => httpDate(now + seconds * 1000);

const response: Freshness = {
  time: now,
  initialAge: 0,
  lifetime: 60,
  staleWhileRevalidate: 0,
  staleIfError: 0,
  mustRevalidate: false,
};

describe('freshness (RFC 9111 §4.2) (guarantee 17)', () => {
  it.each([
    ['max-age=60', {}, 60],
    ['max-age=60, s-maxage=10', {}, 10],
    ['max-age=60', { expires: at(5) }, 60],
    ['', { expires: at(90) }, 90],
    ['', { expires: at(90), date: at(30) }, 60],
    ['', { expires: at(-90) }, 0],
    ['', { expires: '0' }, 0],
    ['public', {}, undefined],
  ])('lifetime by %j and %j: %j', (field, fields, expected) => {
    expect(explicitLifetime(parseCacheControl(field), fields, now)).toBe(expected);
  });

  it.each([
    [{}, 0],
    [{ age: 30 }, 30],
    [{ age: '30, 5' }, 30],
    [{ age: 'x' }, 0],
    [{ date: at(-40) }, 40],
    [{ date: at(-40), age: '50' }, 50],
    [{ date: at(40) }, 0],
  ])('initial age of %j: %j', (fields, expected) => {
    expect(initialAge(fields, now)).toBe(expected);
  });

  it.each([
    ['', { lifetime: 10, staleWhileRevalidate: 1, staleIfError: 2 }, [10, 1, 2, false]],
    ['max-age=5', { lifetime: 10, staleWhileRevalidate: 1 }, [5, 1, 0, false]],
    ['max-age=5, stale-while-revalidate=7, stale-if-error=8', { staleIfError: 2 }, [5, 7, 8, false]],
    ['max-age=5, must-revalidate, stale-if-error=8', {}, [5, 0, 0, true]],
    ['max-age=5, proxy-revalidate', { staleIfError: 2 }, [5, 0, 0, true]],
    ['s-maxage=5', { staleIfError: 2 }, [5, 0, 0, true]],
    ['s-maxage=5, stale-while-revalidate=7', {}, [5, 7, 0, false]],
    ['', {}, undefined],
  ])('of %j on a route with %j', (field, route, expected) => {
    const made = freshnessOf(parseCacheControl(field), {}, route, now);

    const found = made && [made.lifetime, made.staleWhileRevalidate, made.staleIfError, made.mustRevalidate];
    expect(found).toEqual(expected);
  });

  it('grows older with time', () => {
    const aged = { ...response, initialAge: 20 };

    expect(currentAge(aged, now + 5000)).toBe(25);
    expect(secondsLeft(aged, now + 50_000)).toBe(-10);
    expect(retentionMs({ ...aged, staleIfError: 5, staleWhileRevalidate: 3 }, now)).toBe(45_000);
    expect(retentionMs({ ...aged, initialAge: 60, staleIfError: 5 }, now)).toBe(0);
  });

  it.each([
    ['', 0, {}, 'serve'],
    ['', 59.9, {}, 'serve'],
    ['', 60, {}, 'forward'],
    ['', 60, { staleWhileRevalidate: 1 }, 'revalidate'],
    ['', 61, { staleWhileRevalidate: 1 }, 'forward'],
    ['no-cache', 0, {}, 'forward'],
    ['max-age=10', 10, {}, 'serve'],
    ['max-age=10', 11, {}, 'forward'],
    ['max-age=100', 61, { staleWhileRevalidate: 10 }, 'forward'],
    ['max-age=100, max-stale=5', 61, {}, 'serve'],
    ['min-fresh=10', 50, {}, 'serve'],
    ['min-fresh=10', 51, {}, 'forward'],
    ['min-fresh=1', 61, { staleWhileRevalidate: 10 }, 'forward'],
    ['max-stale', 900, {}, 'serve'],
    ['max-stale=10', 70, {}, 'serve'],
    ['max-stale=10', 71, {}, 'forward'],
    ['max-stale=10', 61, { mustRevalidate: true }, 'forward'],
  ])('a request with %j for a response of %d s with %j: %s', (field, age, own, expected) => {
    expect(useOf({ ...response, ...own }, requestDirectives(field), now + age * 1000)).toBe(expected);
  });

  it.each([
    [10, {}, undefined, false],
    [61, { staleIfError: 5 }, undefined, true],
    [66, { staleIfError: 5 }, undefined, false],
    [66, { staleIfError: 5 }, 10, true],
    [61, { staleIfError: 5, mustRevalidate: true }, 10, false],
  ])('after %d s with %j and a request for %j, replaces an error: %j', (age, own, staleIfError, expected) => {
    const request = { ...noRequestDirectives, staleIfError };

    expect(standsInForError({ ...response, ...own }, request, now + age * 1000)).toBe(expected);
  });
});
