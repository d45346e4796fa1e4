import type { AiUsage } from './output.js';

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads the token usage of a provider: of OpenAI (chat and Responses API), Anthropic, Gemini, LangChain, the AI SDK (of
 * results and of middleware), or `{ inputTokens, outputTokens }`. Undefined if it names no tokens. Never throws: the
 * answer is paid for, whatever its usage looks like.
 */
export function usageOf(usage: unknown): AiUsage | undefined {
  try {
    const fields = recordOf(usage);
    return fields === undefined ? undefined : read(fields);
  } catch {
    return undefined;
  }
}

function read(fields: Fields): AiUsage | undefined {
  const input = recordOf(fields['inputTokens']);
  const details =
    recordOf(fields['prompt_tokens_details']) ??
    recordOf(fields['input_tokens_details']) ??
    recordOf(fields['input_token_details']) ??
    recordOf(fields['inputTokenDetails']);
  const anthropicReads = count(fields['cache_read_input_tokens']);
  const anthropicWrites = count(fields['cache_creation_input_tokens']);
  const told = first(
    input?.['total'],
    ...pick(
      fields,
      'inputTokens',
      'input_tokens',
      'prompt_tokens',
      'promptTokenCount',
      'promptTokens',
      'tokens',
    ),
  );
  // Anthropic alone counts cached tokens beside the input tokens.
  const inputTokens = sum(told, anthropicReads, anthropicWrites);
  const outputTokens = sum(
    first(
      recordOf(fields['outputTokens'])?.['total'],
      ...pick(
        fields,
        'outputTokens',
        'output_tokens',
        'completion_tokens',
        'candidatesTokenCount',
        'completionTokens',
      ),
    ),
    // Gemini counts thoughts beside the answer, and charges them as output.
    count(fields['thoughtsTokenCount']),
  );
  if (inputTokens === undefined && outputTokens === undefined) return undefined;
  const cachedInputTokens = first(
    input?.['cacheRead'],
    ...pick(details, 'cached_tokens', 'cache_read', 'cacheReadTokens'),
    anthropicReads,
    ...pick(fields, 'cachedInputTokens', 'cachedContentTokenCount'),
  );
  return {
    ...(inputTokens === undefined ? {} : { inputTokens }),
    ...(outputTokens === undefined ? {} : { outputTokens }),
    ...(cachedInputTokens === undefined ? {} : { cachedInputTokens }),
  };
}

function recordOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
}

function pick(fields: Fields | undefined, ...names: readonly string[]): unknown[] {
  return fields === undefined ? [] : names.map((name) => fields[name]);
}

/** The first of `values` that is a number of tokens. */
function first(...values: readonly unknown[]): number | undefined {
  return values.map(count).find((found) => found !== undefined);
}

function sum(...counts: readonly (number | undefined)[]): number | undefined {
  const known = counts.filter((each) => each !== undefined);
  return known.length === 0 ? undefined : known.reduce((total, each) => total + each, 0);
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}
