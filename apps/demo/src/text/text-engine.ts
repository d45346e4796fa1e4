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
  /** The tokens that the response cost, if the engine counts them. */
  usage?: TokenUsage | undefined;
  /** The finish reason, if the engine reports one: `'stop'`, `'length'`, … */
  finishReason?: string | undefined;
}

export interface TokenUsage {
  inputTokens: number;
  outputTokens: number;
}

/** An analyser of English text. The application injects this class and receives the configured engine. */
export abstract class TextEngine {
  abstract readonly name: string;
  /** The models that a request may name; the first is the default. */
  abstract readonly models: readonly [string, ...string[]];

  /** @throws TextEngineError when the engine fails */
  abstract analyze<O extends Operation>(request: TextRequest<O>, signal: AbortSignal): Promise<TextAnswer<O>>;
}

/** Why an engine failed: timeout, unreachable server, refusal, or an invalid response. */
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
