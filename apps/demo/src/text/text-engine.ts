import type { Operation, OperationOptions, OperationResults } from './text.types.js';

export interface TextRequest<O extends Operation> {
  operation: O;
  text: string;
  /** One of the engine's `models`. */
  model: string;
  options: OperationOptions[O];
}

export interface TextAnswer<O extends Operation> {
  result: OperationResults[O];
  /** Tokens that the answer cost, where the engine counts them. */
  usage?: TokenUsage | undefined;
  /** Why the engine stopped, where it says so: `'stop'`, `'length'`, … */
  finishReason?: string | undefined;
}

export interface TokenUsage {
  inputTokens: number;
  outputTokens: number;
}

/** Something that can analyse English text. The application asks for this class and is given an engine. */
export abstract class TextEngine {
  abstract readonly name: string;
  /** Models that a request may name; the first is the default. */
  abstract readonly models: readonly [string, ...string[]];

  /** @throws TextEngineError when the engine cannot answer */
  abstract analyze<O extends Operation>(request: TextRequest<O>, signal: AbortSignal): Promise<TextAnswer<O>>;
}

/** Why an engine gave no answer: it took too long, could not be reached, refused, or answered something else. */
export type TextEngineFault = 'timeout' | 'unreachable' | 'refused' | 'bad-answer';

export class TextEngineError extends Error {
  constructor(
    readonly fault: TextEngineFault,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'TextEngineError';
  }
}
