import { parseObject, type JsonObject } from './json.js';

/** `fetch` as clients of HTTP APIs call it. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** The APIs whose answers are cached. `messages` is Anthropic's, the others are OpenAI's. */
export type ProviderApi = 'chat' | 'responses' | 'messages' | 'embeddings';

/** A request to a provider, as an SDK hands it to `fetch`. */
export interface ProviderRequest {
  readonly api: ProviderApi;
  readonly url: URL;
  readonly headers: Headers;
  /** The parsed JSON body. */
  readonly body: JsonObject;
}

/** The ends of the paths. Longer paths (`/messages/count_tokens`, `/threads/…/messages`) belong to other APIs. */
const paths: readonly (readonly [ProviderApi, string])[] = [
  ['chat', '/chat/completions'],
  ['responses', '/responses'],
  ['messages', '/v1/messages'],
  ['embeddings', '/embeddings'],
];

/**
 * Reads the arguments of `fetch`. Undefined for a request to none of the APIs, or in another form than SDKs send: a
 * `Request` object, or a body that is not the text of a JSON object.
 */
export function readRequest(
  input: string | URL | Request,
  init: RequestInit | undefined,
): ProviderRequest | undefined {
  if (input instanceof Request || init?.method?.toUpperCase() !== 'POST') return undefined;
  const address = String(input);
  if (typeof init.body !== 'string' || !URL.canParse(address)) return undefined;
  const url = new URL(address);
  const api = paths.find(([, end]) => url.pathname.endsWith(end))?.[0];
  if (api === undefined) return undefined;
  const body = parseObject(init.body);
  return body === undefined ? undefined : { api, url, headers: new Headers(init.headers), body };
}
