import { factsOf } from './answer-facts.js';
import { responseOf, UnstoredResponse, type StoredAnswer } from './http-answer.js';
import { parseObject } from './json.js';
import type { AnsweringApi, ProviderCall } from './provider-call.js';

/** The answer to a request without a stream. */
export async function plainAnswer(call: ProviderCall, api: AnsweringApi): Promise<Response> {
  const { ai, operation, aiRequest, control, send } = call;
  let received: Headers | undefined;
  const { value, cacheStatus } = await ai.run<StoredAnswer>(
    operation,
    aiRequest,
    async ({ signal }) => {
      const response = await send(signal);
      if (response.status !== 200) throw await UnstoredResponse.of(response);
      received = response.headers;
      const body = await response.text();
      const contentType = response.headers.get('content-type') ?? 'application/json';
      return { value: { contentType, body }, ...factsOf(api, parseObject(body) ?? {}) };
    },
    control,
  );
  return responseOf(value.body, value.contentType, cacheStatus, received);
}

/** The response to a request that bypasses the cache, as the provider sends it. */
export async function uncachedAnswer({
  ai,
  operation,
  aiRequest,
  control,
  send,
}: ProviderCall): Promise<Response> {
  const { value, cacheStatus } = await ai.run<Response>(
    operation,
    aiRequest,
    async ({ signal }) => {
      const value = await send(signal);
      return { value, status: value.status };
    },
    { ...control, bypass: true },
  );
  if (value.status !== 200 || value.body === null) return value;
  const contentType = value.headers.get('content-type') ?? 'application/json';
  return responseOf(value.body, contentType, cacheStatus, value.headers);
}
