import { createOpenAICompatible as providerFor6 } from '@ai-sdk/openai-compatible';
import * as sdk6 from 'ai';
import * as sdk7 from 'ai-7';
import { createOpenAICompatible as providerFor7 } from 'ai-sdk-openai-compatible-3';
import type { AiSdkCache } from 'nestjs-cache-infra/ai-sdk';

export interface Answered {
  readonly text: string;
  readonly finishReason: string;
  readonly toolCalls: readonly { readonly toolName: string; readonly input: unknown }[];
  readonly response: {
    readonly timestamp?: Date;
    readonly headers?: Readonly<Record<string, string>> | undefined;
  };
  readonly usage: { readonly inputTokens?: number | undefined; readonly outputTokens?: number | undefined };
}

/** A major version of the AI SDK with its OpenAI-compatible provider and the cache, in one shape. */
export interface AiSdk {
  readonly name: string;
  generate(prompt: string, options?: object): Promise<Answered>;
  /** Reads a stream to its end. */
  stream(prompt: string, options?: object): Promise<Answered & { readonly chunks: readonly string[] }>;
  /** The text of a stream, chunk by chunk. */
  textStream(prompt: string, options?: object): AsyncIterable<string>;
  embed(values: string[], options?: object): Promise<{ embeddings: number[][]; usage: { tokens: number } }>;
}

/** The SDK with middleware on models of a provider at `baseURL`. */
export type MakeSdk = (baseURL: string, middleware: AiSdkCache, modelId?: string) => AiSdk;

Object.assign(globalThis, { AI_SDK_LOG_WARNINGS: false });

const settings = (baseURL: string) => ({ name: 'stub', apiKey: 'sk-test', baseURL, includeUsage: true });
const quiet = { maxRetries: 0, onError: () => undefined };

export const makeSdk6: MakeSdk = (baseURL, middleware, modelId = 'small') => {
  const provider = providerFor6(settings(baseURL));
  const model = sdk6.wrapLanguageModel({ model: provider.chatModel(modelId), middleware });
  const embedder = sdk6.wrapEmbeddingModel({ model: provider.embeddingModel('embed'), middleware });
  const textStream = (prompt: string, options?: object) =>
    sdk6.streamText({ ...quiet, model, prompt, ...options }).textStream;
  return {
    name: 'AI SDK 6',
    generate: (prompt, options) => sdk6.generateText({ ...quiet, model, prompt, ...options }),
    stream: async (prompt, options) => {
      const result = sdk6.streamText({ ...quiet, model, prompt, ...options });
      return ended(result);
    },
    textStream,
    embed: (values, options) => sdk6.embedMany({ ...quiet, model: embedder, values, ...options }),
  };
};

export const makeSdk7: MakeSdk = (baseURL, middleware, modelId = 'small') => {
  const provider = providerFor7(settings(baseURL));
  const model = sdk7.wrapLanguageModel({ model: provider.chatModel(modelId), middleware });
  const embedder = sdk7.wrapEmbeddingModel({ model: provider.embeddingModel('embed'), middleware });
  const textStream = (prompt: string, options?: object) =>
    sdk7.streamText({ ...quiet, model, prompt, ...options }).textStream;
  return {
    name: 'AI SDK 7',
    generate: (prompt, options) => sdk7.generateText({ ...quiet, model, prompt, ...options }),
    stream: async (prompt, options) => ended(sdk7.streamText({ ...quiet, model, prompt, ...options })),
    textStream,
    embed: (values, options) => sdk7.embedMany({ ...quiet, model: embedder, values, ...options }),
  };
};

/** A result of `streamText` of both versions. */
interface Streaming {
  readonly textStream: AsyncIterable<string>;
  readonly text: PromiseLike<string>;
  readonly finishReason: PromiseLike<string>;
  readonly toolCalls: PromiseLike<Answered['toolCalls']>;
  readonly response: PromiseLike<Answered['response']>;
  readonly usage: PromiseLike<Answered['usage']>;
}

async function ended(streaming: Streaming): Promise<Answered & { chunks: string[] }> {
  const chunks: string[] = [];
  for await (const chunk of streaming.textStream) chunks.push(chunk);
  const { text, finishReason, toolCalls, response, usage } = streaming;
  return {
    chunks,
    text: await text,
    finishReason: await finishReason,
    toolCalls: await toolCalls,
    response: await response,
    usage: await usage,
  };
}
