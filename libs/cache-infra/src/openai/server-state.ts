import { isObject, listOf, objectsIn, saysSomething, type JsonObject } from './json.js';

/**
 * Whether the answer depends on, or changes, state on the provider's server, so that the request alone does not
 * determine it:
 *
 * - `previous_response_id`, `conversation`, `container`: the answer goes on from there.
 * - `prompt` without a `version`: the provider replaces it.
 * - `background`, `store: true`: the caller wants something to be on the server afterwards. Responses are stored by
 *   default; without an explicit `store` the id of a cached response is the id of the response that was stored first.
 * - tools of MCP servers, which the provider calls: they may change things.
 */
export function usesServerState(body: JsonObject): boolean {
  const { prompt, tools, background, store } = body;
  if (['previous_response_id', 'conversation', 'container'].some((name) => saysSomething(body[name]))) {
    return true;
  }
  if (background === true || store === true) return true;
  if (isObject(prompt) && typeof prompt['version'] !== 'string') return true;
  if (listOf(body['mcp_servers']).length > 0) return true;
  return objectsIn(tools).some(
    ({ type, container }) => String(type).startsWith('mcp') || typeof container === 'string',
  );
}
