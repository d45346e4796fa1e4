import { CacheError } from '../../base/errors.js';
import {
  assertOptions,
  functionValue,
  nonEmptyString,
  type Check,
  type Checks,
  type NestedCheck,
} from '../../base/checks.js';
import { withoutCredentials } from '../../base/redact.js';
import { messageOf } from './alike-report.js';

/** Where a server with the API of OpenAI is. */
export interface OpenAiEndpoint {
  /** Such as `https://api.openai.com/v1`, without credentials. */
  readonly baseUrl: string;
  /** Sent as bearer token, and never shown. Default: none, for a local server. */
  readonly apiKey?: string | undefined;
  readonly model: string;
  /** Sends the requests. Default: the global `fetch`. */
  readonly fetch?: typeof fetch | undefined;
}

/** Checks a URL, whose value messages omit: it may hold a secret. */
const httpUrl: NestedCheck = {
  problems(path, value) {
    const words = urlProblem(value);
    return words === undefined ? [] : [{ path, message: `${path} ${words}` }];
  },
};

function urlProblem(value: unknown): string | undefined {
  const form = "must be a URL such as 'https://api.openai.com/v1'";
  if (typeof value !== 'string' || !URL.canParse(value)) return form;
  const { protocol, username, password, search, hash } = new URL(value);
  if (protocol !== 'https:' && protocol !== 'http:') return form;
  if (username !== '' || password !== '') return 'must have no credentials: use apiKey';
  return search !== '' || hash !== '' ? 'must have no query' : undefined;
}

/** Checks a secret, whose value messages omit. */
const secretText: NestedCheck = {
  problems(path, value) {
    const isText = typeof value === 'string' && /^[\x21-\x7e]+$/.test(value);
    return isText ? [] : [{ path, message: `${path} must be a text without spaces and line breaks` }];
  },
};

/** @throws ValidationError that lists every problem */
export function assertEndpoint(subject: string, options: unknown, more: Checks): void {
  const checks: Record<string, Check | NestedCheck> = {
    baseUrl: httpUrl,
    apiKey: secretText,
    model: nonEmptyString,
    fetch: functionValue,
    ...more,
  };
  assertOptions(subject, options, checks, ['baseUrl', 'model']);
}

/**
 * Sends a JSON request, and returns the JSON of the answer. Errors name status and URL, and no header, no body and no
 * credential.
 *
 * @throws CacheError if the server cannot be reached, or answers with an error or without JSON
 */
export async function postJson(
  endpoint: OpenAiEndpoint,
  path: string,
  body: object,
  signal: AbortSignal,
): Promise<unknown> {
  const url = addressOf(endpoint, path);
  const { apiKey, fetch: send = fetch } = endpoint;
  const headers: Record<string, string> = { 'content-type': 'application/json', accept: 'application/json' };
  if (apiKey !== undefined) headers['authorization'] = `Bearer ${apiKey}`;
  let response: Response;
  try {
    // A redirect would send texts to another host than the one that was named.
    response = await send(url, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      signal,
      redirect: 'error',
    });
  } catch (error) {
    signal.throwIfAborted();
    throw new CacheError(`POST ${url} failed: ${causeOf(error, apiKey)}`, { details: { url } });
  }
  const { status } = response;
  if (!response.ok) {
    await response.body?.cancel().catch(ignore);
    throw new CacheError(`POST ${url} failed with status ${status}`, { details: { url, status } });
  }
  try {
    return await response.json();
  } catch {
    signal.throwIfAborted();
    throw new CacheError(`POST ${url} returned no JSON (status ${status})`, { details: { url, status } });
  }
}

/** An error about an answer of another form. */
export function unexpectedAnswer(endpoint: OpenAiEndpoint, path: string, expected: string): CacheError {
  const url = addressOf(endpoint, path);
  return new CacheError(`POST ${url} returned no ${expected}`, { details: { url } });
}

/** The server and the model. The URL holds no credentials: it was checked. */
export function versionOf({ baseUrl, model }: OpenAiEndpoint): string {
  return `${withoutSlash(baseUrl)} ${model}`;
}

function addressOf({ baseUrl }: OpenAiEndpoint, path: string): string {
  return `${withoutSlash(baseUrl)}/${path}`;
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '');
}

/** `fetch` says "fetch failed", and its cause says why. */
function causeOf(error: unknown, apiKey: string | undefined): string {
  const text =
    messageOf((error as { cause?: unknown } | undefined)?.cause) ?? messageOf(error) ?? 'unknown error';
  return withoutCredentials(apiKey === undefined ? text : text.replaceAll(apiKey, '***'));
}

function ignore(): void {
  // The answer is not needed.
}
