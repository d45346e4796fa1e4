import { types } from 'node:util';
import { hasSymbolKeys, isPlain } from '../../base/opaque.js';
import type { IgnoredNames } from './ignored-names.js';

/** The values that are transport under these names: they have no canonical form, and determine no answer. */
const transport: Readonly<Record<string, (value: unknown) => boolean>> = {
  signal: isSignal,
  abortSignal: isSignal,
  fetch: isFunction,
  agent: isAgent,
  httpAgent: isAgent,
  httpsAgent: isAgent,
  dispatcher: isAgent,
};

const headerFields = new Set([
  'headers',
  'defaultHeaders',
  'default_headers',
  'extraHeaders',
  'extra_headers',
]);

/** The fields of a request that determine its answer, and the names of the others. */
export interface Significant {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly ignored: readonly string[];
}

const nothing: IgnoredNames = { fields: [], headers: [] };

/**
 * Splits a request into the fields in its key and the others. Left out are transport objects (an `AbortSignal`, a
 * `fetch`, an HTTP agent) under their usual names, and the fields and headers that `names` lists.
 */
export function significantFields(request: object, names: IgnoredNames = nothing): Significant {
  if (names.fields.length === 0 && isWhole(request)) return { fields: request, ignored: nothing.fields };
  const given: [string, unknown][] = Object.entries(request);
  const fields: [string, unknown][] = [];
  const ignored: string[] = [];
  for (const [name, value] of given) {
    if (value === undefined) continue;
    if (names.fields.includes(name) || isTransport(name, value)) {
      ignored.push(name);
    } else if (headerFields.has(name) && value !== null && typeof value === 'object') {
      fields.push([name, significantHeaders(name, value, names.headers, ignored)]);
    } else {
      fields.push([name, value]);
    }
  }
  return { fields: Object.fromEntries(fields), ignored };
}

/** Whether every field of a request is in its key as it is. */
function isWhole(request: object): request is Readonly<Record<string, unknown>> {
  for (const [name, value] of Object.entries(request))
    if (value === undefined || headerFields.has(name) || Object.hasOwn(transport, name)) return false;
  return true;
}

/** Normalizes headers (an object, pairs, a Map or `Headers`) to sorted pairs of lower-case name and value. */
function significantHeaders(
  field: string,
  headers: object,
  names: readonly string[],
  ignored: string[],
): unknown {
  const kept: [name: string, value: unknown][] = [];
  for (const pair of pairsOf(headers)) {
    // The value is not a list of headers: keep all of it.
    if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== 'string') return headers;
    const name = pair[0].toLowerCase();
    if (names.includes(name)) ignored.push(`${field}.${name}`);
    else if (pair[1] !== undefined) kept.push([name, pair[1]]);
  }
  return kept.sort(([a], [b]) => (a < b ? -1 : Number(a > b)));
}

/** The headers of a value whose whole content they are; else a pair that is no header. */
function pairsOf(headers: object): Iterable<unknown> {
  const isList = Array.isArray(headers) || types.isMap(headers) || isHeaders(headers);
  if (isList) return headers as Iterable<unknown>;
  return isPlain(headers) && !hasSymbolKeys(headers) ? Object.entries(headers) : [undefined];
}

function isHeaders(value: object): boolean {
  return value instanceof Headers;
}

function isTransport(name: string, value: unknown): boolean {
  return Object.hasOwn(transport, name) && transport[name]?.(value) === true;
}

function isSignal(value: unknown): boolean {
  return value instanceof AbortSignal;
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

/** An agent of `node:http`, a dispatcher of undici, or a function that gives one. */
function isAgent(value: unknown): boolean {
  if (isFunction(value)) return true;
  if (typeof value !== 'object' || value === null) return false;
  return ['addRequest', 'dispatch'].some((name) => name in value && isFunction(Reflect.get(value, name)));
}
