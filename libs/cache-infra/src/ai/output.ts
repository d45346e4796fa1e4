/** Token usage of a call. */
export interface AiUsage {
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
}

/** The result of `produce`. */
export interface AiOutput<T> {
  readonly value: T;
  readonly usage?: AiUsage | undefined;
  /** Finish reason of the provider. Incomplete answers (`'length'`, `'content_filter'`, …) are not stored. */
  readonly finishReason?: string | null | undefined;
  /** HTTP status of the provider. Answers with 400 or above are not stored. */
  readonly status?: number | undefined;
  /** The model that answered, if it differs from the requested one (`gpt-4o-2024-08-06`). */
  readonly model?: string | undefined;
  /**
   * Whether `value` is empty; empty answers are not stored. Default: true for `null`, blank text and empty collections.
   */
  readonly empty?: boolean | undefined;
}
