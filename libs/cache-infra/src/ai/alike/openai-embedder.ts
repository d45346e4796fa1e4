import { positiveInteger } from '../../base/checks.js';
import type { Embedder } from './alike-options.js';
import {
  assertEndpoint,
  postJson,
  unexpectedAnswer,
  versionOf,
  type OpenAiEndpoint,
} from './openai-endpoint.js';

export interface OpenAiEmbedderOptions extends OpenAiEndpoint {
  /** Numbers of a vector, for models that can shorten them. Default: those of the model. */
  readonly dimensions?: number | undefined;
}

const path = 'embeddings';

/**
 * An embedder on a server with the API of OpenAI. Its version is the server, the model and the dimensions.
 *
 * ```ts
 * const embed = openAiEmbedder({
 *   baseUrl: 'https://api.openai.com/v1',
 *   apiKey: process.env.OPENAI_API_KEY,
 *   model: 'text-embedding-3-small',
 *   dimensions: 256,
 * });
 * ```
 *
 * Rejects with `CacheError` if the server cannot be reached, or answers with an error or without a vector.
 *
 * @throws ValidationError that lists every invalid option
 */
export function openAiEmbedder(options: OpenAiEmbedderOptions): Embedder {
  assertEndpoint('openAiEmbedder', options, { dimensions: positiveInteger });
  const endpoint = { ...options };
  const { model, dimensions } = endpoint;
  const embed = async (text: string, { signal }: { signal: AbortSignal }): Promise<ArrayLike<number>> => {
    const size = dimensions === undefined ? {} : { dimensions };
    const body = { model, input: text, encoding_format: 'base64', ...size };
    const vector = vectorIn(await postJson(endpoint, path, body, signal));
    if (vector === undefined) throw unexpectedAnswer(endpoint, path, 'embedding');
    return vector;
  };
  const size = dimensions === undefined ? '' : ` ${dimensions}`;
  return Object.assign(embed, { version: `${versionOf(endpoint)}${size}` });
}

/** The vector of an answer, as numbers or as base64: a server may ignore the encoding that was asked for. */
function vectorIn(answer: unknown): ArrayLike<number> | undefined {
  const { data } = recordOf(answer);
  const { embedding } = recordOf(Array.isArray(data) && data.length === 1 ? data[0] : undefined);
  if (Array.isArray(embedding)) return embedding as number[];
  return typeof embedding === 'string' ? floatsOf(embedding) : undefined;
}

/** Floats of 32 bits, little-endian whatever the processor. */
function floatsOf(base64: string): Float32Array | undefined {
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length === 0 || bytes.length % 4 !== 0) return undefined;
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(i * 4));
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
