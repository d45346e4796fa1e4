import type { AiNotCachedError } from '../base/errors.js';

/** The answer of a provider as it is stored: nothing of the request, and of the headers the type of the content. */
export interface StoredAnswer {
  readonly contentType: string;
  readonly body: string;
}

/** A response that is no answer. It reaches its callers as the provider sent it, and is never stored. */
export class UnstoredResponse extends Error {
  readonly #status: number;
  readonly #statusText: string;
  readonly #headers: Headers;
  readonly #body: string;

  /** `body`: what was read of the response. */
  constructor(response: Response, body: string) {
    super(`the provider answered ${response.status}`);
    this.name = 'UnstoredResponse';
    this.#status = response.status;
    this.#statusText = response.statusText;
    this.#headers = response.headers;
    this.#body = body;
  }

  static async of(response: Response): Promise<UnstoredResponse> {
    return new UnstoredResponse(response, await response.text());
  }

  /** A new response with what the provider sent: callers that share it read one each. */
  toResponse(): Response {
    const isBodiless = [204, 205, 304].includes(this.#status);
    return new Response(isBodiless ? null : this.#body, {
      status: this.#status,
      statusText: this.#statusText,
      headers: ofContent(this.#headers),
    });
  }
}

/** The response to a call with `onlyIfCached` without a stored answer (RFC 9111 §5.2.1.7). Clients do not retry it. */
export function notCachedResponse({ message, code }: AiNotCachedError): Response {
  const error = { type: 'not_cached', code, message };
  return Response.json({ type: 'error', error }, { status: 504, headers: { 'x-should-retry': 'false' } });
}

/**
 * The response with an answer.
 *
 * @param received the provider's headers, for the caller whose call the provider answered
 */
export function responseOf(
  body: string | ReadableStream,
  contentType: string,
  cacheStatus: string,
  received: Headers = new Headers(),
): Response {
  const headers = ofContent(received);
  headers.set('content-type', contentType);
  headers.set('cache-status', cacheStatus);
  return new Response(body, { status: 200, headers });
}

/** Headers of a response whose body has been read: it is neither compressed nor chunked any more. */
function ofContent(headers: Headers): Headers {
  const kept = new Headers(headers);
  for (const name of ['content-encoding', 'content-length', 'transfer-encoding']) kept.delete(name);
  return kept;
}
