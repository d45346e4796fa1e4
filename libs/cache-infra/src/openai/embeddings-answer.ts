import type { AiOutput } from '../ai/answer/output.js';
import type { AiResult } from '../ai/call/result.js';
import { AiBatchError, AiNotCachedError } from '../base/errors.js';
import { toldBy } from './answer-facts.js';
import { responseOf, UnstoredResponse } from './http-answer.js';
import { isObject, listOf, parseObject, type JsonObject } from './json.js';
import type { ProviderCall } from './provider-call.js';
import { inputListOf, isBrokenVector, vectorsOf } from './vectors.js';

type Vector = string | readonly number[];

/**
 * The answer to a request for embeddings. Each input has an answer of its own: the provider is asked once, for the
 * inputs without one. An input to which the provider gives no vector fails the call; the other vectors are stored.
 */
export async function embeddingsAnswer(call: ProviderCall): Promise<Response> {
  const { ai, operation, aiRequest, control, send, request } = call;
  const inputs = inputListOf(request.body);
  const requests = (inputs ?? [request.body['input']]).map((input) => ({
    ...aiRequest,
    body: { ...aiRequest.body, input },
  }));
  let received: Headers | undefined;
  const results = await ai
    .batch(
      operation,
      requests,
      async (missing, { signal }) => {
        const asked = missing.map(({ body }) => body['input']);
        const input = inputs === undefined ? asked[0] : asked;
        const response = await send(signal, JSON.stringify({ ...request.body, input }));
        const told = await vectorsIn(response);
        received = response.headers;
        return outputsOf(told, asked);
      },
      control,
    )
    .catch((error: unknown) => {
      throw error instanceof AiBatchError ? causeOf(error) : error;
    });
  const { cacheStatus } = results.find(({ cached }) => !cached) ?? results[0] ?? { cacheStatus: '' };
  const body = JSON.stringify(bodyOf(results, request.body));
  return responseOf(body, 'application/json', cacheStatus, received);
}

/** Throws `UnstoredResponse` unless the body has a list of vectors. */
async function vectorsIn(response: Response): Promise<JsonObject> {
  if (response.status !== 200) throw await UnstoredResponse.of(response);
  const text = await response.text();
  const body = parseObject(text);
  if (body === undefined || !Array.isArray(body['data'])) throw new UnstoredResponse(response, text);
  return body;
}

function outputsOf(told: JsonObject, inputs: readonly unknown[]): (AiOutput<Vector> | undefined)[] {
  const { model, usage } = toldBy(told);
  const tokens = isObject(usage) ? usage['prompt_tokens'] : undefined;
  const shares = typeof tokens === 'number' ? sharesOf(tokens, inputs) : [];
  return vectorsOf(told, inputs.length).map((vector, position) => {
    if (!isVector(vector)) return undefined;
    const share = shares[position];
    return {
      value: vector,
      empty: isBrokenVector(vector),
      ...(model === undefined ? {} : { model }),
      ...(share === undefined ? {} : { usage: { inputTokens: share } }),
    };
  });
}

/** The tokens of each input. The provider tells the sum: an input has a share by its length. */
function sharesOf(tokens: number, inputs: readonly unknown[]): number[] {
  const lengths = inputs.map((input) => (typeof input === 'string' ? input.length : listOf(input).length));
  const all = lengths.reduce((sum, length) => sum + length, 0);
  let before = 0;
  return lengths.map((length) => {
    const upTo = (part: number): number => (all === 0 ? 0 : Math.round((tokens * part) / all));
    const share = upTo(before + length) - upTo(before);
    before += length;
    return share;
  });
}

/** The body of the response. `index` counts the inputs of this request. */
function bodyOf(results: readonly AiResult<Vector>[], request: JsonObject): object {
  const data = results.map(({ value }, index) => ({ object: 'embedding', index, embedding: value }));
  const tokens = results.reduce((sum, { usage }) => sum + (usage?.inputTokens ?? 0), 0);
  const model = results.find((result) => result.model !== undefined)?.model ?? request['model'];
  return { object: 'list', data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } };
}

/** What failed the whole batch, or the error of the batch. */
function causeOf(error: AiBatchError): unknown {
  const causes = [...error.errors.values()];
  return (
    causes.find((cause) => cause instanceof UnstoredResponse || cause instanceof AiNotCachedError) ?? error
  );
}

function isVector(value: unknown): value is Vector {
  return typeof value === 'string' || Array.isArray(value);
}
