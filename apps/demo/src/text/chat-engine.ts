import type { TokenUsage } from './text-engine.js';

export interface ChatQuestion {
  /** One of the engine's `models`. */
  model: string;
  /** The instructions of the model. */
  system: string;
  question: string;
}

/** The facts of an answer that are known at its end. */
export interface ChatEnd {
  /** Undefined if the engine does not count tokens. */
  usage: TokenUsage | undefined;
  /** `'stop'` for a complete answer. `null` if the stream ended without a reason. */
  finishReason: string | null;
  /** The model that answered. */
  model: string;
}

/** Answers questions token by token. The application injects this class and receives the configured engine. */
export abstract class ChatEngine {
  abstract readonly name: string;
  /** The models that a request may name; the first is the default. */
  abstract readonly models: readonly [string, ...string[]];

  /**
   * The tokens of an answer. An aborted `signal` ends the work.
   *
   * @throws TextEngineError when the engine fails
   */
  abstract answer(question: ChatQuestion, signal: AbortSignal): AsyncGenerator<string, ChatEnd, void>;
}
