import { recordOf, type AiSdkCall, type Fields } from './call.js';

/** Parameters that change nothing about the answer: transport, and whether a stream has raw chunks, too. */
const ignoredParams = new Set(['abortSignal', 'includeRawChunks']);
/** Headers that name the program, or one call of it. */
const ignoredHeaders = new Set([
  ...['user-agent', 'traceparent', 'tracestate', 'baggage', 'x-request-id', 'idempotency-key'],
]);
/** Options of providers for the bill, for abuse reports, and for the provider's own prompt cache. */
const ignoredOptions = new Set([
  ...['serviceTier', 'safetyIdentifier', 'promptCacheKey', 'promptCacheRetention', 'promptCacheOptions'],
  ...['service_tier', 'safety_identifier', 'prompt_cache_key', 'prompt_cache_retention'],
]);
/** Options that name state on the provider's server, which the request does not show. */
const serverState = ['previousResponseId', 'previous_response_id', 'conversation'];

/**
 * The request of a call: everything that determines its answer. The model is a part of it, and the version of its
 * interface, since a stored answer has the shape of that version.
 */
export function requestOf({ params, model }: AiSdkCall): Fields {
  const { provider, modelId, specificationVersion } = model;
  const significant = Object.entries(params).filter(
    ([name, value]) => value !== undefined && !ignoredParams.has(name),
  );
  const { headers, providerOptions, ...rest } = Object.fromEntries(significant) as Fields;
  return {
    ...rest,
    ...optional('headers', significantHeaders(headers)),
    ...optional('providerOptions', significantOptions(providerOptions)),
    ...{ provider, model: modelId },
    ...(specificationVersion === undefined ? {} : { specificationVersion }),
  };
}

/** Whether the answer depends on state of the provider's server. */
export function dependsOnServer({ params }: AiSdkCall): boolean {
  const options = recordOf((params as Fields)['providerOptions']) ?? {};
  return Object.values(options).some((each) => {
    const own = recordOf(each);
    return own !== undefined && serverState.some((name) => (own[name] ?? undefined) !== undefined);
  });
}

function significantHeaders(headers: unknown): Fields {
  const all = Object.entries(recordOf(headers) ?? {});
  return Object.fromEntries(
    all.filter(([name, value]) => value !== undefined && !ignoredHeaders.has(name.toLowerCase())),
  );
}

function significantOptions(options: unknown): Fields {
  const providers = Object.entries(recordOf(options) ?? {}).map(([provider, own]): [string, unknown] => {
    const fields = Object.entries(recordOf(own) ?? {}).filter(
      ([name, value]) => value !== undefined && !ignoredOptions.has(name),
    );
    return [provider, Object.fromEntries(fields)];
  });
  return Object.fromEntries(providers.filter(([, own]) => Object.keys(own as object).length > 0));
}

/** Nothing instead of an empty object: a call with ignored fields only equals one without any. */
function optional(name: string, fields: Fields): Fields {
  return Object.keys(fields).length === 0 ? {} : { [name]: fields };
}
