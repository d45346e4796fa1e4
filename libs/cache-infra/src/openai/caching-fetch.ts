import type { AiCacheService } from '../ai/ai-cache.service.js';
import { AiNotCachedError, ValidationError } from '../base/errors.js';
import { describeValue } from '../base/redact.js';
import { aiRequestOf } from './ai-request.js';
import type { ProviderCall } from './provider-call.js';
import { assertCachingFetchOptions, type CachingFetchOptions } from './options.js';
import { plainAnswer, uncachedAnswer } from './plain-answer.js';
import { readRequest, type Fetch, type ProviderApi } from './provider-request.js';
import { embeddingsAnswer } from './embeddings-answer.js';
import { notCachedResponse, UnstoredResponse } from './http-answer.js';
import { usesServerState } from './server-state.js';
import { streamedAnswer } from './streamed-answer.js';

/** Names of their own: the settings of an application's operations fit requests of another shape. */
const operationNames: Readonly<Record<ProviderApi, string>> = {
  chat: 'openai.chat',
  responses: 'openai.responses',
  embeddings: 'openai.embeddings',
  messages: 'anthropic.messages',
};

/**
 * A `fetch` for the SDKs of OpenAI and Anthropic that caches answers:
 *
 * ```ts
 * const openai = new OpenAI({ fetch: cachingFetch(ai, { tenant: 'acme' }) });
 * const anthropic = new Anthropic({ fetch: cachingFetch(ai, { tenant: 'acme' }) });
 * ```
 *
 * Answers of chat completions, responses, messages and embeddings are cached, plain and streamed; other requests go
 * through untouched. The key is the address, the body and the headers, without credentials only if `tenant` or `shared`
 * says who may share answers. Requests that use state on the provider's server bypass the cache. Responses with a
 * status other than 200, and answers that are not whole, reach the caller and are not stored.
 *
 * A stored answer holds nothing of the request, and no header but `content-type`. Each answer has a `cache-status`
 * (RFC 9211).
 *
 * @throws ValidationError that lists every invalid option
 */
export function cachingFetch(ai: AiCacheService, options: CachingFetchOptions = {}): Fetch {
  if (typeof (ai as Partial<AiCacheService> | undefined)?.run !== 'function') {
    throw new ValidationError([
      { path: 'ai', message: `ai must be an AiCacheService, got ${describeValue(ai)}` },
    ]);
  }
  assertCachingFetchOptions(options);
  const send: Fetch = options.fetch ?? ((input, init) => fetch(input, init));
  return async (input, init) => {
    const request = readRequest(input, init);
    if (request === undefined) return send(input, init);
    const { operation, control } = options;
    const call: ProviderCall = {
      ai,
      request,
      operation:
        (typeof operation === 'function' ? operation(request) : operation) ?? operationNames[request.api],
      aiRequest: aiRequestOf(request, options),
      control: { ...control?.(request), signal: init?.signal ?? undefined },
      send: (signal, body) => send(input, { ...init, signal, ...(body === undefined ? {} : { body }) }),
    };
    return answerTo(call).catch((error: unknown) => {
      if (error instanceof UnstoredResponse) return error.toResponse();
      if (error instanceof AiNotCachedError) return notCachedResponse(error);
      throw error;
    });
  };
}

async function answerTo(call: ProviderCall): Promise<Response> {
  const { api, body } = call.request;
  if (call.control.bypass === true || usesServerState(body)) return uncachedAnswer(call);
  if (api === 'embeddings') return embeddingsAnswer(call);
  return body['stream'] === true ? streamedAnswer(call, api) : plainAnswer(call, api);
}
