/** Fields of a request with a meaning for the cache. */
export interface AiRequestFields {
  readonly model?: unknown;
  /** The owner of the answer. Requests of different tenants never share answers. */
  readonly tenant?: unknown;
  /** Version of the prompt template. Change it with the template. */
  readonly promptVersion?: unknown;
}

/**
 * A request to a model: an object with everything that determines the answer. Its key covers all fields except
 * transport objects and the fields of the setting `ignored`. `invalidate` can select by `model`, `tenant` and
 * `promptVersion`.
 */
export type AiRequest = AiRequestFields & (object | Readonly<Record<string, unknown>>);
