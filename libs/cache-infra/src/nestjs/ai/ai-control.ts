import type { IncomingHttpHeaders } from 'node:http';

import type { AiCacheControl } from '../../ai/index.js';
import { ValidationError } from '../../base/errors.js';
import { describeValue } from '../../base/redact.js';
import { deltaSeconds, parseCacheControl } from '../http/rules/cache-control.js';

/** Headers of a request: of Node, Express or Fastify, or `Headers`. */
export type AiRequestHeaders = IncomingHttpHeaders | Headers;

/**
 * The control of a call by the `Cache-Control` header of an HTTP request (RFC 9111 §5.2.1): `no-cache`, `no-store`,
 * `only-if-cached` and `max-age` in seconds. `Pragma: no-cache` counts without a `Cache-Control`. Use it only where
 * clients may spend your tokens: each `no-cache` is a call of the model.
 *
 * ```ts
 * @Post('chat')
 * chat(@Body() body: ChatDto, @Headers() headers: IncomingHttpHeaders) {
 *   return this.ai.run('chat', { ...body }, produce, aiControl(headers));
 * }
 * ```
 *
 * @throws ValidationError unless `headers` are headers
 */
export function aiControl(headers: AiRequestHeaders): AiCacheControl {
  const field = fieldOf(headers, 'cache-control');
  const directives = parseCacheControl(field ?? fieldOf(headers, 'pragma'));
  const maxAge = deltaSeconds(directives, 'max-age');
  const noCache = directives.has('no-cache') || maxAge === 0;
  const onlyIfCached = directives.has('only-if-cached');
  return {
    // No stored answer can be both.
    ...(noCache && !onlyIfCached ? { noCache } : {}),
    ...(directives.has('no-store') ? { noStore: true } : {}),
    ...(onlyIfCached ? { onlyIfCached } : {}),
    ...accepting(noCache, maxAge, onlyIfCached),
  };
}

function accepting(
  noCache: boolean,
  maxAge: number | undefined,
  onlyIfCached: boolean,
): Pick<AiCacheControl, 'accept'> {
  if (noCache) return onlyIfCached ? { accept: () => false } : {};
  return maxAge === undefined ? {} : { accept: ({ ageSeconds }) => ageSeconds <= maxAge };
}

function fieldOf(headers: AiRequestHeaders, name: string): string | undefined {
  const given: unknown = headers;
  if (typeof given !== 'object' || given === null) {
    const message = `headers must be the headers of a request, got ${describeValue(given)}`;
    throw new ValidationError([{ path: 'headers', message }]);
  }
  if (headers instanceof Headers) return headers.get(name) ?? undefined;
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}
