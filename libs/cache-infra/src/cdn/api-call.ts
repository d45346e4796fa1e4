import { CdnPurgeError } from './cdn-purge-error.js';

/** Most characters of an answer that an error quotes. */
const quotedLength = 200;

export interface ApiCall {
  /** The name of the CDN, for errors. */
  readonly cdn: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Texts that no error may contain. */
  readonly secrets: readonly string[];
}

/**
 * Sends a POST to the API of a CDN, and returns the body of its answer.
 *
 * @throws CdnPurgeError for a status other than 2xx, and if there is no answer
 */
export async function callApi(
  { cdn, url, headers, body, secrets }: ApiCall,
  signal: AbortSignal,
): Promise<string> {
  let response: Response;
  let text: string;
  try {
    // A redirect could carry the token to another host.
    response = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' });
    text = await response.text();
  } catch (error) {
    throw new CdnPurgeError(`${cdn} did not answer the purge: ${reasonOf(error, signal, secrets)}`);
  }
  if (response.ok) return text;
  const { status } = response;
  const retryAfterMs = retryAfter(response.headers.get('retry-after'), Date.now());
  const words = `${cdn} refused the purge with status ${String(status)}`;
  throw new CdnPurgeError(`${words}${quoted(text, secrets)}${hintFor(status)}`, { status, retryAfterMs });
}

/** A part of an answer for an error, on one line; empty if there is none. */
export function quoted(text: string, secrets: readonly string[]): string {
  const line = withoutSecrets(text, secrets).replaceAll(/\s+/g, ' ').trim();
  if (line === '') return '';
  return `: ${line.length > quotedLength ? `${line.slice(0, quotedLength)}…` : line}`;
}

/**
 * The milliseconds of a `Retry-After` (RFC 9110 §10.2.3): seconds or a date. Undefined if it is absent or invalid.
 */
export function retryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  if (/^\d+$/.test(value.trim())) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** The cause of a failed `fetch` stands below its own error. */
function reasonOf(error: unknown, signal: AbortSignal, secrets: readonly string[]): string {
  const thrown: unknown = signal.aborted ? signal.reason : error;
  const { cause } = thrown as { readonly cause?: unknown };
  return withoutSecrets(messageOf(cause) ?? messageOf(thrown) ?? 'no reason given', secrets);
}

/** Not by `instanceof`: `fetch` may use the errors of another realm. */
function messageOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('message' in error)) return undefined;
  return typeof error.message === 'string' && error.message !== '' ? error.message : undefined;
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((left, secret) => left.replaceAll(secret, '***'), text);
}

function hintFor(status: number): string {
  if (status === 401 || status === 403) return ' (check the token and its permission to purge)';
  return status === 404 ? ' (check the id)' : '';
}
