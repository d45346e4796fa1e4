import { isObject, type JsonObject } from './json.js';
import type { ProviderApi } from './provider-request.js';

/** Headers with credentials. */
const credentialHeaders: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
  'cookie',
]);

/** Parameters of an address with credentials. */
const credentialParameters: ReadonlySet<string> = new Set([
  ...['key', 'api-key', 'api_key', 'apikey', 'access_token', 'subscription-key'],
]);

/** Headers about the transport, the client and the call: no provider answers another way because of them. */
const transportHeaders: ReadonlySet<string> = new Set([
  ...['accept', 'accept-encoding', 'connection', 'content-length', 'content-type', 'host', 'keep-alive'],
  ...['user-agent', 'idempotency-key', 'x-idempotency-key', 'cache-control', 'pragma', 'prefer'],
  ...['x-request-id', 'x-client-request-id', 'x-correlation-id', 'traceparent', 'tracestate', 'baggage'],
  ...['anthropic-dangerous-direct-browser-access'],
]);

/** Fields of a body about the bill, reports of abuse, and the provider's own prompt cache. */
const fields: Readonly<Record<ProviderApi, readonly string[]>> = {
  chat: ['service_tier', 'safety_identifier', 'prompt_cache_key', 'prompt_cache_retention'],
  responses: ['service_tier', 'safety_identifier', 'prompt_cache_key', 'prompt_cache_retention'],
  messages: ['service_tier', 'cache_control'],
  embeddings: [],
};

/** The part of a body that determines the answer. */
export function significantBody(api: ProviderApi, body: JsonObject): JsonObject {
  const entries = Object.entries(body).filter(
    ([name, value]) => !fields[api].includes(name) && !(name === 'stream' && value !== true),
  );
  const kept: JsonObject = Object.fromEntries(entries);
  return api === 'messages' ? withoutPromptCaching(kept) : kept;
}

/** Headers that determine the answer, with lower-case names. */
export function significantHeaders(headers: Headers): [name: string, value: string][] {
  return [...headers].filter(
    ([name]) =>
      !credentialHeaders.has(name) && !transportHeaders.has(name) && !name.startsWith('x-stainless-'),
  );
}

/** The address without credentials and fragment. */
export function addressOf(url: URL): string {
  const address = new URL(url);
  address.username = '';
  address.password = '';
  address.hash = '';
  for (const name of new Set(url.searchParams.keys())) {
    if (isCredentialParameter(name)) address.searchParams.delete(name);
  }
  return address.href;
}

/** All credentials of a request, as pairs of name and value. */
export function credentialsOf(url: URL, headers: Headers): [name: string, value: string][] {
  return [
    ...[...headers].filter(([name]) => credentialHeaders.has(name)),
    ...[...url.searchParams].filter(([name]) => isCredentialParameter(name)),
    ...(url.username + url.password === ''
      ? []
      : [['url', `${url.username}:${url.password}`] as [string, string]]),
  ];
}

function isCredentialParameter(name: string): boolean {
  return credentialParameters.has(name.toLowerCase());
}

/**
 * Takes the marks of Anthropic's prompt cache off system, tools and messages. The last message of a conversation has a
 * mark, which the next request has moved. Only the places that the API defines are touched: the input of a tool may
 * have a field of that name.
 */
function withoutPromptCaching(body: JsonObject): JsonObject {
  const { system, tools, messages } = body;
  return {
    ...body,
    ...(Array.isArray(system) ? { system: system.map(unmarked) } : {}),
    ...(Array.isArray(tools) ? { tools: tools.map(unmarked) } : {}),
    ...(Array.isArray(messages) ? { messages: messages.map(withUnmarkedContent) } : {}),
  };
}

/** A message, or the result of a tool, whose blocks are unmarked. */
function withUnmarkedContent(value: unknown): unknown {
  if (!isObject(value) || !Array.isArray(value['content'])) return value;
  return { ...value, content: value['content'].map((block) => withUnmarkedContent(unmarked(block))) };
}

function unmarked(value: unknown): unknown {
  if (!isObject(value)) return value;
  const { cache_control: _mark, ...rest } = value;
  return rest;
}
