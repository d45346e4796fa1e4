/** The part of a model that tells which one it is. */
export interface AiSdkModel {
  readonly provider: string;
  readonly modelId: string;
  /** `'v3'` for AI SDK 6, `'v4'` for AI SDK 7. */
  readonly specificationVersion?: string | undefined;
}

/** A call of a model, as middleware sees it. */
export interface AiSdkCall {
  /** The prompt and all settings, or the values to embed. */
  readonly params: object;
  readonly model: AiSdkModel;
}

export type Fields = Readonly<Record<string, unknown>>;

export function recordOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
}
