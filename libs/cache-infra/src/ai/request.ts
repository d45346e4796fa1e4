/** Fields of a request that mean something to this library. */
export interface AiRequestFields {
  readonly model?: unknown;
  /** Whose answer this is. Requests of different tenants never share one. */
  readonly tenant?: unknown;
  /** Raise it when a prompt template changes. */
  readonly promptVersion?: unknown;
}

/**
 * A request to a model: an object with whatever decides the answer. All of it is in the key, less `ignoredRequestFields`.
 * `model`, `tenant` and `promptVersion` can also be named in `invalidate`.
 */
export type AiRequest = AiRequestFields & (object | Readonly<Record<string, unknown>>);
