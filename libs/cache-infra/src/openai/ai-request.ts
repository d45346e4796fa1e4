import type { AiRequest } from '../ai/request/request.js';
import { sha256 } from '../keys/digest.js';
import { addressOf, credentialsOf, significantBody, significantHeaders } from './insignificant.js';
import type { JsonObject } from './json.js';
import { tenantOf, type CachingFetchOptions } from './options.js';
import type { ProviderRequest } from './provider-request.js';

/** A request with the significant part of its body. */
export type KeyedRequest = AiRequest & { readonly body: JsonObject };

/**
 * The request as the cache sees it: everything that determines the answer. Credentials are in it as a digest, unless
 * the options name the owner of the answers.
 */
export function aiRequestOf(request: ProviderRequest, options: CachingFetchOptions): KeyedRequest {
  const { api, url, headers, body } = request;
  return {
    ...ownerOf(request, options),
    model: body['model'],
    address: addressOf(url),
    headers: significantHeaders(headers),
    body: significantBody(api, body),
  };
}

function ownerOf(request: ProviderRequest, options: CachingFetchOptions): object {
  if (options.shared === true) return {};
  const tenant = tenantOf(request, options);
  if (tenant !== undefined) return { tenant };
  const credentials = credentialsOf(request.url, request.headers);
  return credentials.length === 0 ? {} : { credentials: sha256(JSON.stringify(credentials)) };
}
