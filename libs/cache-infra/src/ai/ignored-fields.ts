/**
 * Top-level fields of a request that are not in the key: transport and credentials. Every other field is in the key,
 * known or not; so is `baseURL`, because another server may answer differently.
 */
export const ignoredRequestFields: readonly string[] = [
  'apiKey',
  'api_key',
  'accessToken',
  'access_token',
  'authorization',
  'timeout',
  'timeoutMs',
  'signal',
  'abortSignal',
  'maxRetries',
  'max_retries',
  'retry',
  'retries',
  'fetch',
  'agent',
  'httpAgent',
  'httpsAgent',
  'dispatcher',
  'fetchOptions',
  'idempotencyKey',
];

/** Headers that are not in the key, in any case, within `headers`, `defaultHeaders` and `extra_headers`. */
export const ignoredRequestHeaders: readonly string[] = [
  'authorization',
  'proxy-authorization',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
  'cookie',
  'user-agent',
  'idempotency-key',
  'x-request-id',
  'x-stainless-retry-count',
  'traceparent',
  'tracestate',
];

const ignoredFields = new Set(ignoredRequestFields);
const ignoredHeaders = new Set(ignoredRequestHeaders);
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

export function significantFields(request: object): Significant {
  const given: [string, unknown][] = Object.entries(request);
  const fields: [string, unknown][] = [];
  const ignored: string[] = [];
  for (const [name, value] of given) {
    if (value === undefined) continue;
    if (ignoredFields.has(name)) {
      ignored.push(name);
    } else if (headerFields.has(name) && value !== null && typeof value === 'object') {
      fields.push([name, significantHeaders(name, value, ignored)]);
    } else {
      fields.push([name, value]);
    }
  }
  return { fields: Object.fromEntries(fields), ignored };
}

/** Normalizes headers (an object, pairs or `Headers`) to sorted pairs of lower-case name and value. */
function significantHeaders(field: string, headers: object, ignored: string[]): unknown {
  const pairs: Iterable<unknown> =
    Symbol.iterator in headers ? (headers as Iterable<unknown>) : Object.entries(headers);
  const kept: [name: string, value: unknown][] = [];
  for (const pair of pairs) {
    // The value is not a list of headers: keep all of it.
    if (!Array.isArray(pair) || typeof pair[0] !== 'string') return headers;
    const name = pair[0].toLowerCase();
    if (ignoredHeaders.has(name)) ignored.push(`${field}.${name}`);
    else if (pair[1] !== undefined) kept.push([name, pair[1]]);
  }
  return kept.sort(([a], [b]) => (a < b ? -1 : Number(a > b)));
}
