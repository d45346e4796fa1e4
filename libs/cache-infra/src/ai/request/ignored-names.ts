/** Names of top-level fields, and of headers (in lower case), that are not in the key. */
export interface IgnoredNames {
  readonly fields: readonly string[];
  readonly headers: readonly string[];
}

/**
 * Fields that carry transport options and credentials in the requests of most SDKs. Left out of the key only if the
 * setting `ignored` names them: in a request of your own shape such a field may determine the answer.
 */
export const ignoredRequestFields: readonly string[] = [
  'apiKey',
  'api_key',
  'accessToken',
  'access_token',
  'authorization',
  'timeout',
  'timeoutMs',
  'signal',
  'abortSignal',
  'maxRetries',
  'max_retries',
  'retry',
  'retries',
  'fetch',
  'agent',
  'httpAgent',
  'httpsAgent',
  'dispatcher',
  'fetchOptions',
  'idempotencyKey',
];

/** Headers that carry transport and credentials. Left out of the key only if the setting `ignored` names them. */
export const ignoredRequestHeaders: readonly string[] = [
  'authorization',
  'proxy-authorization',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
  'cookie',
  'user-agent',
  'idempotency-key',
  'x-request-id',
  'x-stainless-retry-count',
  'traceparent',
  'tracestate',
];

const sdk: IgnoredNames = { fields: ignoredRequestFields, headers: ignoredRequestHeaders };

/**
 * The names that do not determine the answer, for requests in the shape of one SDK: transport, credentials, the bill,
 * and the provider's own prompt cache. Fields by which applications scope answers (`user`, `metadata`) are in the key.
 */
export const ignoredNames = {
  openai: {
    ...sdk,
    fields: [
      ...sdk.fields,
      ...['stream', 'stream_options', 'service_tier', 'safety_identifier'],
      ...['prompt_cache_key', 'prompt_cache_retention'],
    ],
  },
  anthropic: { ...sdk, fields: [...sdk.fields, 'stream', 'service_tier'] },
  aiSdk: { ...sdk, fields: [...sdk.fields, 'includeRawChunks', 'promptCacheKey'] },
} as const satisfies Readonly<Record<string, IgnoredNames>>;
