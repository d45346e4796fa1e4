import {
  AiCacheService,
  type AiCacheControl,
  type AiStreamContext,
  type AiStreamFacts,
} from '../ai/index.js';
import { assertOptions, type Check } from '../base/checks.js';
import { ValidationError } from '../base/errors.js';
import { describeValue } from '../base/redact.js';
import { recordOf, type AiSdkCall, type AiSdkModel, type Fields } from './call.js';
import { embeddingsOf } from './embeddings.js';
import { factsOf, shape, stored, type Part, type Result } from './parts.js';
import { readableOf } from './readable.js';
import { dependsOnServer, requestOf } from './request.js';

/** Options of one call. */
export type AiSdkControl = Omit<AiCacheControl, 'signal' | 'shape'>;

export interface AiSdkCacheOptions {
  /** The operation of the answers, or a function that names it. Default `'ai-sdk'`; of embeddings `'ai-sdk-embed'`. */
  readonly operation?: string | ((call: AiSdkCall) => string) | undefined;
  /** The owner of the answers, or a function that returns it for each call. Default: none. */
  readonly tenant?: unknown;
  /** Version of the prompts, a part of every key. Default: none. */
  readonly promptVersion?: string | number | undefined;
  /** Options of each call, or a function that returns them: ttl, tags, noCache, … Default: those of the operation. */
  readonly control?: AiSdkControl | ((call: AiSdkCall) => AiSdkControl | undefined) | undefined;
}

const textOrFunction: Check = (value) =>
  typeof value === 'function' || (typeof value === 'string' && value !== '')
    ? undefined
    : 'must be a non-empty string or a function';
const checks = {
  operation: textOrFunction,
  tenant: () => undefined,
  promptVersion: (value: unknown) =>
    typeof value === 'string' || typeof value === 'number' ? undefined : 'must be a string or a number',
  control: (value: unknown) =>
    typeof value === 'function' || recordOf(value) !== undefined
      ? undefined
      : 'must be an object or a function',
};

/** A call of `wrapGenerate` or `wrapStream`, in the shape of both versions of the SDK. */
interface LanguageCall<R, S, P> {
  readonly params: P;
  readonly model: AiSdkModel & {
    doGenerate(params: P): PromiseLike<R>;
    doStream(params: P): PromiseLike<S>;
  };
}

/** A call of `wrapEmbed`. */
interface EmbeddingCall<R, P> {
  readonly params: P;
  readonly model: AiSdkModel & { doEmbed(params: P): PromiseLike<R> };
}

/** Middleware of AI SDK 6 and 7, for language models and embedding models. */
export interface AiSdkCache {
  /** Neither version of the SDK looks at it. */
  readonly specificationVersion: 'v3';
  wrapGenerate<R extends object, S extends object, P extends object>(call: LanguageCall<R, S, P>): Promise<R>;
  wrapStream<R extends object, S extends object, P extends object>(call: LanguageCall<R, S, P>): Promise<S>;
  wrapEmbed<R extends object, P extends { readonly values: readonly unknown[] }>(
    call: EmbeddingCall<R, P>,
  ): Promise<R>;
}

/**
 * Middleware that caches the models of the AI SDK 6 and 7:
 *
 * ```ts
 * const model = wrapLanguageModel({ model: openai('gpt-4o'), middleware: aiSdkCache(ai) });
 * const embedder = wrapEmbeddingModel({ model: openai.embeddingModel('small'), middleware: aiSdkCache(ai) });
 * ```
 *
 * `generateText` and `streamText` with equal requests share an answer; equal calls at a time share one model call. The
 * key has the model, its provider and all parameters. `response.headers['cache-status']` (RFC 9211) tells a hit from a
 * miss. Neither the body of a request nor headers of a response are stored. Truncated, filtered, empty and failed
 * answers are not stored. A call that continues a response or a conversation on the provider's server is not cached.
 *
 * Embeddings are cached value by value: one model call has the values that are missing, and `usage` counts only these.
 *
 * @throws ValidationError if `ai` is no AiCacheService, or an option is invalid
 */
export function aiSdkCache(ai: AiCacheService, options: AiSdkCacheOptions = {}): AiSdkCache {
  if (!(ai instanceof AiCacheService)) {
    throw new ValidationError(`ai must be an AiCacheService, got ${describeValue(ai)}`, 'aiSdkCache');
  }
  assertOptions('aiSdkCache', options, checks);
  const operationOf = (call: AiSdkCall, otherwise: string): string =>
    typeof options.operation === 'function' ? options.operation(call) : (options.operation ?? otherwise);
  const prepared = (call: AiSdkCall): { request: Fields; control: AiCacheControl } => {
    const { tenant, promptVersion, control } = options;
    const owner: unknown = typeof tenant === 'function' ? Reflect.apply(tenant, undefined, [call]) : tenant;
    const own = typeof control === 'function' ? control(call) : control;
    const { abortSignal: signal } = call.params as { readonly abortSignal?: AbortSignal };
    const bypass = dependsOnServer(call) ? { bypass: true, refresh: undefined, noCache: undefined } : {};
    return {
      request: { ...requestOf(call), tenant: owner, promptVersion },
      control: { ...own, signal, ...bypass },
    };
  };

  return {
    specificationVersion: 'v3',

    async wrapGenerate<R extends object, S, P extends object>(call: LanguageCall<R, S, P>): Promise<R> {
      const { request, control } = prepared(call);
      let own: R | undefined;
      const { value, cacheStatus } = await ai.run<Result>(
        operationOf(call, 'ai-sdk'),
        request,
        async (ctx) => {
          // The signal of the flight: this caller may leave while others wait for the answer.
          own = await call.model.doGenerate({ ...call.params, abortSignal: ctx.signal });
          const result = stored(own as object as Result);
          const { isTransient, ...facts } = factsOf(result);
          if (isTransient) ctx.skipStore();
          return { value: result, ...facts };
        },
        { ...control, shape },
      );
      return withStatus(own ?? value, cacheStatus) as R;
    },

    async wrapStream<R, S extends object, P extends object>(call: LanguageCall<R, S, P>): Promise<S> {
      const { request, control } = prepared(call);
      let own: Fields | undefined;
      const produce = async function* (ctx: AiStreamContext): AsyncGenerator<Part, AiStreamFacts> {
        own = (await call.model.doStream({ ...call.params, abortSignal: ctx.signal })) as Fields;
        const parts: Part[] = [];
        for await (const part of own['stream'] as AsyncIterable<Part>) {
          parts.push(part);
          yield part;
        }
        const { isTransient, ...facts } = factsOf(shape.join(parts));
        if (isTransient) ctx.skipStore();
        const hasFailed = parts.some(({ type }) => type === 'error');
        return hasFailed ? { ...facts, finishReason: 'error' } : facts;
      };
      const stream = ai.stream<Part>(operationOf(call, 'ai-sdk'), request, produce, { ...control, shape });
      const { includeRawChunks } = call.params as { readonly includeRawChunks?: boolean };
      const isWanted = ({ type }: Part): boolean => type !== 'raw' || includeRawChunks === true;
      const readable = await readableOf(stream, isWanted);
      const { cacheStatus } = await stream.status;
      return withStatus({ ...own, stream: readable }, cacheStatus) as S;
    },

    async wrapEmbed<R, P extends { readonly values: readonly unknown[] }>(
      call: EmbeddingCall<R, P>,
    ): Promise<R> {
      const { request: whole, control } = prepared(call);
      const { values: _, ...request } = whole;
      const result = await embeddingsOf(ai, {
        ...{ operation: operationOf(call, 'ai-sdk-embed'), request, values: call.params.values, control },
        embed: (values, abortSignal) =>
          call.model.doEmbed({ ...call.params, values, abortSignal }) as PromiseLike<Fields>,
      });
      return result as R;
    },
  };
}

/** Adds a header for the caller; it is not stored. */
function withStatus(result: object, cacheStatus: string): object {
  const response = recordOf((result as Fields)['response']);
  const headers = { ...recordOf(response?.['headers']), 'cache-status': cacheStatus };
  return { ...result, response: { ...response, headers } };
}
