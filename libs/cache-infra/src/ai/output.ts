/** Tokens that a call took. */
export interface AiUsage {
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
}

/** What `produce` makes. */
export interface AiOutput<T> {
  readonly value: T;
  readonly usage?: AiUsage | undefined;
  /** As the provider says it. Answers that did not finish (`'length'`, `'content_filter'`, …) are not stored. */
  readonly finishReason?: string | null | undefined;
  /** HTTP status of the provider. 400 and above is not stored. */
  readonly status?: number | undefined;
  /** The model that answered, where it has a name of its own (`gpt-4o-2024-08-06`). */
  readonly model?: string | undefined;
  /** Whether there is nothing in `value` worth keeping. Default: `null`, blank text, and collections without elements. */
  readonly empty?: boolean | undefined;
}
