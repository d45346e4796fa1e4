/** Token usage of a call. */
export interface AiUsage {
  /** All input tokens, cached ones included. */
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  /** Those of the input tokens that the provider read from its own prompt cache. */
  readonly cachedInputTokens?: number | undefined;
}

/** The finish reason in middleware of the AI SDK 6 and later. */
export interface AiFinishReason {
  readonly unified: string;
  readonly raw?: unknown;
}

/** The result of `produce`. */
export interface AiOutput<T> {
  readonly value: T;
  /**
   * Token usage, in the shape of OpenAI, Anthropic, Gemini, LangChain or the AI SDK, or as {@link AiUsage}. `null`, or
   * another shape, counts as none.
   */
  readonly usage?: AiUsage | object | null | undefined;
  /**
   * Finish reason of the provider. Incomplete answers (`'length'`, `'content_filter'`, …) are not stored, nor is an
   * answer with `null`, which providers send before the end. `undefined` = the provider tells none.
   */
  readonly finishReason?: string | AiFinishReason | null | undefined;
  /** HTTP status of the provider. Answers with 400 or above are not stored. */
  readonly status?: number | undefined;
  /** Evidence stored beside the answer, as `ctx.evidence()`: for `batch` and `warm`, which have no such context. */
  readonly evidence?: unknown;
  /** The model that answered, if it differs from the requested one (`gpt-4o-2024-08-06`). */
  readonly model?: string | undefined;
  /**
   * Whether `value` is empty; empty answers are not stored. Default: true for `null`, blank text and empty collections.
   */
  readonly empty?: boolean | undefined;
}
