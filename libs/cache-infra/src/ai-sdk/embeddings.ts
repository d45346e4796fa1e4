import { AiBatchError } from '../base/errors.js';
import type { AiBatchContext, AiCacheControl, AiCacheService, AiOutput } from '../ai/index.js';
import { recordOf, type Fields } from './call.js';

/** A call for the embeddings of values. */
export interface EmbedCall {
  readonly operation: string;
  /** The request without its values. */
  readonly request: Fields;
  readonly values: readonly unknown[];
  readonly control: AiCacheControl;
  /** Asks the model for the embeddings of these values. */
  embed(values: readonly unknown[], signal: AbortSignal): PromiseLike<Fields>;
}

type Vector = readonly number[];

/** The embeddings of all values: stored ones, and those of one model call for the others. */
export async function embeddingsOf(ai: AiCacheService, call: EmbedCall): Promise<Fields> {
  const requests = call.values.map((value) => ({ ...call.request, value }));
  let own: Fields | undefined;
  const produce = async (
    missing: readonly { readonly value: unknown }[],
    { signal }: AiBatchContext,
  ): Promise<AiOutput<Vector>[]> => {
    const values = missing.map(({ value }) => value);
    own = await call.embed(values, signal);
    return outputsOf(own, values);
  };
  try {
    const results = await ai.batch(call.operation, requests, produce, call.control);
    const { usage, providerMetadata, response, warnings } = own ?? {};
    return {
      embeddings: results.map(({ value }) => value),
      // What this call has paid for.
      usage: own === undefined ? { tokens: 0 } : usage,
      ...(providerMetadata === undefined ? {} : { providerMetadata }),
      ...(response === undefined ? {} : { response }),
      warnings: warnings ?? [],
    };
  } catch (error) {
    // The SDK tries again after an error of the provider, which it must recognize.
    throw error instanceof AiBatchError && error.cause !== undefined ? error.cause : error;
  }
}

/** The outputs by position. Usage is told for all values together: each has a share of it, by its length. */
function outputsOf({ embeddings, usage }: Fields, values: readonly unknown[]): AiOutput<Vector>[] {
  const vectors = Array.isArray(embeddings) ? (embeddings as readonly Vector[]) : [];
  const tokens = recordOf(usage)?.['tokens'];
  const shares = typeof tokens === 'number' ? sharesOf(tokens, values) : undefined;
  return vectors.map((value, index) => ({
    value,
    ...(shares === undefined ? {} : { usage: { inputTokens: shares[index] ?? 0 } }),
    ...(value.every((each) => each === 0) ? { empty: true } : {}),
  }));
}

/** Whole numbers with the sum `tokens`. */
function sharesOf(tokens: number, values: readonly unknown[]): number[] {
  const lengths = values.map((value) => (typeof value === 'string' ? value.length : 1) || 1);
  const total = lengths.reduce((sum, each) => sum + each, 0);
  let length = 0;
  let given = 0;
  return lengths.map((each) => {
    length += each;
    const share = Math.round((tokens * length) / total) - given;
    given += share;
    return share;
  });
}
